//! Projection of positions into tilted images, and back.

use cryo_core::{
    AngstromPos, Grid, ImagePos, ImageTransform, Tilt, TiltGeometry, TiltSign, VoxelPos, VoxelSize,
};
use proptest::prelude::*;

fn milopyp(angle_deg: f64) -> TiltGeometry {
    let grid = Grid::new([256, 512, 512], VoxelSize::new(1.0).unwrap());
    let tilts = vec![Tilt::at(angle_deg)];
    TiltGeometry::centred(tilts, TiltSign::Negative, &grid, [512, 512], 1.0)
}

fn trunc(seen: ImagePos) -> (i64, i64) {
    (seen.x as i64, seen.y as i64)
}

#[test]
fn projection_matches_milopyp_check_values() {
    // milopyp-spec D.1, W = 512, D = 256.
    let near = AngstromPos::xyz(300.0, 200.0, 60.0);
    assert_eq!(trunc(milopyp(20.0).project(0, near)), (320, 200));
    assert_eq!(trunc(milopyp(-20.0).project(0, near)), (274, 200));
    let far = AngstromPos::xyz(100.0, 50.0, 200.0);
    assert_eq!(trunc(milopyp(12.0).project(0, far)), (88, 50));
    let centre = AngstromPos::xyz(256.0, 256.0, 128.0);
    assert_eq!(milopyp(37.0).project(0, centre), ImagePos::yx(256.0, 256.0));
}

#[test]
fn positive_sign_matches_closed_form_of_the_data_sets() {
    let grid = Grid::new([64, 96, 128], VoxelSize::new(10.0).unwrap());
    let tilts = vec![Tilt::at(90.0)];
    let geometry = TiltGeometry::centred(tilts, TiltSign::Positive, &grid, [96, 128], 10.0);
    // At 90° only the height is seen: x' = (z − cz) + cx.
    let seen = geometry.project(0, grid.angstrom_from_voxel(VoxelPos::xyz(7.0, 20.0, 40.0)));
    assert!((seen.x - (40.0 - 32.0 + 64.0)).abs() < 1e-12);
    assert!((seen.y - 20.0).abs() < 1e-12);
}

#[test]
fn odd_sizes_and_binned_volumes_keep_the_rotation_centre() {
    let fine = Grid::new([63, 95, 127], VoxelSize::new(2.5).unwrap());
    for factor in [1, 2, 4, 8] {
        let coarse = fine.binned([factor; 3]).unwrap();
        let tilts = vec![Tilt::at(33.0)];
        let geometry = TiltGeometry::centred(tilts, TiltSign::Positive, &fine, [95, 127], 2.5);
        let place = VoxelPos::xyz(100.0, 11.0, 50.0);
        let counted = coarse.voxel_from(&fine, place);
        let direct = geometry.project(0, fine.angstrom_from_voxel(place));
        let through = geometry.project(0, coarse.angstrom_from_voxel(counted));
        assert!(direct.distance_to(through) < 1e-9, "binning {factor}");
    }
}

#[test]
fn at_height_tells_nothing_at_ninety_degrees() {
    let geometry = milopyp(90.0);
    assert_eq!(geometry.at_height(0, ImagePos::yx(1.0, 2.0), 3.0), None);
}

#[test]
fn triangulation_needs_two_angles() {
    let grid = Grid::new([64, 96, 128], VoxelSize::new(10.0).unwrap());
    let tilts = vec![Tilt::at(10.0), Tilt::at(10.0)];
    let geometry = TiltGeometry::centred(tilts, TiltSign::Positive, &grid, [96, 128], 10.0);
    let seen = ImagePos::yx(4.0, 5.0);
    assert_eq!(geometry.triangulate(&[]), None);
    assert_eq!(geometry.triangulate(&[(0, seen)]), None);
    assert_eq!(geometry.triangulate(&[(0, seen), (1, seen)]), None);
}

proptest! {
    #[test]
    fn inverses_undo_the_projection(
        x in -500.0..1500.0_f64, y in -500.0..1500.0_f64, z in -500.0..1500.0_f64,
        first in -70.0..-5.0_f64, second in 5.0..70.0_f64,
        turn in -90.0..90.0_f64, dx in -20.0..20.0_f64, dy in -20.0..20.0_f64,
        positive: bool,
    ) {
        let grid = Grid::new([61, 93, 127], VoxelSize::new(7.5).unwrap());
        let sign = if positive { TiltSign::Positive } else { TiltSign::Negative };
        let image_from_aligned = ImageTransform::rotated_deg(turn, ImagePos::yx(dy, dx));
        let tilts = [first, second].map(|angle| Tilt { image_from_aligned, ..Tilt::at(angle) });
        let geometry = TiltGeometry::centred(tilts.to_vec(), sign, &grid, [93, 127], 3.75);
        let place = AngstromPos::xyz(x, y, z);
        let seen = [0, 1].map(|tilt| (tilt, geometry.project(tilt, place)));
        for (tilt, position) in seen {
            let back = geometry.at_height(tilt, position, z).unwrap();
            prop_assert!(back.distance_to(place) < 1e-6);
        }
        let found = geometry.triangulate(&seen).unwrap();
        prop_assert!(found.distance_to(place) < 1e-5);
    }

    #[test]
    fn image_transform_inverse_undoes_it(
        angle in -180.0..180.0_f64, dx in -9.0..9.0_f64, dy in -9.0..9.0_f64,
        x in -900.0..900.0_f64, y in -900.0..900.0_f64,
    ) {
        let transform = ImageTransform::rotated_deg(angle, ImagePos::yx(dy, dx));
        let back = transform.inverse().unwrap().apply(transform.apply(ImagePos::yx(y, x)));
        prop_assert!(back.distance_to(ImagePos::yx(y, x)) < 1e-9);
    }
}
