use super::{FileName, PicksFile};
use crate::{Finding, Frame, Frames, PicksOptions, Severity};

/// What is odd about a picks file, or why it cannot be read.
#[must_use]
pub fn validate(bytes: &[u8]) -> Vec<Finding> {
    let file = match PicksFile::parse(bytes) {
        Ok(file) => file,
        Err(error) => return vec![Finding::from_error(&error)],
    };
    let mut findings = Vec::new();
    let names = [
        ("pickable_object_name", &file.pickable_object_name),
        ("user_id", &file.user_id),
        ("session_id", &file.session_id),
    ];
    for (field, name) in names {
        if FileName::sanitized(name).as_deref() != Some(name) {
            findings.push(Finding::new(
                Severity::Warning,
                field,
                "a name without spaces, underscores and <>:\"/\\|?*, as copick wants it",
                format!("{name:?}"),
                "use hyphens",
            ));
        }
    }
    if file.run_name.is_none() || file.voxel_spacing.is_none() {
        findings.push(Finding::new(
            Severity::Note,
            "run_name, voxel_spacing",
            "name and voxel size of the tomogram",
            "not in the file",
            "give them when reading",
        ));
    }
    if let Some(spacing) = file.voxel_spacing
        && cryo_core::VoxelSize::new(spacing).is_none()
    {
        findings.push(Finding::new(
            Severity::Warning,
            "voxel_spacing",
            "a length above 0",
            spacing.to_string(),
            "give the voxel size when reading",
        ));
    }
    let options = PicksOptions {
        frames: Frames::all(Frame {
            voxel_size: cryo_core::VoxelSize::new(1.0),
            ..Frame::default()
        }),
        tomogram: Some("run".to_owned()),
        ..PicksOptions::default()
    };
    if let Err(error) = file.to_picks(&options) {
        findings.push(Finding::from_error(&error));
    }
    if !file.other.is_empty() {
        let names: Vec<&str> = file.other.keys().map(String::as_str).collect();
        findings.push(Finding::new(
            Severity::Note,
            "fields",
            "the fields of copick",
            names.join(", "),
            "they are kept",
        ));
    }
    findings
}
