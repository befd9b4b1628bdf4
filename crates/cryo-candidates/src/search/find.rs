use std::ops::Range;

use cryo_core::{Grid, Particle, ParticleSet, Progress, VoxelPos};
use cryo_filters::Slab;
use ndarray::{Array3, ArrayView3, ArrayViewMut3, Axis, parallel::prelude::*, s};

use super::{
    CandidateParams, Threshold,
    levels::Plan,
    octave::{LevelSums, Maximum, Octave},
    specimen::specimen,
    suppress::suppress_within,
};
use crate::{
    Error, PlaneSource,
    input::{Scan, Tone, Windows, denoise, read, scan},
};

/// What a search met, beside the candidates.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchReport {
    /// Positive maxima of all levels.
    pub maxima: usize,
    /// Those that suppression left.
    pub kept: usize,
    /// The score that a candidate had to exceed.
    pub threshold: f32,
    /// Planes that hold specimen.
    pub specimen: Range<usize>,
    /// Candidates left out because they lie in padding, in empty planes or within the margin.
    pub outside: usize,
    /// Candidates left out as gold.
    pub gold: usize,
    /// Candidates left out as edges.
    pub edges: usize,
    /// Standard deviation of every level, narrow to wide, by which scores are divided.
    pub level_std: Vec<f64>,
}

/// The candidates of a tomogram, best first, in voxels of its grid.
///
/// Contrast is brought to one scale (`milopyp-spec` B). A pyramid of differences of Gaussians (narrow minus wide, C.2) answers where there is matter of the sizes asked for;
/// wide levels are computed on the volume binned by two, four …, so that the cost is linear in the voxels and hardly depends on the sizes. The
/// positive maxima of all levels, refined between voxels, compete by score: a better one takes out all within the least distance, which
/// is the maximum over the levels followed by suppression in three dimensions. What exceeds the threshold and lies
/// where something was measured is a candidate; its score is the level's value, by default in standard deviations of the level.
///
/// The source is read two to three times in chunks of planes; `memory_bytes` limits what is held at a time (`None`: about 160 planes
/// beside what the sizes reach). Parallel; the result depends on neither threads nor memory.
///
/// # Errors
///
/// [`Error::Parameter`], [`Error::NotCubic`], [`Error::TooSmall`], [`Error::NotFinite`], [`Error::Constant`], [`Error::Memory`],
/// [`Error::Source`], [`Error::Cancelled`].
///
/// # Examples
///
/// ```
/// use cryo_candidates::{CandidateParams, Scales, find_candidates};
/// use cryo_core::{Grid, Volume, VoxelSize};
/// use ndarray::Array3;
///
/// // One dark ball of 120 Å, off the centre.
/// let grid = Grid::new([40, 60, 80], VoxelSize::new(10.0).expect("valid"));
/// let data = Array3::from_shape_fn((40, 60, 80), |(z, y, x)| {
///     let [z, y, x] = [z as f32 - 12.0, y as f32 - 41.0, x as f32 - 20.0];
///     let noise = ((7.3 * z + 3.1 * y * x + 1.7 * x).sin() * 43_758.547).fract();
///     if z * z + y * y + x * x < 36.0 { -3.0 } else { noise }
/// });
/// let params = CandidateParams { scales: Scales::Diameters(vec![120.0]), ..Default::default() };
/// let found = find_candidates(&Volume::new(data, grid)?, &params, None, &())?;
/// let best = found.items[0].position;
/// assert!((best.x - 20.0).abs() < 0.5 && (best.y - 41.0).abs() < 0.5 && (best.z - 12.0).abs() < 0.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn find_candidates(
    source: &dyn PlaneSource,
    params: &CandidateParams,
    memory_bytes: Option<u64>,
    progress: &dyn Progress,
) -> Result<ParticleSet, Error> {
    Ok(find_candidates_with_report(source, params, memory_bytes, progress)?.0)
}

/// As [`find_candidates`], with what the search met.
///
/// # Errors
///
/// As [`find_candidates`].
pub fn find_candidates_with_report(
    source: &dyn PlaneSource,
    params: &CandidateParams,
    memory_bytes: Option<u64>,
    progress: &dyn Progress,
) -> Result<(ParticleSet, SearchReport), Error> {
    params.validate()?;
    let grid = source.grid();
    let plan = Plan::new(params, &grid)?;
    let scan = scan(source, &params.preprocess, progress)?;
    let specimen = specimen(&scan.block_variance, params.empty_below);
    let search = Search {
        source,
        params,
        grid,
        plan: &plan,
        scan: &scan,
        tone: Tone::new(params.preprocess.contrast, params.polarity, &scan),
        specimen: specimen.clone(),
    };
    let (maxima, sums) = search.run(memory_bytes, progress)?;
    Ok(search.choose(&maxima, &sums))
}

struct Search<'a> {
    source: &'a dyn PlaneSource,
    params: &'a CandidateParams,
    grid: Grid,
    plan: &'a Plan,
    scan: &'a Scan,
    tone: Tone,
    specimen: Range<usize>,
}

/// Planes a chunk of the source and a slab of an octave.
struct Steps {
    chunk: usize,
    slab: usize,
}

impl Search<'_> {
    /// The positive maxima of all levels and the levels' sums.
    fn run(
        &self,
        memory_bytes: Option<u64>,
        progress: &dyn Progress,
    ) -> Result<(Vec<Maximum>, Vec<LevelSums>), Error> {
        let octaves = self.plan.octaves();
        let steps = self.steps(memory_bytes, &octaves)?;
        let mut maxima = Vec::new();
        let mut sums = vec![LevelSums::default(); self.plan.levels.len()];
        let mut coarse = self.first_octave(&octaves, &steps, &mut maxima, &mut sums, progress)?;
        for (number, members) in &octaves[1..] {
            if progress.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let volume = coarse.take().expect("made where there is another octave");
            let mut octave = self.octave(*number, members, steps.slab);
            let planes = 0..volume.shape()[0];
            if !members.is_empty() {
                octave.search(Slab::whole(volume.view()), planes)?;
            }
            finish(octave, &mut maxima, &mut sums);
            if *number as usize + 1 < octaves.len() {
                let mut next = Array3::zeros([0, 1, 2].map(|axis| volume.shape()[axis] / 2));
                halve(volume.view(), next.view_mut());
                coarse = Some(next);
            }
        }
        Ok((maxima, sums))
    }

    fn octave(&self, number: u32, members: &[usize], slab: usize) -> Octave<'_> {
        let levels = members
            .iter()
            .map(|&member| (member, &self.plan.levels[member]));
        let specimen = self.specimen.start >> number..self.specimen.end.div_ceil(1 << number);
        let shape = self.grid.shape.map(|n| n >> number);
        Octave::new(
            levels.collect(),
            self.params.neighbourhood,
            specimen,
            slab,
            shape,
        )
    }

    /// Goes through the source; the volume of the next octave, if there is one.
    fn first_octave(
        &self,
        octaves: &[(u32, Vec<usize>)],
        steps: &Steps,
        maxima: &mut Vec<Maximum>,
        sums: &mut [LevelSums],
        progress: &dyn Progress,
    ) -> Result<Option<Array3<f32>>, Error> {
        let shape = self.grid.shape;
        let mut octave = self.octave(0, &octaves[0].1, steps.slab);
        let own = self.params.preprocess.reach();
        let reach = Octave::reach(&octave.levels);
        let mut windows = Windows::new(shape, steps.chunk, reach + own);
        let mut coarse = (octaves.len() > 1).then(|| Array3::zeros(shape.map(|n| n / 2)));
        progress.begin("searching", shape[0] as u64);
        for chunk in windows.chunks() {
            if progress.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let (planes, mut memory) = windows.window(&chunk);
            read(self.source, planes.clone(), memory.view_mut())?;
            denoise(memory.view_mut(), self.scan.fill, &self.params.preprocess)?;
            self.tone.apply(memory.view_mut());
            if let Some(coarse) = &mut coarse {
                bin_into(memory.view(), planes.start, &chunk, coarse);
            }
            // What denoising could not see the surroundings of is not used.
            let cut = |end: usize, whole: usize| if end == whole { 0 } else { own };
            let first = if planes.start == 0 { 0 } else { own };
            let last = planes.len() - cut(planes.end, shape[0]);
            let slab = Slab {
                planes: memory.slice(s![first..last, .., ..]),
                first: planes.start + first,
                depth: shape[0],
            };
            octave.search(slab, chunk.clone())?;
            progress.advance(chunk.len() as u64);
        }
        finish(octave, maxima, sums);
        Ok(coarse)
    }

    /// As many planes at a time as the memory holds; chunks have an even number, so that binning never meets half a block.
    fn steps(
        &self,
        memory_bytes: Option<u64>,
        octaves: &[(u32, Vec<usize>)],
    ) -> Result<Steps, Error> {
        let [depth, height, width] = self.grid.shape;
        let plane = (height * width * size_of::<f32>()) as u64;
        let first = self.octave(0, &octaves[0].1, 0);
        let reach = Octave::reach(&first.levels) + self.params.preprocess.reach();
        let coarse = if octaves.len() > 1 {
            (depth as u64 * plane).div_ceil(8)
        } else {
            0
        };
        let needs = |chunk: usize, slab: usize| {
            let held = depth.min(chunk + 2 * reach) + 2 * depth.min(slab + 2);
            held as u64 * plane + coarse * 9 / 8
        };
        let threads = rayon::current_num_threads();
        let wanted = Steps {
            chunk: 128,
            slab: (2 * threads).clamp(16, 64),
        };
        let Some(allowed) = memory_bytes else {
            return Ok(wanted);
        };
        for (chunk, slab) in [
            (wanted.chunk, wanted.slab),
            (64, 16),
            (32, 16),
            (16, 8),
            (8, 4),
            (2, 2),
        ] {
            if needs(chunk, slab) <= allowed {
                return Ok(Steps { chunk, slab });
            }
        }
        Err(Error::Memory {
            needed: needs(2, 2),
            allowed,
        })
    }

    /// Suppression, threshold, and what is left out.
    fn choose(&self, maxima: &[Maximum], sums: &[LevelSums]) -> (ParticleSet, SearchReport) {
        let level_std: Vec<f64> = sums.iter().map(LevelSums::std).collect();
        let score = |maximum: &Maximum| match level_std[maximum.level] {
            std if self.params.normalize_levels && std > 0.0 => {
                (f64::from(maximum.value) / std) as f32
            }
            _ => maximum.value,
        };
        let mut ranked: Vec<(f32, [f64; 3], &Maximum)> = maxima
            .iter()
            .map(|maximum| (score(maximum), self.place(maximum), maximum))
            .collect();
        ranked.sort_by(|a, b| {
            b.0.total_cmp(&a.0)
                .then_with(|| a.1.partial_cmp(&b.1).expect("places are finite"))
        });
        let mut report = SearchReport {
            maxima: maxima.len(),
            kept: 0,
            threshold: 0.0,
            specimen: self.specimen.clone(),
            outside: 0,
            gold: 0,
            edges: 0,
            level_std,
        };
        // Padding and margins go first: what lies there must not take out its neighbours, and is no measure of the rest.
        ranked.retain(|(_, place, _)| self.is_inside(*place));
        report.outside = maxima.len() - ranked.len();
        let of_all = moments(ranked.iter().map(|(score, ..)| *score));
        let places: Vec<[f64; 3]> = ranked.iter().map(|(_, place, _)| *place).collect();
        let kept = suppress_within(&places, self.plan.min_distance_vox).expect("validated");
        report.kept = kept.len();
        let of_kept = moments(kept.iter().map(|&number| ranked[number].0));
        report.threshold = match self.params.threshold {
            Threshold::AboveKept(factor) => (of_kept.0 + factor * of_kept.1) as f32,
            Threshold::AboveMaxima(factor) => (of_all.0 + factor * of_all.1) as f32,
            Threshold::Score(score) => score,
        };
        let mut set = ParticleSet::new("", self.grid);
        let above: Vec<_> = kept
            .into_iter()
            .map(|number| &ranked[number])
            .take_while(|(score, ..)| *score > report.threshold)
            .collect();
        // Best first, so the middle one is the median.
        let median = above.get(above.len() / 2).map_or(0.0, |(score, ..)| *score);
        let brightest = f64::from(median) * self.params.gold_ratio;
        for (score, [z, y, x], maximum) in above {
            if f64::from(*score) > brightest {
                report.gold += 1;
            } else if f64::from(maximum.elongation) > self.params.max_elongation {
                report.edges += 1;
            } else {
                let position = VoxelPos {
                    z: *z,
                    y: *y,
                    x: *x,
                };
                set.items.push(Particle {
                    score: Some(*score),
                    ..Particle::at(position)
                });
            }
        }
        set.items
            .truncate(self.params.max_count.unwrap_or(usize::MAX));
        (set, report)
    }

    /// Where a maximum lies in voxels of the tomogram.
    fn place(&self, maximum: &Maximum) -> [f64; 3] {
        let block = f64::from(1_u32 << self.plan.levels[maximum.level].octave);
        [0, 1, 2].map(|axis| {
            let coarse = f64::from(maximum.voxel[axis]) + f64::from(maximum.offset[axis]);
            coarse * block + (block - 1.0) / 2.0
        })
    }

    fn is_inside(&self, place: [f64; 3]) -> bool {
        let voxel = [0, 1, 2].map(|axis| {
            let last = self.grid.shape[axis] - 1;
            (place[axis].round().max(0.0) as usize).min(last)
        });
        let within = |axis: usize| {
            let margin = self.params.margin_vox[axis];
            voxel[axis] >= margin && voxel[axis] + margin < self.grid.shape[axis]
        };
        (0..3).all(within)
            && self.specimen.contains(&voxel[0])
            && !self.scan.padding.contains(voxel[0], voxel[1], voxel[2])
    }
}

fn finish(octave: Octave<'_>, maxima: &mut Vec<Maximum>, sums: &mut [LevelSums]) {
    maxima.extend(octave.maxima);
    for ((number, _), sum) in octave.levels.iter().zip(octave.sums) {
        sums[*number] = sum;
    }
}

/// Bins the planes of `chunk`, which starts at an even plane.
fn bin_into(
    window: ArrayView3<'_, f32>,
    first: usize,
    chunk: &Range<usize>,
    coarse: &mut Array3<f32>,
) {
    let pairs = chunk.start / 2..(chunk.end / 2).min(coarse.shape()[0]);
    let planes = 2 * pairs.start - first..2 * pairs.end.max(pairs.start) - first;
    if !pairs.is_empty() {
        halve(
            window.slice(s![planes, .., ..]),
            coarse.slice_mut(s![pairs, .., ..]),
        );
    }
}

/// Means of blocks of 2 × 2 × 2 voxels; incomplete ones are dropped.
fn halve(fine: ArrayView3<'_, f32>, mut coarse: ArrayViewMut3<'_, f32>) {
    let pairs = fine.axis_chunks_iter(Axis(0), 2).into_par_iter();
    coarse
        .axis_iter_mut(Axis(0))
        .into_par_iter()
        .zip(pairs)
        .for_each(|(mut plane, pair)| {
            for (y, mut out) in plane.outer_iter_mut().enumerate() {
                let row = |z: usize, y: usize| {
                    let row = pair.index_axis_move(Axis(0), z).index_axis_move(Axis(0), y);
                    row.to_slice().expect("windows have standard layout")
                };
                let rows = [
                    row(0, 2 * y),
                    row(0, 2 * y + 1),
                    row(1, 2 * y),
                    row(1, 2 * y + 1),
                ];
                for (x, out) in out.iter_mut().enumerate() {
                    let sum: f32 = rows.iter().map(|row| row[2 * x] + row[2 * x + 1]).sum();
                    *out = 0.125 * sum;
                }
            }
        });
}

/// Mean and standard deviation (n − 1, as the reference) of the scores, in their order.
fn moments(scores: impl Iterator<Item = f32> + Clone) -> (f64, f64) {
    let count = scores.clone().count() as f64;
    if count < 2.0 {
        return (0.0, 0.0);
    }
    let mean = scores.clone().map(f64::from).sum::<f64>() / count;
    let squares = scores.map(|score| (f64::from(score) - mean).powi(2));
    (mean, (squares.sum::<f64>() / (count - 1.0)).sqrt())
}
