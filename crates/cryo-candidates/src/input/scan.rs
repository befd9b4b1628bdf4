//! One look at every voxel before the search: is it sound, where was anything measured, how bright is it.

use std::ops::Range;

use cryo_core::Progress;
use ndarray::{ArrayView2, ArrayView3, Axis, parallel::prelude::*, s};

use super::{
    Contrast, PreprocessParams, Windows,
    padding::{Padding, padded_runs},
    preprocess::denoise,
    read,
};
use crate::{Error, PlaneSource};

/// Planes that are read at a time.
const CHUNK: usize = 32;
/// Edge of the blocks whose means tell specimen from noise.
const BLOCK: usize = 8;
const BINS: usize = 4096;
/// Standard deviations to either side of the mean that the histogram covers.
const REACH: f64 = 8.0;

/// What the search must know of the whole volume.
#[derive(Debug)]
pub(crate) struct Scan {
    /// What padding is set to before denoising: the mean of what was measured; `None` where nothing is padding.
    pub(crate) fill: Option<f32>,
    /// Statistics of what was measured, denoised.
    pub(crate) mean: f64,
    pub(crate) std: f64,
    pub(crate) minimum: f32,
    pub(crate) maximum: f32,
    pub(crate) histogram: Vec<u64>,
    pub(crate) histogram_start: f64,
    pub(crate) bins_per_unit: f64,
    pub(crate) padding: Padding,
    /// Variance of the means of 8 × 8 blocks, a plane each; 0 where nothing was measured.
    pub(crate) block_variance: Vec<f64>,
}

/// Looks at every voxel, twice if it is to be denoised or equalized.
pub(crate) fn scan(
    source: &dyn PlaneSource,
    params: &PreprocessParams,
    progress: &dyn Progress,
) -> Result<Scan, Error> {
    let mut first = FirstLook::new(source, true, progress)?;
    let voxels = source.grid().voxels().unwrap_or(usize::MAX) as f64;
    if first.all.count < 0.5 * voxels {
        // A map without noise, not a padded tomogram.
        first = FirstLook::new(source, false, progress)?;
    }
    let FirstLook {
        padding,
        block_variance,
        all,
    } = first;
    let any_padding = all.count < voxels;
    if all.minimum == all.maximum {
        return Err(Error::Constant { value: all.minimum });
    }
    let std = (all.squares / all.count).sqrt();
    let mut scan = Scan {
        fill: any_padding.then_some(all.mean as f32),
        mean: all.mean,
        std,
        minimum: all.minimum,
        maximum: all.maximum,
        histogram: vec![0; BINS],
        histogram_start: all.mean - REACH * std,
        bins_per_unit: BINS as f64 / (2.0 * REACH * std),
        padding,
        block_variance,
    };
    if params.denoise_sigma_vox > 0.0 || params.contrast == Contrast::Equalize {
        scan.look_again(source, params, progress)?;
    }
    Ok(scan)
}

/// What the first pass over the planes tells.
struct FirstLook {
    padding: Padding,
    block_variance: Vec<f64>,
    all: Moments,
}

impl FirstLook {
    fn new(
        source: &dyn PlaneSource,
        look_for_padding: bool,
        progress: &dyn Progress,
    ) -> Result<Self, Error> {
        let shape = source.grid().shape;
        let mut look = Self {
            padding: Padding::new(shape[1]),
            block_variance: Vec::with_capacity(shape[0]),
            all: Moments::NONE,
        };
        let mut windows = Windows::new(shape, CHUNK, 0);
        progress.begin("statistics", shape[0] as u64);
        for chunk in windows.chunks() {
            if progress.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let (planes, mut memory) = windows.window(&chunk);
            read(source, planes, memory.view_mut())?;
            for (z, facts) in chunk.clone().zip(facts_of(memory.view(), look_for_padding)) {
                if let Some((y, x, value)) = facts.not_finite {
                    return Err(Error::NotFinite {
                        what: "tomogram",
                        index: [z, y, x],
                        value,
                    });
                }
                look.padding.extend(z, &facts.runs);
                look.block_variance.push(facts.block_variance);
                look.all = look.all.join(facts.moments);
            }
            progress.advance(chunk.len() as u64);
        }
        Ok(look)
    }
}

impl Scan {
    /// Statistics and histogram of the denoised volume. Padding, which is at the mean, is left out of neither: it moves no share of
    /// voxels across the middle.
    fn look_again(
        &mut self,
        source: &dyn PlaneSource,
        params: &PreprocessParams,
        progress: &dyn Progress,
    ) -> Result<(), Error> {
        let shape = source.grid().shape;
        let mut windows = Windows::new(shape, CHUNK, params.reach());
        let mut all = Moments::NONE;
        progress.begin("denoised statistics", shape[0] as u64);
        for chunk in windows.chunks() {
            if progress.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let (planes, mut memory) = windows.window(&chunk);
            read(source, planes.clone(), memory.view_mut())?;
            denoise(memory.view_mut(), self.fill, params)?;
            let first = chunk.start - planes.start;
            let inner = memory.slice(s![first..first + chunk.len(), .., ..]);
            let of_planes: Vec<(Moments, Vec<u64>)> = inner
                .axis_iter(Axis(0))
                .into_par_iter()
                .map(|plane| self.count(plane))
                .collect();
            for (moments, counts) in of_planes {
                all = all.join(moments);
                self.histogram
                    .iter_mut()
                    .zip(counts)
                    .for_each(|(sum, count)| *sum += count);
            }
            progress.advance(chunk.len() as u64);
        }
        self.mean = all.mean;
        self.std = (all.squares / all.count).sqrt();
        self.minimum = all.minimum;
        self.maximum = all.maximum;
        Ok(())
    }

    fn count(&self, plane: ArrayView2<'_, f32>) -> (Moments, Vec<u64>) {
        let mut counts = vec![0; BINS];
        let mut moments = Moments::NONE;
        for row in plane.outer_iter() {
            let row = row.to_slice().expect("windows have standard layout");
            moments = moments.join(Moments::of(row));
            for &value in row {
                let place = (f64::from(value) - self.histogram_start) * self.bins_per_unit;
                counts[(place.max(0.0) as usize).min(BINS - 1)] += 1;
            }
        }
        (moments, counts)
    }
}

struct PlaneFacts {
    moments: Moments,
    runs: Vec<(u32, u32, u32)>,
    not_finite: Option<(usize, usize, f32)>,
    block_variance: f64,
}

fn facts_of(planes: ArrayView3<'_, f32>, look_for_padding: bool) -> Vec<PlaneFacts> {
    planes
        .axis_iter(Axis(0))
        .into_par_iter()
        .map(|plane| plane_facts(plane, look_for_padding))
        .collect()
}

fn plane_facts(plane: ArrayView2<'_, f32>, look_for_padding: bool) -> PlaneFacts {
    let mut facts = PlaneFacts {
        moments: Moments::NONE,
        runs: Vec::new(),
        not_finite: None,
        block_variance: 0.0,
    };
    let mut blocks = Blocks::new(plane.dim());
    for (y, row) in plane.outer_iter().enumerate() {
        let row = row.to_slice().expect("windows have standard layout");
        let first_run = facts.runs.len();
        if look_for_padding {
            padded_runs(row, |run| {
                facts
                    .runs
                    .push((y as u32, run.start as u32, run.end as u32));
            });
        }
        let mut start = 0;
        let runs = &facts.runs[first_run..];
        let ends = runs
            .iter()
            .map(|&(_, from, to)| (from as usize, to as usize));
        for (end, next) in ends.chain([(row.len(), row.len())]) {
            let moments = blocks.add(y, start..end, row);
            facts.moments = facts.moments.join(moments);
            start = next;
        }
        if !facts.moments.mean.is_finite() {
            let bad = row.iter().position(|value| !value.is_finite());
            facts.not_finite = bad.map(|x| (y, x, row[x]));
            return facts;
        }
    }
    facts.block_variance = blocks.variance();
    facts
}

/// Sums of the measured voxels of every block of a plane.
struct Blocks {
    across: usize,
    sums: Vec<(f64, u32)>,
}

impl Blocks {
    fn new((height, width): (usize, usize)) -> Self {
        let across = width.div_ceil(BLOCK);
        Self {
            across,
            sums: vec![(0.0, 0); height.div_ceil(BLOCK) * across],
        }
    }

    /// Adds the measured voxels of a row to their blocks; their moments, by sums about the first of them.
    fn add(&mut self, y: usize, measured: Range<usize>, row: &[f32]) -> Moments {
        if measured.is_empty() {
            return Moments::NONE;
        }
        let pilot = row[measured.start];
        let (mut sum, mut squares) = (0.0, 0.0);
        let (mut minimum, mut maximum) = (pilot, pilot);
        let mut x = measured.start;
        while x < measured.end {
            let end = measured.end.min((x / BLOCK + 1) * BLOCK);
            let (mut block_sum, mut block_squares) = (0.0, 0.0);
            for &value in &row[x..end] {
                let off = f64::from(value) - f64::from(pilot);
                block_sum += off;
                block_squares += off * off;
                minimum = if value < minimum { value } else { minimum };
                maximum = if value > maximum { value } else { maximum };
            }
            sum += block_sum;
            squares += block_squares;
            let length = (end - x) as f64;
            let block = &mut self.sums[y / BLOCK * self.across + x / BLOCK];
            block.0 += block_sum + length * f64::from(pilot);
            block.1 += (end - x) as u32;
            x = end;
        }
        let count = measured.len() as f64;
        Moments {
            count,
            mean: f64::from(pilot) + sum / count,
            squares: (squares - sum * sum / count).max(0.0),
            minimum,
            maximum,
        }
    }

    /// Variance of the means of the blocks that were measured in full.
    fn variance(&self) -> f64 {
        let full = |&&(_, count): &&(f64, u32)| count as usize == BLOCK * BLOCK;
        let means = self.sums.iter().filter(full);
        let means: Vec<f64> = means.map(|(sum, count)| sum / f64::from(*count)).collect();
        if means.len() < 2 {
            return 0.0;
        }
        let mean = means.iter().sum::<f64>() / means.len() as f64;
        means
            .iter()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>()
            / means.len() as f64
    }
}

/// Mean and spread, joined pairwise so that no digits are lost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moments {
    pub(crate) count: f64,
    pub(crate) mean: f64,
    pub(crate) squares: f64,
    pub(crate) minimum: f32,
    pub(crate) maximum: f32,
}

impl Moments {
    pub(crate) const NONE: Self = Self {
        count: 0.0,
        mean: 0.0,
        squares: 0.0,
        minimum: f32::INFINITY,
        maximum: f32::NEG_INFINITY,
    };

    pub(crate) fn of(values: &[f32]) -> Self {
        if values.is_empty() {
            return Self::NONE;
        }
        let count = values.len() as f64;
        let mean = sum(values, f64::from) / count;
        let squares = sum(values, |value| (f64::from(value) - mean).powi(2));
        let (mut minimum, mut maximum) = (values[0], values[0]);
        for &value in values {
            minimum = if value < minimum { value } else { minimum };
            maximum = if value > maximum { value } else { maximum };
        }
        Self {
            count,
            mean,
            squares,
            minimum,
            maximum,
        }
    }

    pub(crate) fn join(self, other: Self) -> Self {
        if other.count == 0.0 {
            return self;
        }
        let count = self.count + other.count;
        let apart = other.mean - self.mean;
        Self {
            count,
            mean: self.mean + apart * (other.count / count),
            squares: self.squares
                + other.squares
                + apart * apart * (self.count * other.count / count),
            minimum: self.minimum.min(other.minimum),
            maximum: self.maximum.max(other.maximum),
        }
    }
}

/// A sum in eight lanes, which the compiler can vectorize.
fn sum(values: &[f32], term: impl Fn(f32) -> f64) -> f64 {
    let mut lanes = [0.0; 8];
    let groups = values.chunks_exact(8);
    let rest: f64 = groups.remainder().iter().map(|&value| term(value)).sum();
    for group in groups {
        for (lane, &value) in lanes.iter_mut().zip(group) {
            *lane += term(value);
        }
    }
    lanes.iter().sum::<f64>() + rest
}
