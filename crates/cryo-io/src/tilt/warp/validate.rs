use super::parse;
use crate::{Finding, Severity, tilt::tlt};

/// What is odd about the bytes of a Warp tilt series.
#[must_use]
pub fn validate(bytes: &[u8]) -> Vec<Finding> {
    let series = match parse(bytes) {
        Ok(series) => series,
        Err(error) => return vec![Finding::from_error(&error)],
    };
    let mut findings = tlt::odd_angles(&series.angles_deg);
    let mut add = |severity, place: &str, expected: &str, got: String, fix: &str| {
        findings.push(Finding::new(severity, place, expected, got, fix));
    };
    let least = series.dose.iter().copied().reduce(f64::min);
    match least {
        None => add(
            Severity::Warning,
            "Dose",
            "one value an image",
            "none".to_owned(),
            "the order of acquisition is unknown",
        ),
        Some(least) if least > 0.0 => add(
            Severity::Note,
            "Dose",
            "0 e/Å² for the first image, as WarpTools writes",
            format!("{least}"),
            "an older Warp counts the image's own dose, or the first image was left out",
        ),
        Some(_) => {}
    }
    if series.axis_angles_deg.is_empty() {
        add(
            Severity::Warning,
            "AxisAngle",
            "one value an image",
            "none".to_owned(),
            "the axis is taken as y; import the alignment first",
        );
    }
    if series.pixel_size_angstrom.is_none() {
        add(
            Severity::Warning,
            "PixelSize",
            "the pixel size in <CTF>",
            "none".to_owned(),
            "give the pixel size, to turn offsets in ångström into pixels",
        );
    }
    if series.level_x_deg != 0.0 {
        add(
            Severity::Warning,
            "LevelAngleX",
            "0",
            format!("{}°", series.level_x_deg),
            "the tomogram is rotated about x: it cannot be projected into the images here",
        );
    }
    if series.has_local_refinement {
        add(
            Severity::Note,
            "GridMovement, GridVolumeWarp",
            "zeros",
            "local refinements".to_owned(),
            "they are not applied: positions in images are off by that much",
        );
    }
    findings
}
