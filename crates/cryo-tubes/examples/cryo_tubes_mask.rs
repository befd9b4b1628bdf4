//! Makes picks out of a segmentation of filaments, traces them and scores them against the mask's centre line.
//!
//! Writes `picks.csv`, `ridge.csv` and `filaments.csv` into a folder. Run with
//! `cargo run --release -p cryo-tubes --example cryo_tubes_mask -- MASK.mrc FOLDER [SEED]`.

use std::path::PathBuf;

use cryo_core::{Grid, Particle, ParticleSet, VoxelPos, VoxelSize};
use cryo_io::{CoordinateFormat, Overwrite, Picks, PicksOptions, mrc, write_picks};
use cryo_tubes::{
    PaperParams, Tracing, TubeParams, to_particles, trace_tubes, trace_tubes_as_paper,
};
use ndarray::{Array3, ArrayView3};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let mask = words.next().ok_or("give a mask")?;
    let folder = PathBuf::from(words.next().ok_or("give a folder for the results")?);
    let seed: u64 = words.next().map_or(Ok(42), |word| word.parse())?;
    let options = mrc::ReadOptions {
        permissive: true,
        voxel_size_angstrom: Some(25.0),
        ..Default::default()
    };
    let volume = mrc::read(&mask, &options)?;
    let grid = Grid::new(volume.grid().shape, VoxelSize::new(25.0).ok_or("valid")?);

    let depth = depth_below_surface(volume.data().view());
    let ridge = ridge(depth.view());
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut picks = ParticleSet::new("mask", grid);
    // A picker finds a point every few voxels, a voxel off; it misses a fifth, and a fifth is wrong.
    for &place in &sparse(&ridge, 3.0) {
        if rng.random::<f64>() < 0.2 {
            continue;
        }
        let mut off = || rng.sample::<f64, _>(StandardNormal);
        picks.items.push(Particle::at(VoxelPos::xyz(
            place.x + off(),
            place.y + off(),
            place.z + off(),
        )));
    }
    for _ in 0..picks.len() / 4 {
        let [z, y, x] = grid.shape.map(|n| rng.random_range(0.0..n as f64 - 1.0));
        picks.items.push(Particle::at(VoxelPos { z, y, x }));
    }
    println!(
        "{} voxels of the mask's ridge, {} picks",
        ridge.len(),
        picks.len()
    );
    let ours = trace_tubes(&picks, &TubeParams::default(), &())?;
    let paper = trace_tubes_as_paper(&picks, &PaperParams::default(), &())?;
    for (name, tracing) in [("curve", &ours), ("paper", &paper)] {
        let (recall, precision) = scores(&ridge, volume.data().view(), tracing);
        println!(
            "{name}: {} filaments, {recall:.3} of the ridge within 2 voxels of one, {precision:.3} of their points in the \
             mask or 1 voxel beside; {:?}",
            tracing.tubes.len(),
            tracing.dropped
        );
    }
    let mut centre = ParticleSet::new("mask", grid);
    centre.items = ridge.iter().map(|&place| Particle::at(place)).collect();
    let results = [
        ("picks.csv", picks.clone()),
        ("ridge.csv", centre),
        ("filaments.csv", to_particles(&picks, &ours.tubes)),
    ];
    for (name, set) in results {
        let picks = Picks {
            sets: vec![set],
            extra: Vec::new(),
        };
        write_picks(
            folder.join(name),
            CoordinateFormat::Csv,
            &picks,
            &PicksOptions::default(),
            Overwrite::Replace,
        )?;
    }
    Ok(())
}

/// City-block distance of each voxel of the mask from the nearest voxel outside in its slice, as such masks are drawn
/// slice by slice; the edge of the volume is no surface.
fn depth_below_surface(mask: ArrayView3<'_, f32>) -> Array3<u16> {
    let mut depth = mask.mapv(|value| if value > 0.5 { u16::MAX / 2 } else { 0 });
    let shape = depth.dim();
    let steps = [(0, 1, 0), (0, 0, 1)];
    for backwards in [false, true] {
        let count = depth.len();
        for n in 0..count {
            let n = if backwards { count - 1 - n } else { n };
            let (z, y, x) = (n / (shape.1 * shape.2), n / shape.2 % shape.1, n % shape.2);
            for (dz, dy, dx) in steps {
                let beside = if backwards {
                    depth.get((z + dz, y + dy, x + dx))
                } else if z >= dz && y >= dy && x >= dx {
                    depth.get((z - dz, y - dy, x - dx))
                } else {
                    None
                };
                if let Some(&other) = beside {
                    depth[(z, y, x)] = depth[(z, y, x)].min(other + 1);
                }
            }
        }
    }
    depth
}

/// Voxels at least two deep than which no neighbour in their slice is deeper.
fn ridge(depth: ArrayView3<'_, u16>) -> Vec<VoxelPos> {
    let near = |(z, y, x): (usize, usize, usize)| {
        let range = |n: usize| n.saturating_sub(1)..n + 2;
        range(y).flat_map(move |y| range(x).map(move |x| (z, y, x)))
    };
    depth
        .indexed_iter()
        .filter(|&(_, &value)| value >= 2)
        .filter(|&(place, value)| {
            near(place).all(|other| depth.get(other).is_none_or(|other| other <= value))
        })
        .map(|((z, y, x), _)| VoxelPos::zyx(z as f64, y as f64, x as f64))
        .collect()
}

/// Places of which no two are nearer than `distance`.
fn sparse(places: &[VoxelPos], distance: f64) -> Vec<VoxelPos> {
    let mut kept: Vec<VoxelPos> = Vec::new();
    for &place in places {
        if kept
            .iter()
            .all(|other| other.distance_to(place) >= distance)
        {
            kept.push(place);
        }
    }
    kept
}

/// Part of the ridge near a filament, and part of the filaments' points in the mask or beside it.
fn scores(ridge: &[VoxelPos], mask: ArrayView3<'_, f32>, tracing: &Tracing) -> (f64, f64) {
    let points: Vec<VoxelPos> = tracing
        .tubes
        .iter()
        .flat_map(|tube| tube.points.iter().map(|p| p.position))
        .collect();
    let found = ridge
        .iter()
        .filter(|place| points.iter().any(|point| point.distance_to(**place) <= 2.0))
        .count();
    let inside = |point: &&VoxelPos| {
        let index = |value: f64| value.round().max(0.0) as usize;
        let (z, y, x) = (index(point.z), index(point.y), index(point.x));
        let range = |n: usize| n.saturating_sub(1)..n + 2;
        range(z).any(|z| {
            range(y)
                .any(|y| range(x).any(|x| mask.get((z, y, x)).is_some_and(|&value| value > 0.5)))
        })
    };
    let right = points.iter().filter(inside).count();
    (
        found as f64 / ridge.len() as f64,
        right as f64 / points.len().max(1) as f64,
    )
}
