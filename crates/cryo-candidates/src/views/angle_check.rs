use std::fmt;

use cryo_core::{ParticleSet, Progress, TiltGeometry, TiltSeries};
use rayon::prelude::*;

use super::{
    angle_reading::AngleReading,
    angle_score::{BlobImages, Reading},
    check,
};
use crate::error::{Error, require};

/// How the angles of a tilt series are tested against its images.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TiltAngleParams {
    /// Standard deviation of the narrower of two Gaussians whose difference is looked at, 0.5 to 100 pixels;
    /// 3 by default, a quarter of the diameter of a particle of 120 Å at 10 Å. The wider one is twice as wide.
    /// Anything from an eighth to half of the diameter does.
    pub sigma_px: f64,
    /// Largest angle of the tilts that are compared, above 0, at most 90°; 15° by default. Raising it tells
    /// readings apart better, until the particle looks different.
    pub max_angle_deg: f64,
    /// How many standard errors one reading must be ahead of another, above 0; 5 by default, because
    /// neighbouring candidates are not independent.
    pub least_t: f64,
}

impl Default for TiltAngleParams {
    fn default() -> Self {
        Self {
            sigma_px: 3.0,
            max_angle_deg: 15.0,
            least_t: 5.0,
        }
    }
}

/// Fewest candidates and tilts that say anything.
const LEAST_CANDIDATES: usize = 8;
const LEAST_TILTS: usize = 3;

impl TiltAngleParams {
    /// Nothing if all fields are in their ranges.
    ///
    /// # Errors
    /// [`Error::Parameter`] with the first field that is not.
    pub fn validate(&self) -> Result<(), Error> {
        let sigma = self.sigma_px;
        let rule = "expected 0.5 to 100 pixels";
        require((0.5..=100.0).contains(&sigma), "sigma_px", sigma, rule)?;
        let angle = self.max_angle_deg;
        let rule = "expected an angle above 0, at most 90°";
        require(angle > 0.0 && angle <= 90.0, "max_angle_deg", angle, rule)?;
        let least = self.least_t;
        let rule = "expected a finite number above 0";
        require(least.is_finite() && least > 0.0, "least_t", least, rule)
    }
}

/// How well another reading of the angles explains the images.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReadingScore {
    /// The reading.
    pub reading: AngleReading,
    /// Mean contrast of the candidates under it, as of [`TiltAngleCheck`].
    pub contrast: f64,
    /// By how many standard errors it is ahead of the given one; negative if it is behind.
    pub t: f64,
}

/// What the images say of the angles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TiltVerdict {
    /// The given angles explain the images better than every other reading.
    Confirmed,
    /// Another reading explains them better.
    Contradicted {
        /// The best.
        better: AngleReading,
    },
    /// The images do not tell: too few or too shallow candidates, or too much noise.
    Undecided,
}

/// A comparison of the given angles with other readings of them.
#[derive(Debug, Clone, PartialEq)]
pub struct TiltAngleCheck {
    /// The outcome.
    pub verdict: TiltVerdict,
    /// Mean contrast of the candidates under the angles as given, in standard deviations of the filtered
    /// images; positive whether particles are dark or bright.
    pub contrast: f64,
    /// The other readings that differ from the given one, the best first.
    pub others: Vec<ReadingScore>,
    /// Candidates that were compared.
    pub candidates: usize,
    /// Tilts that were compared.
    pub tilts: usize,
}

impl fmt::Display for TiltAngleCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (candidates, tilts) = (self.candidates, self.tilts);
        match self.verdict {
            TiltVerdict::Confirmed => write!(f, "the tilt angles agree with the images")?,
            TiltVerdict::Contradicted { better } => {
                write!(f, "{better} explain the tilt images better than as given")?;
            }
            TiltVerdict::Undecided => {
                write!(
                    f,
                    "the tilt images do not tell whether their angles are right"
                )?;
            }
        }
        write!(f, ": contrast {:.2} as given", self.contrast)?;
        for other in &self.others {
            write!(
                f,
                ", {:.2} for {} (t = {:.1})",
                other.contrast, other.reading, other.t
            )?;
        }
        write!(f, "; {candidates} candidates, {tilts} tilts")
    }
}

/// Whether the tilt angles fit the images: their order and sign, where candidates above and below the middle
/// tell them apart.
///
/// Under the right geometry there is a blob at every projected candidate. The images are filtered by a
/// difference of Gaussians; the contrast of a candidate is the mean over the low tilts at its projections, for
/// the angles as given and for other readings of them ([`AngleReading`]); the mean difference over the
/// candidates is compared with its standard error. A candidate `dz` above the rotation centre is missed by
/// `2 dz sin θ` if the sign is wrong, so depth is needed. The positions must be of the tomogram that the series
/// gave; those that a low tilt does not see are not used.
///
/// Which sign particles have is taken from the images, all readings together. (Correlating the crops of one
/// candidate with each other does not decide: in a crowded specimen the mirrored depth is as full, and its crops
/// agree as well.)
///
/// # Errors
/// [`Error::Parameter`], [`Error::Tilt`], [`Error::Empty`], [`Error::NotFinite`],
/// [`Error::NonFinitePosition`]; [`Error::TooFew`] below 3 low tilts or 8 candidates; [`Error::Cancelled`].
///
/// # Examples
/// ```
/// use cryo_candidates::{TiltAngleParams, TiltVerdict, check_tilt_angles};
/// use cryo_core::{Particle, ParticleSet, TiltSeries, TiltSign, VoxelPos};
/// use cryo_fixtures::{Body, Outside, PhantomBuilder, PhantomParams, project};
///
/// let mut builder = PhantomBuilder::new(PhantomParams::new([64, 90, 100], 10.0))?;
/// builder.scatter("blob", Body::Sphere { radius_vox: 4.0 }, 40)?;
/// let phantom = builder.build(&())?;
/// let angles: Vec<f64> = (-5..=5).map(|i| 3.0 * f64::from(i)).collect();
/// let series = project(&phantom.volume, &angles, TiltSign::Positive, Outside::Empty, &())?;
///
/// let params = TiltAngleParams::default();
/// let check = check_tilt_angles(&series, &phantom.truth, &params, &())?;
/// assert_eq!(check.verdict, TiltVerdict::Confirmed, "{check}");
///
/// let (images, mut geometry) = series.into_parts();
/// geometry.sign = TiltSign::Negative;
/// let check = check_tilt_angles(&TiltSeries::new(images, geometry)?, &phantom.truth, &params, &())?;
/// assert!(matches!(check.verdict, TiltVerdict::Contradicted { .. }), "{check}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn check_tilt_angles(
    series: &TiltSeries,
    particles: &ParticleSet,
    params: &TiltAngleParams,
    progress: &dyn Progress,
) -> Result<TiltAngleCheck, Error> {
    params.validate()?;
    check::geometry(series.geometry())?;
    check::positions(particles)?;
    let (tilts, height, width) = series.images().dim();
    let packed = series.images().as_standard_layout();
    let values = packed.as_slice().unwrap_or_default();
    check::values("tilt series", values, [tilts, height, width])?;

    let readings = readings(series.geometry(), params.max_angle_deg)?;
    progress.begin("checking tilt angles", 1);
    let images = BlobImages::new(series, params.sigma_px)?;
    if progress.is_cancelled() {
        return Err(Error::Cancelled);
    }
    let score = |position| {
        let readings = readings.iter();
        let scores = readings.map(|(_, reading)| images.score(reading, &particles.grid, position));
        scores.collect::<Option<Vec<f64>>>()
    };
    let scores: Vec<Vec<f64>> = (particles.items.par_iter())
        .filter_map(|particle| score(particle.position))
        .collect();
    if scores.len() < LEAST_CANDIDATES {
        return Err(Error::TooFew {
            what: "candidates that all low tilts see",
            expected: LEAST_CANDIDATES,
            got: scores.len(),
        });
    }
    progress.advance(1);
    Ok(judge(&readings, &scores, params.least_t))
}

type Named = (AngleReading, Reading);

/// The given reading and all that differ from it.
fn readings(given: &TiltGeometry, max_angle_deg: f64) -> Result<Vec<Named>, Error> {
    let signed = |geometry: &TiltGeometry| -> Vec<f64> {
        let factor = geometry.sign.factor();
        let angles = geometry.tilts.iter();
        angles.map(|tilt| factor * tilt.angle_deg).collect()
    };
    let own = signed(given);
    let mut readings = Vec::new();
    for reading in std::iter::once(AngleReading::Given).chain(AngleReading::OTHERS) {
        let geometry = reading.apply(given);
        let same = signed(&geometry)
            .iter()
            .zip(&own)
            .all(|(a, b)| (a - b).abs() < 0.01);
        if same && reading != AngleReading::Given {
            continue;
        }
        let low = geometry.tilts.iter().enumerate();
        let low: Vec<usize> = low
            .filter(|(_, tilt)| tilt.angle_deg.abs() <= max_angle_deg)
            .map(|(number, _)| number)
            .collect();
        if low.len() < LEAST_TILTS {
            return Err(Error::TooFew {
                what: "tilts within the window",
                expected: LEAST_TILTS,
                got: low.len(),
            });
        }
        readings.push((reading, Reading { geometry, low }));
    }
    Ok(readings)
}

fn judge(readings: &[Named], scores: &[Vec<f64>], least_t: f64) -> TiltAngleCheck {
    let n = scores.len() as f64;
    let mean_of = |column: usize| scores.iter().map(|row| row[column]).sum::<f64>() / n;
    let all: f64 = (0..readings.len()).map(mean_of).sum();
    let polarity = if all < 0.0 { -1.0 } else { 1.0 };
    let mut others: Vec<ReadingScore> = (1..readings.len())
        .map(|column| ReadingScore {
            reading: readings[column].0,
            contrast: polarity * mean_of(column),
            t: polarity * paired_t(scores, column),
        })
        .collect();
    others.sort_by(|a, b| b.contrast.total_cmp(&a.contrast));
    let better = others.iter().find(|other| other.t >= least_t);
    let confirmed = !others.is_empty() && others.iter().all(|other| other.t <= -least_t);
    let verdict = match better {
        Some(other) => TiltVerdict::Contradicted {
            better: other.reading,
        },
        None if confirmed => TiltVerdict::Confirmed,
        None => TiltVerdict::Undecided,
    };
    TiltAngleCheck {
        verdict,
        contrast: polarity * mean_of(0),
        others,
        candidates: scores.len(),
        tilts: readings[0].1.low.len(),
    }
}

/// Mean difference of a column from the first one over its standard error; 0 where nothing differs.
fn paired_t(scores: &[Vec<f64>], column: usize) -> f64 {
    let n = scores.len() as f64;
    let differences = scores.iter().map(|row| row[column] - row[0]);
    let mean = differences.clone().sum::<f64>() / n;
    let squares = differences.map(|difference| (difference - mean).powi(2));
    let error = (squares.sum::<f64>() / (n - 1.0) / n).sqrt();
    if error > 0.0 { mean / error } else { 0.0 }
}
