//! What the tests of the coordinate formats share.
#![allow(dead_code)]

use std::path::PathBuf;

use cryo_core::{VoxelPos, VoxelSize};
use cryo_io::{Frame, Frames, PicksOptions};

/// A file of `fixtures/data/<topic>/`.
pub(crate) fn fixture(topic: &str, name: &str) -> PathBuf {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/data");
    [root, topic, name].iter().collect()
}

/// A file of the shared data, `None` with a word on standard error where there are none.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let path: PathBuf = [root, path].iter().collect();
    if path.exists() {
        return Some(path);
    }
    cryo_fixtures::say_skipped(&format!("no {}", path.display()));
    None
}

/// Options that know the voxel size of every tomogram.
pub(crate) fn options_with_voxel(angstrom: f64) -> PicksOptions {
    let frame = Frame {
        voxel_size: VoxelSize::new(angstrom),
        ..Frame::default()
    };
    PicksOptions {
        frames: Frames::all(frame),
        ..PicksOptions::default()
    }
}

pub(crate) fn assert_close(got: VoxelPos, expected: VoxelPos, tolerance: f64) {
    assert!(
        got.distance_to(expected) <= tolerance,
        "expected {expected:?}, got {got:?}"
    );
}

/// Seeded: the seed file with bytes changed, cut, repeated and inserted, and noise.
pub(crate) fn mutations(seed: &[u8], count: usize) -> impl Iterator<Item = Vec<u8>> {
    let seed = seed.to_vec();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % below.max(1)
    };
    (0..count).map(move |round| {
        let mut bytes = seed.clone();
        if round % 50 == 0 {
            bytes = (0..next(600)).map(|_| next(256) as u8).collect();
        }
        for _ in 0..=next(4) {
            let at = next(bytes.len());
            let end = (at + next(40)).min(bytes.len());
            match next(6) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at.min(bytes.len()), next(256) as u8),
                2 => {
                    let part = bytes[at.min(end)..end].to_vec();
                    bytes.splice(at.min(end)..at.min(end), part);
                }
                3 => bytes[at.min(end)..end].fill(0xff),
                4 => bytes[at.min(end)..end].fill(b'9'),
                _ => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte = next(256) as u8;
                    }
                }
            }
        }
        bytes
    })
}
