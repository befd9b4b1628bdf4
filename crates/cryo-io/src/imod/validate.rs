use super::{Header, Model, VolumeFromModel, read::parse_noting};
use crate::{Finding, Frame, Frames, PicksOptions, Severity};

/// What is odd about a model file, or why it cannot be read.
#[must_use]
pub fn validate(bytes: &[u8]) -> Vec<Finding> {
    let (model, oddities) = match parse_noting(bytes) {
        Ok(parsed) => parsed,
        Err(error) => return vec![Finding::from_error(&error)],
    };
    let mut findings: Vec<Finding> = oddities
        .into_iter()
        .map(|odd| {
            let place = format!("byte {}", odd.byte);
            warning(
                place,
                odd.expected,
                odd.got,
                "save the model again in 3dmod",
            )
        })
        .collect();
    if !model.trailing.is_empty() {
        let got = format!("{} more bytes", model.trailing.len());
        findings.push(warning("end of file", "the end mark IEOF", got, ""));
    }
    voxel_size(&model, &mut findings);
    frame(&model, &mut findings);
    let options = PicksOptions {
        frames: Frames::all(Frame {
            voxel_size: cryo_core::VoxelSize::new(1.0),
            ..Frame::default()
        }),
        ..PicksOptions::default()
    };
    match model.to_picks("model", &options) {
        Ok(picks) => findings.extend(picks.outside()),
        Err(error) => findings.push(Finding::from_error(&error)),
    }
    findings
}

fn voxel_size(model: &Model, findings: &mut Vec<Finding>) {
    let header = &model.header;
    if header.units().is_none() {
        let expected = "0, 3, 1, -2, -3, -6, -9, -10 or -12";
        let got = header.units.to_string();
        findings.push(warning("units", expected, got, "set the units in 3dmod"));
    }
    let Some(size) = model.voxel_size() else {
        let fix = "give the voxel size, or set the pixel size in 3dmod";
        let got = "none in MINX and no length in the header";
        findings.push(note("pixel size", "a length", got, fix));
        return;
    };
    if let Some(of_header) = header.voxel_size()
        && (size.x() - of_header.x()).abs() > 0.01 * size.x()
    {
        let expected = format!("{} Å, the image's pixel size in MINX", size.x());
        let got = format!("{} Å in the header", of_header.x());
        let fix = "MINX is taken; give the voxel size if it is wrong";
        findings.push(warning("pixel size", expected, got, fix));
    }
}

fn frame(model: &Model, findings: &mut Vec<Finding>) {
    let header = &model.header;
    if header.has(Header::FLIPPED_YZ) || header.has(Header::ROTATED_X) {
        let got = "last seen with y and z exchanged (flag 16 or 17); they are exchanged back";
        let fix = "points drawn in that view are half a voxel off along y and z";
        findings.push(note("flags", "an image as stored", got, fix));
    }
    // An error here comes again from the conversion.
    let Ok(transform) = VolumeFromModel::of(model, None) else {
        return;
    };
    let start = transform.start_xyz;
    if start != [0.0; 3] {
        let [x, y, z] = start;
        let got = format!("x {x:.2}, y {y:.2}, z {z:.2}, which is added");
        let whole = start.iter().all(|n| (n - n.round()).abs() < 0.02);
        findings.push(if whole {
            note("MINX", "the whole image loaded", got, "")
        } else {
            let fix =
                "check the points on the tomogram: the origins in its header may have changed";
            warning("MINX", "a start of whole voxels", got, fix)
        });
    }
}

fn warning(
    place: impl Into<String>,
    expected: impl Into<String>,
    got: impl Into<String>,
    fix: &str,
) -> Finding {
    Finding::new(Severity::Warning, place, expected, got, fix)
}

fn note(place: &str, expected: &str, got: impl Into<String>, fix: &str) -> Finding {
    Finding::new(Severity::Note, place, expected, got, fix)
}
