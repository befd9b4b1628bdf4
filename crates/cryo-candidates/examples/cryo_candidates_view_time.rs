//! Prints how many views of 36 pixels a second are cut out, for each kind, on all threads of the pool.
//!
//! Run with `cargo run --release -p cryo-candidates --example cryo_candidates_view_time`.

use std::time::Instant;

use cryo_candidates::{
    BoxSize, LazyViews, Plane, Sampling, SliceViewParams, TiltViewParams, ViewNormalization,
    slice_views, tilt_views,
};
use cryo_core::{
    Grid, Particle, ParticleSet, Tilt, TiltGeometry, TiltSeries, TiltSign, Volume, VoxelPos,
    VoxelSize,
};
use ndarray::Array3;

const BATCH: usize = 256;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let grid = Grid::new([256, 512, 512], VoxelSize::new(10.0).ok_or("positive")?);
    let value = |(z, y, x): (usize, usize, usize)| ((z * 31 + y * 17 + x * 7) % 251) as f32;
    let volume = Volume::new(Array3::from_shape_fn((256, 512, 512), value), grid)?;
    let tilts = (-20..=20).map(|i| Tilt::at(3.0 * f64::from(i))).collect();
    let geometry = TiltGeometry::centred(tilts, TiltSign::Positive, &grid, [512, 512], 10.0);
    let series = TiltSeries::new(Array3::from_shape_fn((41, 512, 512), value), geometry)?;
    let mut set = ParticleSet::new("ts_01", grid);
    let place = |i: u32| [i * 211 % 512, i * 97 % 512, i * 53 % 256].map(|n| f64::from(n) + 0.3);
    let at = |[x, y, z]: [f64; 3]| Particle::at(VoxelPos::xyz(x, y, z));
    set.items.extend((0..10_240).map(place).map(at));

    let size = BoxSize::Pixels(36);
    let base = SliceViewParams {
        size,
        ..SliceViewParams::default()
    };
    let show = |name: &str, views: &LazyViews<'_>| time(name, views);
    show("3 slices, mean", &slice_views(&volume, &set, &base)?)?;
    let channels = SliceViewParams {
        combine: None,
        ..base.clone()
    };
    show(
        "3 slices, channels",
        &slice_views(&volume, &set, &channels)?,
    )?;
    let planes = vec![Plane::Xy, Plane::Xz, Plane::Yz];
    let planes = SliceViewParams {
        planes,
        ..base.clone()
    };
    show(
        "3 slices of 3 planes",
        &slice_views(&volume, &set, &planes)?,
    )?;
    let linear = SliceViewParams {
        sampling: Sampling::Linear,
        ..base
    };
    show("3 slices, linear", &slice_views(&volume, &set, &linear)?)?;
    let base = TiltViewParams {
        size,
        ..TiltViewParams::default()
    };
    show("11 tilts", &tilt_views(&series, &set, &base)?)?;
    let linear = TiltViewParams {
        sampling: Sampling::Linear,
        ..base
    };
    show("11 tilts, linear", &tilt_views(&series, &set, &linear)?)?;
    Ok(())
}

/// Views a second in batches, and in a pass for statistics.
fn time(name: &str, views: &LazyViews<'_>) -> Result<(), cryo_candidates::Error> {
    let mut buffer = vec![0.0; BATCH * views.view_len()];
    let numbers: Vec<usize> = (0..views.len()).collect();
    let start = Instant::now();
    for batch in numbers.chunks_exact(BATCH) {
        views.fill(batch, &mut buffer)?;
    }
    let filled = views.len() as f64 / start.elapsed().as_secs_f64();
    let start = Instant::now();
    ViewNormalization::of(views, &())?;
    let measured = views.len() as f64 / start.elapsed().as_secs_f64();
    println!("{name:22} {filled:9.0} views/s in batches of {BATCH}, {measured:9.0} measured");
    Ok(())
}
