//! One particle in a tomogram, in the same tomogram binned, in ångström and in the images of a tilt series.
//!
//! Run with `cargo run -p cryo-core --example cryo_core_positions`.

use cryo_core::{
    AngstromPos, Grid, Orientation, Particle, ParticleSet, Tilt, TiltGeometry, TiltSign, VoxelPos,
    VoxelSize,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let size = VoxelSize::new(5.0).ok_or("a voxel needs a length")?;
    let grid = Grid::new([200, 400, 400], size);
    let mut set = ParticleSet::new("ts_01", grid);
    let ribosome = set.class_number("ribosome");
    set.items.push(Particle {
        score: Some(0.9),
        class: Some(ribosome),
        orientation: Some(Orientation::from_zyz_deg(30.0, 90.0, 0.0)),
        ..Particle::at(VoxelPos::xyz(123.5, 240.0, 88.0))
    });

    // A grid knows where its voxels lie, so a position moves to another binning without a factor.
    let binned = grid.binned([2; 3]).ok_or("the grid is large enough")?;
    let same = set.resampled_to(&binned);
    let (before, after) = (set.items[0].position, same.items[0].position);
    let place = grid.angstrom_from_voxel(before);
    println!("{before:?} is {after:?} of {binned}");
    assert!(place.distance_to(binned.angstrom_from_voxel(after)) < 1e-9);

    // Where the particle's z axis points.
    let axis = AngstromPos::xyz(0.0, 0.0, 1.0);
    let turned = set.items[0]
        .orientation
        .map(|orientation| orientation.rotate(axis));
    println!("its axis points to {turned:?}");

    let tilts: Vec<Tilt> = (-20..=20).map(|i| Tilt::at(3.0 * f64::from(i))).collect();
    let geometry = TiltGeometry::centred(tilts, TiltSign::Positive, &grid, [400, 400], 5.0);
    let seen: Vec<_> = [0, 20, 40]
        .map(|tilt| (tilt, geometry.project(tilt, place)))
        .into();
    for (tilt, pixel) in &seen {
        println!("image {tilt}: {pixel:?}");
    }
    let found = geometry
        .triangulate(&seen)
        .ok_or("three angles tell the depth")?;
    assert!(found.distance_to(place) < 1e-6);
    Ok(())
}
