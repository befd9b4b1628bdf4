use crate::{Error, Polarity, PreprocessParams};

/// Sizes that are looked for.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Scales {
    /// Diameters of particles in ångström, each a level of the pyramid. A ball of radius r answers strongest to a Gaussian of
    /// r/√3; a level takes the two that lie a factor of √1.6 below and above (Lindeberg 1998, doi 10.1023/A:1008045108935; Marr & Hildreth's ratio).
    Diameters(Vec<f64>),
    /// Widths of Gaussians in voxels, rising; each neighbouring pair is a level (`milopyp-spec` C).
    Sigmas(Vec<f64>),
}

/// The voxels that a maximum must exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Neighbourhood {
    /// The 26 around it.
    Volume,
    /// The eight of its plane, as the reference code.
    Plane,
}

/// What a candidate's score must exceed.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Threshold {
    /// The mean of the positive maxima that suppression leaves plus so many of their standard deviations. Supposes that most of them are noise.
    AboveKept(f64),
    /// The same over all positive maxima, before suppression (`milopyp-spec` C.6).
    AboveMaxima(f64),
    /// A score.
    Score(f32),
}

/// What is looked for and what is left out.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct CandidateParams {
    /// Denoising and contrast.
    pub preprocess: PreprocessParams,
    /// Whether particles are dark or bright.
    pub polarity: Polarity,
    /// Sizes.
    pub scales: Scales,
    /// Diameters of hollow particles (capsids, vesicles, virus-like particles) in ångström, each one more level. A spherical wall that is smoothed by more
    /// than its radius over √3 becomes one blob; the level's narrower Gaussian is 0.65 of the radius.
    pub hollow_diameters_angstrom: Vec<f64>,
    /// Divide every level by its standard deviation, so that large and small particles compete on equal terms and a score
    /// is a number of standard deviations.
    pub normalize_levels: bool,
    /// What a maximum must exceed.
    pub neighbourhood: Neighbourhood,
    /// Least distance of two candidates in voxels; `None` takes 0.6 of the smallest diameter. Raising it gives fewer.
    pub min_distance_vox: Option<f64>,
    /// Least score.
    pub threshold: Threshold,
    /// Voxels along `[z, y, x]` at either end in which no candidate may lie. The volume is reflected at its ends, so none are needed.
    pub margin_vox: [usize; 3],
    /// Planes at the top and bottom whose structure, less noise, is below this share of the middle's are taken for empty and left out; 0 keeps all.
    pub empty_below: f64,
    /// Candidates whose score exceeds this many times the median of those above the threshold are left out as gold beads, 1 or more; 5 is a good
    /// value for tomograms with beads (gold's mean inner potential is ten times that of protein). Infinite keeps all, which is the default: in a
    /// denoised tomogram with few particles these stand out as much.
    pub gold_ratio: f64,
    /// Largest ratio of the strongest to the weakest curvature of a maximum. A carbon edge or a flat membrane has a large one (10 is a usual limit);
    /// so have noise and particles along the missing wedge (median 4, 95 % below 12 on simulated tomograms), so all are kept by default (infinite).
    pub max_elongation: f64,
    /// The best so many; `None` is all.
    pub max_count: Option<usize>,
}

impl Default for CandidateParams {
    /// Compact particles of 100 to 300 Å, dark.
    fn default() -> Self {
        Self {
            preprocess: PreprocessParams::default(),
            polarity: Polarity::DarkParticles,
            scales: Scales::Diameters(vec![110.0, 176.0, 280.0]),
            hollow_diameters_angstrom: Vec::new(),
            normalize_levels: true,
            neighbourhood: Neighbourhood::Volume,
            min_distance_vox: None,
            threshold: Threshold::AboveKept(0.5),
            margin_vox: [0; 3],
            empty_below: 0.05,
            gold_ratio: f64::INFINITY,
            max_elongation: f64::INFINITY,
            max_count: None,
        }
    }
}

impl CandidateParams {
    /// The paper's: denoising and equalization, two sigmas, maxima in three dimensions, mean plus half a standard deviation.
    #[must_use]
    pub fn paper() -> Self {
        Self {
            preprocess: PreprocessParams::paper(),
            scales: Scales::Sigmas(vec![2.5, 5.0]),
            normalize_levels: false,
            min_distance_vox: Some(7.0),
            threshold: Threshold::AboveMaxima(0.5),
            empty_below: 0.0,
            ..Self::default()
        }
    }

    /// The reference code's with `--dog 3,5 --gauss 0.8`, its fixed margins of 10 planes and 30 pixels included (`milopyp-spec` C).
    #[must_use]
    pub fn cet_pick() -> Self {
        Self {
            preprocess: PreprocessParams::cet_pick(),
            scales: Scales::Sigmas(vec![3.0, 5.0]),
            neighbourhood: Neighbourhood::Plane,
            margin_vox: [10, 30, 30],
            ..Self::paper()
        }
    }

    /// # Errors
    ///
    /// [`Error::Parameter`] with the field, its value and its rule.
    pub fn validate(&self) -> Result<(), Error> {
        let parameter = |name, got, rule| Err(Error::Parameter { name, got, rule });
        self.preprocess.validate()?;
        match &self.scales {
            Scales::Diameters(list)
                if list.is_empty() && self.hollow_diameters_angstrom.is_empty() =>
            {
                return parameter("scales", 0.0, "expected at least one diameter");
            }
            Scales::Diameters(list) => positive("scales: diameter", list)?,
            Scales::Sigmas(list) => {
                positive("scales: sigma", list)?;
                if list.len() < 2 || list.windows(2).any(|pair| pair[0] >= pair[1]) {
                    return parameter(
                        "scales: number of sigmas",
                        list.len() as f64,
                        "expected two or more, rising",
                    );
                }
            }
        }
        positive("hollow_diameters_angstrom", &self.hollow_diameters_angstrom)?;
        if let Some(distance) = self.min_distance_vox
            && !(0.0..=1e4).contains(&distance)
        {
            return parameter("min_distance_vox", distance, "expected 0 to 10000 voxels");
        }
        if let Threshold::AboveKept(factor) | Threshold::AboveMaxima(factor) = self.threshold
            && !factor.is_finite()
        {
            return parameter("threshold", factor, "expected finite");
        }
        if matches!(self.threshold, Threshold::Score(score) if score.is_nan()) {
            return parameter("threshold", f64::NAN, "expected a number");
        }
        if !(0.0..1.0).contains(&self.empty_below) {
            return parameter(
                "empty_below",
                self.empty_below,
                "expected 0 up to, not including, 1",
            );
        }
        if self.gold_ratio.is_nan() || self.gold_ratio < 1.0 {
            return parameter("gold_ratio", self.gold_ratio, "expected 1 or more");
        }
        if self.max_elongation.is_nan() || self.max_elongation < 1.0 {
            return parameter("max_elongation", self.max_elongation, "expected 1 or more");
        }
        Ok(())
    }
}

fn positive(name: &'static str, values: &[f64]) -> Result<(), Error> {
    let rule = "expected above 0 and finite";
    match values
        .iter()
        .find(|&&value| !(value > 0.0 && value.is_finite()))
    {
        Some(&got) => Err(Error::Parameter { name, got, rule }),
        None => Ok(()),
    }
}
