//! Finds a filament in a volume: candidates by contrast, then the curves that they lie on.
//!
//! Two dependencies, and neither libtorch nor a file format: the volume may come from wherever you have it.

use cryo_candidates::{
    CandidateParams, Scales,
    cryo_core::{Grid, Volume, VoxelSize, ndarray::Array3},
    find_candidates,
};
use cryo_tubes::{TubeParams, trace_tubes};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let volume = volume()?;
    let params = CandidateParams {
        scales: Scales::Diameters(vec![80.0]),
        ..CandidateParams::default()
    };
    let mut candidates = find_candidates(&volume, &params, None, &())?;
    println!("{} candidates", candidates.len());

    // The dots stand every 8 voxels; the noise answers much less.
    let best = candidates.items.first().and_then(|item| item.score);
    candidates.retain(|item| item.score > best.map(|score| 0.5 * score));
    let tracing = trace_tubes(&candidates, &TubeParams::default(), &())?;
    for tube in &tracing.tubes {
        println!(
            "a filament of {:.0} Å through {} candidates",
            tube.length_angstrom,
            tube.sources.len()
        );
    }
    let [tube] = tracing.tubes.as_slice() else {
        return Err(format!("expected one filament, got {}", tracing.tubes.len()).into());
    };
    if (tube.length_angstrom - 880.0).abs() > 40.0 {
        return Err(format!("expected 880 Å, got {}", tube.length_angstrom).into());
    }
    Ok(())
}

/// Dark balls of 8 voxels, 80 Å, in a row, in noise.
fn volume() -> Result<Volume, Box<dyn std::error::Error>> {
    let noise = |z: usize, y: usize, x: usize| {
        let hash = (z * 73_856_093) ^ (y * 19_349_663) ^ (x * 83_492_791);
        (hash.wrapping_mul(2_654_435_761) >> 16 & 0xff) as f32 / 255.0
    };
    let data = Array3::from_shape_fn((40, 60, 128), |(z, y, x)| {
        let [dz, dy] = [z, y].map(|i| i as f32).map(|i| i - 20.0);
        let along = x as f32 - 20.0;
        let nearest = (along / 8.0).round().clamp(0.0, 11.0) * 8.0;
        let inside = dz.hypot(dy - 8.0).hypot(along - nearest) < 4.0;
        noise(z, y, x) - if inside { 1.0 } else { 0.0 }
    });
    let size = VoxelSize::new(10.0).ok_or("a voxel needs a length")?;
    Ok(Volume::new(data, Grid::new([40, 60, 128], size))?)
}
