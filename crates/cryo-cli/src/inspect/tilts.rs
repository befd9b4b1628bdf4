use std::path::Path;

use cryo_io::{
    Error,
    tilt::{self, TiltTable},
};

use super::report::{Report, short};

pub(crate) fn inspect(path: &Path, report: &mut Report) -> Result<(), Error> {
    report.findings.extend(tilt::validate(path)?);
    // Transforms hold no angles; the findings say whether they are sound.
    if let Ok(table) = tilt::read(path) {
        facts(&table, report);
    } else if let Ok(transforms) = tilt::xf::read(path) {
        report.fact(
            "images",
            transforms.len(),
            "images",
            transforms.len().to_string(),
        );
    }
    Ok(())
}

pub(crate) fn facts(table: &TiltTable, report: &mut Report) {
    let excluded = table.excluded.iter().filter(|&&excluded| excluded).count();
    let images = match excluded {
        0 => table.len().to_string(),
        _ => format!("{}, {excluded} of them excluded", table.len()),
    };
    report.fact("images", table.len(), "images", images);
    let angles = table.angles_deg();
    let least = angles.iter().copied().fold(f64::INFINITY, f64::min);
    let most = angles.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let text = format!("{} to {} degrees", short(least), short(most));
    report.fact("angles_deg", &angles, "angles", text);
    let doses: Vec<Option<f64>> = table.tilts.iter().map(|tilt| tilt.dose_before).collect();
    if let Some(most) = doses.iter().flatten().copied().reduce(f64::max) {
        let text = format!("up to {} e/Å² before an image", short(most));
        report.fact("dose_before", &doses, "dose", text);
    }
    if let Some(angle) = table.axis_angle_deg {
        report.fact(
            "axis_angle_deg",
            angle,
            "tilt axis",
            format!("{} degrees", short(angle)),
        );
    }
    if let Some(size) = table.pixel_size_angstrom {
        report.fact(
            "pixel_size_angstrom",
            size,
            "pixel size",
            format!("{} Å", short(size)),
        );
    }
    if let Some([y, x]) = table.image_shape {
        report.fact(
            "image_size_xy",
            [x, y],
            "image size",
            format!("{x} × {y} (x, y)"),
        );
    }
}
