use serde::{Deserialize, Serialize};

use crate::error::{Error, require};

/// How views are changed at random before the network sees them. Every change is on for all channels of a
/// view alike, and drawn anew for each view.
///
/// Values are those of normalized views: mean 0, standard deviation 1 over the data set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AugmentParams {
    /// Probability of mirroring left and right.
    pub flip_horizontal: f64,
    /// Probability of mirroring top and bottom.
    pub flip_vertical: f64,
    /// Probability of reversing the channels: mirrors along z where they are slices.
    pub flip_channels: f64,
    /// Turns by 0, 90, 180 or 270°, each as likely.
    pub quarter_turns: bool,
    /// Turns by up to that angle to either side, in degrees, 0 to 180. What is beyond the view is mirrored.
    pub rotation_deg: f64,
    /// Shifts by up to that many (binned) pixels along y and x.
    pub shift_px: f64,
    /// Random resized crop: smallest and largest part of the crop's area that is seen, above 0 to 4; the rest
    /// of the shift that it leaves is drawn, too. Above 1 shows surroundings.
    pub area: [f64; 2],
    /// Adds up to that much to a view, or takes it away.
    pub brightness: f64,
    /// Multiplies the differences from a view's mean by 1 − this to 1 + this; below 1.
    pub contrast: f64,
    /// Largest standard deviation of added white noise; each view draws its own.
    pub noise: f64,
    /// Corner dropout.
    pub erase: Option<Erase>,
}

/// Sets a rectangle near a corner to one value (spec E.4).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Erase {
    /// That a view is changed.
    pub probability: f64,
    /// Smallest and largest part of the view's area.
    pub area: [f64; 2],
    /// Smallest and largest ratio of height to width, drawn on a logarithmic scale.
    pub aspect: [f64; 2],
    /// Pixels about the centre, to each side, that stay.
    pub spared_px: f64,
    /// The value: 0, the mean of the data set, as the paper; the reference's code has white.
    pub value: f64,
}

impl Default for Erase {
    /// The reference's numbers and the paper's value.
    fn default() -> Self {
        Self {
            probability: 0.5,
            area: [0.01, 0.02],
            aspect: [0.5, 1.5],
            spared_px: 6.0,
            value: 0.0,
        }
    }
}

impl AugmentParams {
    /// Nothing is changed: the centre is cut out.
    #[must_use]
    pub fn none() -> Self {
        Self {
            flip_horizontal: 0.0,
            flip_vertical: 0.0,
            flip_channels: 0.0,
            quarter_turns: false,
            rotation_deg: 0.0,
            shift_px: 0.0,
            area: [1.0, 1.0],
            brightness: 0.0,
            contrast: 0.0,
            noise: 0.0,
            erase: None,
        }
    }

    /// The paper's: flips, quarter turns, brightness and contrast, random resized crop, corner dropout.
    ///
    /// The reference multiplies 8-bit images by 0.5 to 1.5 for brightness; on normalized views the same
    /// shift of the mean is one of up to ± 1.
    #[must_use]
    pub fn paper() -> Self {
        Self {
            flip_horizontal: 0.5,
            flip_vertical: 0.5,
            quarter_turns: true,
            area: [0.8, 1.0],
            brightness: 1.0,
            contrast: 0.2,
            erase: Some(Erase::default()),
            ..Self::none()
        }
    }
}

impl Default for AugmentParams {
    /// What the ablation found best for slices: `docs/methods/contrastive.md`.
    fn default() -> Self {
        Self {
            flip_horizontal: 0.5,
            flip_channels: 0.5,
            rotation_deg: 180.0,
            shift_px: 1.0,
            brightness: 0.2,
            contrast: 0.2,
            noise: 1.0,
            ..Self::none()
        }
    }
}

impl AugmentParams {
    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`] names the first field that is out of its range.
    pub fn validate(&self) -> Result<(), Error> {
        let part =
            |field, value: f64| require((0.0..=1.0).contains(&value), field, "from 0 to 1", value);
        part("flip_horizontal", self.flip_horizontal)?;
        part("flip_vertical", self.flip_vertical)?;
        part("flip_channels", self.flip_channels)?;
        let angle = self.rotation_deg;
        require(
            (0.0..=180.0).contains(&angle),
            "rotation_deg",
            "from 0 to 180",
            angle,
        )?;
        for (field, value) in [
            ("shift_px", self.shift_px),
            ("brightness", self.brightness),
            ("noise", self.noise),
        ] {
            require(
                value.is_finite() && value >= 0.0,
                field,
                "0 or above",
                value,
            )?;
        }
        let contrast = self.contrast;
        require(
            (0.0..1.0).contains(&contrast),
            "contrast",
            "from 0 to below 1",
            contrast,
        )?;
        range("area", self.area, 4.0)?;
        let Some(erase) = &self.erase else {
            return Ok(());
        };
        part("probability", erase.probability)?;
        range("erase.area", erase.area, 0.25)?;
        range("aspect", erase.aspect, 100.0)?;
        require(erase.value.is_finite(), "value", "finite", erase.value)?;
        let spared = erase.spared_px;
        require(
            spared.is_finite() && spared >= 0.0,
            "spared_px",
            "0 or above",
            spared,
        )
    }
}

fn range(field: &'static str, [low, high]: [f64; 2], most: f64) -> Result<(), Error> {
    let valid = 0.0 < low && low <= high && high <= most;
    let rule = format!("ascending, above 0, at most {most}");
    require(valid, field, rule, format!("{low} to {high}"))
}
