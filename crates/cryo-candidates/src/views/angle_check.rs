use std::fmt;

use cryo_core::{ParticleSet, Progress, TiltGeometry, TiltSeries, VoxelPos};
use cryo_filters::{GaussianParams, gaussian};
use rayon::prelude::*;

use super::{
    angle_reading::AngleReading,
    angle_score::{Reading, Scorer},
    check,
    options::BoxSize,
};
use crate::error::{Error, require};

/// How the angles of a tilt series are tested against its images.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TiltAngleParams {
    /// Edge of the squares that are compared; 36 pixels by default, a little more than a ribosome at 10 Å.
    pub size: BoxSize,
    /// Largest angle of the tilts that are compared, above 0, at most 90°; 15° by default. Raising it tells
    /// readings apart better, until the particle looks different.
    pub max_angle_deg: f64,
    /// Standard deviation of the Gaussian that smooths the images first, from 0; 2 pixels by default.
    pub smooth_px: f64,
    /// Candidates that are compared at most, at least 8, spread evenly over the set; 500 by default.
    pub max_candidates: usize,
    /// How many standard errors one reading must be ahead of another, above 0; 5 by default, because
    /// neighbouring candidates are not independent.
    pub least_t: f64,
}

impl Default for TiltAngleParams {
    fn default() -> Self {
        Self {
            size: BoxSize::Pixels(36),
            max_angle_deg: 15.0,
            smooth_px: 2.0,
            max_candidates: 500,
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
        let angle = self.max_angle_deg;
        let rule = "expected an angle above 0, at most 90°";
        require(angle > 0.0 && angle <= 90.0, "max_angle_deg", angle, rule)?;
        let smooth = self.smooth_px;
        let rule = "expected 0 to 100 pixels";
        require((0.0..=100.0).contains(&smooth), "smooth_px", smooth, rule)?;
        let most = self.max_candidates;
        let rule = "expected at least 8";
        require(
            most >= LEAST_CANDIDATES,
            "max_candidates",
            most as f64,
            rule,
        )?;
        let least = self.least_t;
        let rule = "expected a finite number above 0";
        let valid = least.is_finite() && least > 0.0;
        require(valid, "least_t", least, rule)
    }
}

/// How well another reading of the angles explains the images.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReadingScore {
    /// The reading.
    pub reading: AngleReading,
    /// Mean correlation under it, −1 to 1.
    pub correlation: f64,
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
    /// Mean correlation under the angles as given, −1 to 1.
    pub correlation: f64,
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
        write!(f, ": correlation {:.3} as given", self.correlation)?;
        for other in &self.others {
            write!(
                f,
                ", {:.3} for {} (t = {:.1})",
                other.correlation, other.reading, other.t
            )?;
        }
        write!(f, "; {candidates} candidates, {tilts} tilts")
    }
}

/// Whether the tilt angles fit the images: their order and sign, where candidates above and below the middle
/// tell them apart.
///
/// Under the right geometry, the squares about a candidate in the low tilts show one thing. Each is correlated
/// with the sum of all others, for the angles as given and for other readings of them ([`AngleReading`]), on
/// the same candidates; the mean difference is compared with its standard error. A candidate `dz` above the
/// rotation centre moves by `2 dz sin θ` if the sign is wrong, so depth is needed, and a candidate is only used
/// if all its squares lie inside of the images. The positions must be of the tomogram that the series gave.
///
/// # Errors
/// [`Error::Parameter`], [`Error::Tilt`], [`Error::Empty`], [`Error::NotFinite`],
/// [`Error::NonFinitePosition`]; [`Error::TooFew`] below 3 low tilts or 8 candidates; [`Error::Cancelled`].
///
/// # Examples
/// ```
/// use cryo_candidates::{BoxSize, TiltAngleParams, TiltVerdict, check_tilt_angles};
/// use cryo_core::{Particle, ParticleSet, TiltSeries, TiltSign, VoxelPos};
/// use cryo_fixtures::{Body, Outside, PhantomBuilder, PhantomParams, project};
///
/// let mut builder = PhantomBuilder::new(PhantomParams::new([64, 90, 100], 10.0))?;
/// builder.scatter("blob", Body::Sphere { radius_vox: 4.0 }, 40)?;
/// let phantom = builder.build(&())?;
/// let angles: Vec<f64> = (-5..=5).map(|i| 3.0 * f64::from(i)).collect();
/// let series = project(&phantom.volume, &angles, TiltSign::Positive, Outside::Empty, &())?;
///
/// let params = TiltAngleParams { size: BoxSize::Pixels(16), ..TiltAngleParams::default() };
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
    let size = params.size.pixels(series.geometry().pixel_size_angstrom)?;
    let (tilts, height, width) = series.images().dim();
    let shape = [tilts, height, width];
    let packed = series.images().as_standard_layout();
    check::values("tilt series", packed.as_slice().unwrap_or_default(), shape)?;

    let readings = readings(series.geometry(), params.max_angle_deg)?;
    let smoothing = GaussianParams::in_plane(params.smooth_px);
    let smooth = gaussian(series.images().view(), &smoothing)?;
    let scorer = Scorer {
        images: smooth.as_slice().unwrap_or_default(),
        shape,
        size,
    };
    let compared = compared(&scorer, &readings, particles, params.max_candidates)?;
    progress.begin("checking tilt angles", compared.len() as u64);
    let scores: Result<Vec<Vec<f64>>, Error> = compared
        .par_iter()
        .map(|&position| {
            if progress.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let score =
                |(_, reading): &(_, Reading)| scorer.score(reading, &particles.grid, position);
            let scores = readings.iter().map(score).collect();
            progress.advance(1);
            Ok(scores)
        })
        .collect();
    Ok(judge(&readings, &scores?, params.least_t))
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

/// Positions that are seen whole under every reading, at most so many.
fn compared(
    scorer: &Scorer<'_>,
    readings: &[Named],
    particles: &ParticleSet,
    most: usize,
) -> Result<Vec<VoxelPos>, Error> {
    let positions = particles.items.iter().map(|particle| particle.position);
    let seen: Vec<VoxelPos> = positions
        .filter(|&position| {
            let mut readings = readings.iter();
            readings.all(|(_, reading)| scorer.sees(reading, &particles.grid, position))
        })
        .collect();
    if seen.len() < LEAST_CANDIDATES {
        return Err(Error::TooFew {
            what: "candidates that all low tilts see whole",
            expected: LEAST_CANDIDATES,
            got: seen.len(),
        });
    }
    let count = seen.len().min(most);
    let spread = (0..count).map(|number| seen[number * seen.len() / count]);
    Ok(spread.collect())
}

fn judge(readings: &[Named], scores: &[Vec<f64>], least_t: f64) -> TiltAngleCheck {
    let n = scores.len() as f64;
    let mean_of = |column: usize| scores.iter().map(|row| row[column]).sum::<f64>() / n;
    let correlation = mean_of(0);
    let mut others: Vec<ReadingScore> = (1..readings.len())
        .map(|column| ReadingScore {
            reading: readings[column].0,
            correlation: mean_of(column),
            t: paired_t(scores, column),
        })
        .collect();
    others.sort_by(|a, b| b.correlation.total_cmp(&a.correlation));
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
        correlation,
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
