use std::collections::BTreeMap;

use cryo_core::{ParticleSet, Progress};
use rayon::prelude::*;

use crate::{
    cloud::Cloud,
    cut::{Part, cut},
    direction::{Direction, direction_at},
    error::Error,
    finish::Finisher,
    grow::tracks,
    join::join,
    params::TubeParams,
    piece::Piece,
    tube::Tube,
};

/// The filaments of a set and what was left out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tracing {
    /// The filaments, the longest first within each class.
    pub tubes: Vec<Tube>,
    /// How many candidates were dropped, by reason.
    pub dropped: Dropped,
    /// Particles on no filament.
    pub unused: usize,
}

/// Candidates that did not become filaments; each counts once, by the first reason that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dropped {
    /// Of too few points.
    pub few_points: usize,
    /// Too short.
    pub short: usize,
    /// The residual is too large, or the fit not determined.
    pub rough: usize,
    /// The curvature is too large.
    pub bent: usize,
}

/// Why a candidate is no filament.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reason {
    FewPoints,
    Short,
    Rough,
    Bent,
}

impl Dropped {
    pub(crate) fn count(&mut self, reason: Reason) {
        match reason {
            Reason::FewPoints => self.few_points += 1,
            Reason::Short => self.short += 1,
            Reason::Rough => self.rough += 1,
            Reason::Bent => self.bent += 1,
        }
    }
}

/// The filaments that the particles of a set lie on.
///
/// Works in any direction, separates crossings and branches by direction and parallel filaments by distance,
/// passes over outliers and missed points, and gives curves by arc length with their true curvature. The method
/// is in `docs/methods/tubes.md`. Particles of different classes are traced separately, and orientations and
/// filament ids in the set are not used. An empty set, one particle and particles on no line have no filaments;
/// duplicates count once. Neither the order of the particles nor the number of threads changes the result. Time
/// grows in proportion to the number of particles and their neighbours within a link; all steps run in parallel.
///
/// # Errors
/// [`Error::Parameter`], [`Error::NonFinitePosition`], [`Error::NonFiniteScore`], [`Error::TooFarApart`],
/// [`Error::Cancelled`].
///
/// # Examples
/// ```
/// use cryo_core::{Grid, Particle, ParticleSet, VoxelPos, VoxelSize};
/// use cryo_tubes::{TubeParams, trace_tubes};
///
/// let mut picks = ParticleSet::new("ts_01", Grid::new([60, 80, 100], VoxelSize::new(10.0).expect("valid")));
/// // Two filaments that cross, along x and along z.
/// for n in 0..20 {
///     picks.items.push(Particle::at(VoxelPos::xyz(10.0 + 4.0 * f64::from(n), 40.0, 30.0)));
///     picks.items.push(Particle::at(VoxelPos::xyz(50.0, 40.0, 3.0 * f64::from(n))));
/// }
/// let tracing = trace_tubes(&picks, &TubeParams::default(), &())?;
/// assert_eq!(tracing.tubes.len(), 2);
/// assert!((tracing.tubes[0].length_angstrom - 760.0).abs() < 10.0);
/// assert!(tracing.tubes[1].points[0].tangent.z > 0.999);
/// # Ok::<(), cryo_tubes::Error>(())
/// ```
pub fn trace_tubes(
    set: &ParticleSet,
    params: &TubeParams,
    progress: &dyn Progress,
) -> Result<Tracing, Error> {
    params.validate()?;
    let mut classes: BTreeMap<Option<u32>, Vec<usize>> = BTreeMap::new();
    for (index, item) in set.items.iter().enumerate() {
        classes.entry(item.class).or_default().push(index);
    }
    let mut tracing = Tracing::default();
    for (class, members) in classes {
        trace_class(set, class, &members, params, progress, &mut tracing)?;
    }
    let mut used = vec![false; set.len()];
    for &source in tracing.tubes.iter().flat_map(|tube| &tube.sources) {
        used[source] = true;
    }
    tracing.unused = used.iter().filter(|&&used| !used).count();
    Ok(tracing)
}

fn trace_class(
    set: &ParticleSet,
    class: Option<u32>,
    members: &[usize],
    params: &TubeParams,
    progress: &dyn Progress,
    tracing: &mut Tracing,
) -> Result<(), Error> {
    let cloud = Cloud::new(set, members, params.link_distance_vox)?;
    let directions = directions(&cloud, params, progress)?;
    let pieces = pieces(&cloud, &directions, params, progress)?;
    progress.begin("joining pieces", 1);
    let chains = join(&cloud, &pieces, params);
    progress.advance(1);
    let mut is_free = vec![true; cloud.len()];
    for part in chains.iter().flatten() {
        for &(point, _) in &pieces[part.piece].members {
            is_free[point] = false;
        }
    }
    let finisher = Finisher {
        set,
        cloud: &cloud,
        pieces: &pieces,
        is_free: &is_free,
        params,
        class,
    };
    progress.begin("fitting filaments", chains.len() as u64);
    let finished: Vec<_> = chains
        .par_iter()
        .map(|chain| {
            progress.advance(1);
            finisher.tube(chain)
        })
        .collect();
    let mut tubes = Vec::new();
    for result in finished {
        match result {
            Ok(tube) => tubes.push(tube),
            Err(reason) => tracing.dropped.count(reason),
        }
    }
    // Stable, so that equal lengths keep the order of the cells.
    tubes.sort_by(|a, b| b.length_angstrom.total_cmp(&a.length_angstrom));
    tracing.tubes.append(&mut tubes);
    Ok(())
}

/// Points that are done between two looks at the progress.
const BLOCK: usize = 1024;

fn directions(
    cloud: &Cloud,
    params: &TubeParams,
    progress: &dyn Progress,
) -> Result<Vec<Direction>, Error> {
    progress.begin("directions of points", cloud.len() as u64);
    let blocks: Vec<Vec<Direction>> = (0..cloud.len().div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| {
            let points = block * BLOCK..((block + 1) * BLOCK).min(cloud.len());
            if progress.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let mut scratch = Vec::new();
            let count = points.len() as u64;
            let directions = points
                .map(|point| direction_at(cloud, point, params, &mut scratch))
                .collect();
            progress.advance(count);
            Ok(directions)
        })
        .collect::<Result<_, Error>>()?;
    Ok(blocks.into_iter().flatten().collect())
}

/// Parts of tracks with the points along them.
fn pieces(
    cloud: &Cloud,
    directions: &[Direction],
    params: &TubeParams,
    progress: &dyn Progress,
) -> Result<Vec<Piece>, Error> {
    let (tracks, owners) = tracks(cloud, directions, params, progress)?;
    progress.begin("cutting crossings", tracks.len() as u64);
    let parts = cut(&tracks, cloud, params);
    let piece = |part: &Part| {
        let mine = |point: usize| owners[point] == part.owner as u32;
        Piece::new(part, &tracks[part.owner], cloud, params, mine)
    };
    // In the order of the tracks, whoever is ready first.
    Ok(parts
        .par_iter()
        .map(piece)
        .collect::<Vec<_>>()
        .into_iter()
        .flatten()
        .collect())
}
