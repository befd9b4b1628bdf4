use cryo_core::VoxelSize;

use super::{PickerFormat, parse};
use crate::{Finding, Frame, Frames, PicksOptions, Severity};

/// What is odd about the bytes of a file of picks, or why it cannot be read.
#[must_use]
pub fn validate(bytes: &[u8], format: PickerFormat) -> Vec<Finding> {
    // Reading needs a tomogram; nothing of it is reported.
    let any = Frame {
        voxel_size: VoxelSize::new(1.0),
        ..Frame::default()
    };
    let options = PicksOptions {
        frames: Frames::all(any),
        tomogram: Some("tomogram".to_owned()),
        ..PicksOptions::default()
    };
    let picks = match parse(bytes, format, &options) {
        Ok(picks) => picks,
        Err(error) => return vec![Finding::from_error(&error)],
    };
    let mut findings = Vec::new();
    let mut note = |place: &str, expected: &str, fix: &str| {
        let got = "none";
        findings.push(Finding::new(Severity::Note, place, expected, got, fix));
    };
    if picks.is_empty() {
        note("rows", "picks", "check that the picker has found some");
    } else if !picks
        .sets
        .iter()
        .flat_map(|set| &set.items)
        .any(|item| item.score.is_some())
    {
        let fix = "without scores no threshold can be chosen";
        note("scores", "a score for each pick", fix);
    }
    findings
}
