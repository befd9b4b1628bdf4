use cryo_core::Grid;

use super::{CandidateParams, Scales};
use crate::Error;

/// Ratio of a level's two Gaussians, at which their difference is closest to the Laplacian (Marr & Hildreth 1980, doi 10.1098/rspb.1980.0020).
const RATIO: f64 = 1.6;
/// The narrower Gaussian of a level has at least this width in the voxels that it is computed in.
const LEAST_COARSE_SIGMA: f64 = 3.0;

/// One difference of Gaussians.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Level {
    pub(crate) narrow_vox: f64,
    pub(crate) wide_vox: f64,
    /// Computed on the volume binned by 2 to this power.
    pub(crate) octave: u32,
}

impl Level {
    fn new(narrow_vox: f64, wide_vox: f64) -> Self {
        let octave = (narrow_vox / LEAST_COARSE_SIGMA).log2().floor().max(0.0);
        Self {
            narrow_vox,
            wide_vox,
            octave: octave as u32,
        }
    }

    /// Widths in the voxels of the octave: the mean over a block of k voxels has itself a variance of (k² − 1)/12.
    pub(crate) fn coarse(&self) -> [f64; 2] {
        let block = 2_f64.powi(self.octave as i32);
        let of_block = (block * block - 1.0) / 12.0;
        [self.narrow_vox, self.wide_vox].map(|sigma| (sigma * sigma - of_block).sqrt() / block)
    }
}

/// What is looked for on a grid.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    pub(crate) levels: Vec<Level>,
    pub(crate) min_distance_vox: f64,
}

impl Plan {
    pub(crate) fn new(params: &CandidateParams, grid: &Grid) -> Result<Self, Error> {
        let edge = grid.voxel_size.isotropic().ok_or(Error::NotCubic {
            got: grid.voxel_size,
        })?;
        let (mut levels, mut diameters_vox) = match &params.scales {
            Scales::Diameters(list) => {
                let diameters: Vec<f64> = list.iter().map(|diameter| diameter / edge).collect();
                (
                    diameters
                        .iter()
                        .map(|&diameter| compact(diameter))
                        .collect(),
                    diameters,
                )
            }
            Scales::Sigmas(list) => {
                let levels: Vec<Level> = list
                    .windows(2)
                    .map(|pair| Level::new(pair[0], pair[1]))
                    .collect();
                let diameter =
                    |level: &Level| 2.0 * 3_f64.sqrt() * (level.narrow_vox * level.wide_vox).sqrt();
                let diameters = levels.iter().map(diameter).collect();
                (levels, diameters)
            }
        };
        for diameter in &params.hollow_diameters_angstrom {
            let narrow = 0.65 * diameter / edge / 2.0;
            levels.push(Level::new(narrow, RATIO * narrow));
            diameters_vox.push(diameter / edge);
        }
        levels.sort_by(|a, b| a.narrow_vox.total_cmp(&b.narrow_vox));
        let smallest = diameters_vox.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = diameters_vox.iter().copied().fold(0.0, f64::max);
        if smallest < 2.0 {
            return Err(Error::Parameter {
                name: "diameter in voxels",
                got: smallest,
                rule: "expected 2 or more: the particle is too small for this voxel size, use a tomogram that is binned less",
            });
        }
        for (axis, &got) in ['z', 'y', 'x'].into_iter().zip(&grid.shape) {
            let needed = largest.ceil() as usize;
            if got < needed {
                return Err(Error::TooSmall { axis, got, needed });
            }
        }
        Ok(Self {
            levels,
            min_distance_vox: params.min_distance_vox.unwrap_or(0.6 * smallest),
        })
    }

    /// The octaves that are needed, with their levels.
    pub(crate) fn octaves(&self) -> Vec<(u32, Vec<usize>)> {
        let last = self
            .levels
            .iter()
            .map(|level| level.octave)
            .max()
            .unwrap_or(0);
        let of = |octave: u32| {
            let members = self.levels.iter().enumerate();
            let members = members.filter(|(_, level)| level.octave == octave);
            (octave, members.map(|(number, _)| number).collect())
        };
        (0..=last).map(of).collect()
    }
}

/// The level that a ball of this diameter answers to strongest.
fn compact(diameter_vox: f64) -> Level {
    let narrow = diameter_vox / (2.0 * 3_f64.sqrt() * RATIO.sqrt());
    Level::new(narrow, RATIO * narrow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octaves_keep_the_narrow_gaussian_between_3_and_6_voxels() {
        for narrow in [0.8, 2.9, 3.0, 5.9, 6.1, 13.0, 40.0] {
            let level = Level::new(narrow, RATIO * narrow);
            let [coarse, wide] = level.coarse();
            assert!(
                narrow < 3.0 || (2.8..6.0).contains(&coarse),
                "{narrow}: {coarse}"
            );
            assert!(wide > coarse);
        }
    }
}
