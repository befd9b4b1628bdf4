use std::ops::Range;

use cryo_filters::{GaussianParams, Slab, gaussian_slab_into};
use ndarray::{Array3, ArrayView3, ArrayViewMut3, Axis, Zip, parallel::prelude::*, s};

use super::{
    Neighbourhood,
    levels::Level,
    maxima::Around,
    refine::{elongation, refine},
};
use crate::Error;

/// A positive maximum of one level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Maximum {
    /// Number of the level.
    pub(crate) level: usize,
    /// Voxel of the octave, `[z, y, x]`.
    pub(crate) voxel: [u32; 3],
    /// Offset of the maximum from the voxel's centre, in voxels of the octave.
    pub(crate) offset: [f32; 3],
    /// Height of the maximum.
    pub(crate) value: f32,
    /// Ratio of its curvatures.
    pub(crate) elongation: f32,
}

/// Sums of a level's values, by plane.
#[derive(Debug, Clone, Default)]
pub(crate) struct LevelSums {
    count: f64,
    sum: f64,
    squares: f64,
}

impl LevelSums {
    pub(crate) fn std(&self) -> f64 {
        let mean = self.sum / self.count.max(1.0);
        (self.squares / self.count.max(1.0) - mean * mean)
            .max(0.0)
            .sqrt()
    }
}

/// The levels of one octave, searched slab by slab.
pub(crate) struct Octave<'a> {
    /// Levels and their numbers, from narrow to wide.
    pub(crate) levels: Vec<(usize, &'a Level)>,
    pub(crate) neighbourhood: Neighbourhood,
    /// Planes of the octave that hold specimen.
    pub(crate) specimen: Range<usize>,
    /// Planes a slab.
    pub(crate) planes: usize,
    pub(crate) maxima: Vec<Maximum>,
    pub(crate) sums: Vec<LevelSums>,
    buffers: [Array3<f32>; 2],
}

impl<'a> Octave<'a> {
    /// `shape` is that of the octave's volume.
    pub(crate) fn new(
        levels: Vec<(usize, &'a Level)>,
        neighbourhood: Neighbourhood,
        specimen: Range<usize>,
        planes: usize,
        shape: [usize; 3],
    ) -> Self {
        let held = (planes + 2).min(shape[0]);
        let memory = if levels.is_empty() {
            [0; 3]
        } else {
            [held, shape[1], shape[2]]
        };
        Self {
            sums: vec![LevelSums::default(); levels.len()],
            levels,
            neighbourhood,
            specimen,
            planes,
            maxima: Vec::new(),
            buffers: [Array3::zeros(memory), Array3::zeros(memory)],
        }
    }

    /// Planes to either side that the levels look at.
    pub(crate) fn reach(levels: &[(usize, &Level)]) -> usize {
        let widest = levels.iter().map(|(_, level)| level.coarse()[1]);
        let widest = widest.fold(0.0, f64::max);
        if widest > 0.0 {
            (4.0 * widest + 0.5) as usize + 1
        } else {
            0
        }
    }

    /// Searches the planes `wanted`, for which `slab` holds what is within reach.
    pub(crate) fn search(&mut self, slab: Slab<'_>, wanted: Range<usize>) -> Result<(), Error> {
        for start in wanted.clone().step_by(self.planes) {
            self.search_slab(slab, start..wanted.end.min(start + self.planes))?;
        }
        Ok(())
    }

    fn search_slab(&mut self, slab: Slab<'_>, wanted: Range<usize>) -> Result<(), Error> {
        let with_neighbours = wanted.start.saturating_sub(1)..slab.depth.min(wanted.end + 1);
        let count = with_neighbours.len();
        let [narrow, wide] = &mut self.buffers;
        let mut smoothed = None;
        for (place, (number, level)) in self.levels.iter().enumerate() {
            let sigmas = level.coarse();
            let smooth = |sigma: f64, out: ArrayViewMut3<'_, f32>| {
                let params = GaussianParams::isotropic(sigma);
                gaussian_slab_into(slab, &params, with_neighbours.clone(), out)
            };
            let shared = |wide: f64| (wide - sigmas[0]).abs() < 1e-9 * wide;
            if !smoothed.is_some_and(shared) {
                smooth(sigmas[0], narrow.slice_mut(s![..count, .., ..]))?;
            }
            smooth(sigmas[1], wide.slice_mut(s![..count, .., ..]))?;
            smoothed = Some(sigmas[1]);
            let mut difference = narrow.slice_mut(s![..count, .., ..]);
            Zip::from(&mut difference)
                .and(wide.slice(s![..count, .., ..]))
                .par_for_each(|narrow, &wide| *narrow -= wide);
            let planes = Planes {
                difference: difference.view(),
                first: with_neighbours.start,
                neighbourhood: self.neighbourhood,
                level: *number,
            };
            let found: Vec<_> = wanted
                .clone()
                .into_par_iter()
                .filter(|z| self.specimen.contains(z))
                .map(|z| (planes.sums(z), planes.maxima(z)))
                .collect();
            for (sums, maxima) in found {
                let all = &mut self.sums[place];
                all.count += sums.count;
                all.sum += sums.sum;
                all.squares += sums.squares;
                self.maxima.extend(maxima);
            }
            std::mem::swap(narrow, wide);
        }
        Ok(())
    }
}

/// A few planes of one level's difference.
struct Planes<'a> {
    difference: ArrayView3<'a, f32>,
    first: usize,
    neighbourhood: Neighbourhood,
    level: usize,
}

impl Planes<'_> {
    fn sums(&self, z: usize) -> LevelSums {
        let plane = self.difference.index_axis(Axis(0), z - self.first);
        let values = plane.as_slice().expect("a plane of a buffer is contiguous");
        let mut sum = [0.0_f64; 8];
        let mut squares = [0.0_f64; 8];
        let groups = values.chunks_exact(8);
        let rest = groups.remainder();
        let mut add = |group: &[f32]| {
            for ((sum, squares), &value) in sum.iter_mut().zip(&mut squares).zip(group) {
                let value = f64::from(value);
                *sum += value;
                *squares += value * value;
            }
        };
        groups.for_each(&mut add);
        add(rest);
        LevelSums {
            count: values.len() as f64,
            sum: sum.iter().sum(),
            squares: squares.iter().sum(),
        }
    }

    fn maxima(&self, z: usize) -> Vec<Maximum> {
        let around = Around::new(self.difference, z - self.first);
        let mut found = Vec::new();
        around.maxima(self.neighbourhood, |y, x| {
            let line = |axis: usize| {
                [-1, 0, 1].map(|step| {
                    let mut steps = [0; 3];
                    steps[axis] = step;
                    around.value(y, x, steps)
                })
            };
            let (offset, value) = match self.neighbourhood {
                Neighbourhood::Volume => refine([line(0), line(1), line(2)]),
                // The reference takes voxels as they are.
                Neighbourhood::Plane => ([0.0; 3], f64::from(line(0)[1].unwrap_or(0.0))),
            };
            found.push(Maximum {
                level: self.level,
                voxel: [z as u32, y as u32, x as u32],
                offset: offset.map(|offset| offset as f32),
                value: value as f32,
                elongation: elongation(&cube(&around, y, x)),
            });
        });
        found
    }
}

/// The voxels about a maximum; beyond the edge the volume is reflected.
fn cube(around: &Around<'_>, y: usize, x: usize) -> [[[f32; 3]; 3]; 3] {
    let at = |dz: isize, dy: isize, dx: isize| {
        let kept = |steps: [isize; 3]| around.value(y, x, steps);
        kept([dz, dy, dx])
            .or_else(|| kept([-dz, dy, dx]))
            .or_else(|| kept([dz, -dy, dx]))
            .or_else(|| kept([dz, dy, -dx]))
            .or_else(|| kept([0, 0, 0]))
            .unwrap_or(0.0)
    };
    [-1, 0, 1].map(|dz| [-1, 0, 1].map(|dy| [-1, 0, 1].map(|dx| at(dz, dy, dx))))
}
