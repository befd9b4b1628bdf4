use cryo_core::VoxelSize;

use super::{
    Header, MotiveList,
    header::LENGTH,
    motive_list::{CLASS, whole},
};
use crate::{Finding, Frame, Frames, PicksOptions, Severity};

/// What is odd about a motive list, or why it cannot be read.
///
/// A file whose sizes are not those of a list gets the header's findings only: it is a volume.
#[must_use]
pub fn validate(bytes: &[u8]) -> Vec<Finding> {
    let (header, data) = match Header::parse(bytes) {
        Ok(parsed) => parsed,
        Err(error) => return vec![Finding::from_error(&error)],
    };
    let mut findings = Vec::new();
    if header.little_endian != (header.machine == 6) {
        findings.push(Finding::new(
            Severity::Warning,
            "byte 0",
            "the machine code of the byte order: 6 for little-endian",
            header.machine.to_string(),
            "the order in which the sizes fit the file is taken",
        ));
    }
    let rest = bytes.len() - LENGTH - data.len();
    if rest > 0 {
        findings.push(Finding::new(
            Severity::Warning,
            "end of file",
            "nothing after the data",
            format!("{rest} more bytes"),
            "",
        ));
    }
    let Ok(list) = MotiveList::parse(bytes) else {
        return findings;
    };
    if list.transposed {
        findings.push(Finding::new(
            Severity::Warning,
            "sizes",
            "20 × N",
            "N × 20",
            "transpose it; other programs may not",
        ));
    }
    let odd = |rows: &&[f64; super::ROWS]| whole(rows[CLASS]).is_none();
    let classes = list.particles.iter().filter(odd).count();
    if classes > 0 {
        findings.push(Finding::new(
            Severity::Note,
            "row 20",
            "whole numbers from 0",
            format!("{classes} others"),
            "they are kept in the column row_20",
        ));
    }
    let options = PicksOptions {
        frames: Frames::all(Frame {
            voxel_size: VoxelSize::new(1.0),
            ..Frame::default()
        }),
        ..PicksOptions::default()
    };
    if let Err(error) = list.to_picks(&options) {
        findings.push(Finding::from_error(&error));
    }
    findings
}
