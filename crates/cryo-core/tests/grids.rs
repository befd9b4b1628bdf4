//! Grids, volumes and particle sets.

use cryo_core::{
    AngstromPos, CentreRule, Grid, Particle, ParticleSet, Progress, Tilt, TiltGeometry, TiltSeries,
    TiltSign, Volume, VoxelPos, VoxelSize,
};
use ndarray::{Array3, s};
use proptest::prelude::*;

fn grid() -> Grid {
    let size = VoxelSize::zyx(11.0, 10.0, 9.0).unwrap();
    Grid::new([5, 7, 9], size).with_origin(AngstromPos::xyz(-3.0, 2.0, 100.0))
}

#[test]
fn contains_takes_half_a_voxel_around_the_outer_centres() {
    assert!(grid().contains(VoxelPos::xyz(-0.5, 6.49, 4.49)));
    assert!(!grid().contains(VoxelPos::xyz(-0.51, 0.0, 0.0)));
    assert!(!grid().contains(VoxelPos::xyz(0.0, 6.5, 0.0)));
    assert!(!grid().contains(VoxelPos::xyz(0.0, 0.0, f64::NAN)));
}

#[test]
fn centre_rules_differ_for_odd_sizes() {
    let centres = [
        CentreRule::Half,
        CentreRule::HalfMinusOne,
        CentreRule::FloorHalf,
    ]
    .map(|rule| grid().centre(rule));
    assert_eq!(centres[0], VoxelPos::zyx(2.5, 3.5, 4.5));
    assert_eq!(centres[1], VoxelPos::zyx(1.5, 2.5, 3.5));
    assert_eq!(centres[2], VoxelPos::zyx(2.0, 3.0, 4.0));
}

#[test]
fn binning_to_nothing_is_refused() {
    assert!(grid().binned([0, 1, 1]).is_none());
    assert!(grid().binned([6, 1, 1]).is_none());
    assert_eq!(grid().binned([2, 2, 4]).unwrap().shape, [2, 3, 2]);
}

#[test]
fn crops_know_where_they_lie() {
    let data = Array3::from_shape_fn((5, 7, 9), |(z, y, x)| (100 * z + 10 * y + x) as f32);
    let volume = Volume::new(data, grid()).unwrap();
    let crop = volume.crop([1, 2, 3], [2, 3, 4]).unwrap();
    assert_eq!(crop.data()[[0, 0, 0]], 123.0);
    assert_eq!(
        crop.grid().angstrom_from_voxel(VoxelPos::default()),
        grid().angstrom_from_voxel(VoxelPos::zyx(1.0, 2.0, 3.0))
    );
    assert_eq!(crop.to_volume().data()[[1, 2, 3]], 246.0);
    assert!(volume.crop([4, 0, 0], [2, 1, 1]).is_err());
    assert!(volume.crop([usize::MAX, 0, 0], [2, 1, 1]).is_err());
}

#[test]
fn volumes_are_contiguous_whatever_came_in() {
    let wide = Array3::from_shape_fn((5, 7, 18), |(z, y, x)| (1000 * z + 100 * y + x) as f32);
    let volume = Volume::new(wide.slice(s![.., .., ..;2]).to_owned(), grid()).unwrap();
    assert!(volume.data().is_standard_layout());
    let fortran = Array3::from_shape_fn((9, 7, 5), |(x, y, z)| (100 * z + 10 * y + x) as f32);
    let volume = Volume::new(fortran.reversed_axes(), grid()).unwrap();
    assert!(volume.data().is_standard_layout());
    assert_eq!(volume.data()[[4, 6, 8]], 468.0);
}

#[test]
fn a_tilt_series_has_one_geometry_entry_an_image() {
    let tilts = vec![Tilt::at(0.0); 3];
    let geometry = TiltGeometry::centred(tilts, TiltSign::Positive, &grid(), [7, 9], 9.0);
    assert!(TiltSeries::new(Array3::zeros((3, 7, 9)), geometry.clone()).is_ok());
    let error = TiltSeries::new(Array3::zeros((2, 7, 9)), geometry).unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected an array of shape [3, 7, 9], got [2, 7, 9]"
    );
}

#[test]
fn scores_sort_descending_with_unknown_ones_last() {
    let mut set = ParticleSet::new("a", grid());
    for score in [
        Some(0.2),
        None,
        Some(f32::NAN),
        Some(0.9),
        Some(f32::NEG_INFINITY),
    ] {
        set.items.push(Particle {
            score,
            ..Particle::at(VoxelPos::default())
        });
    }
    set.sort_by_score();
    assert_eq!(set.items[0].score, Some(0.9));
    assert_eq!(set.items[1].score, Some(0.2));
    set.retain(|particle| particle.score.is_some_and(|score| score > 0.5));
    assert_eq!(set.len(), 1);
    assert_eq!(
        (set.class_number("ribosome"), set.class_number("tric")),
        (1, 2)
    );
    assert_eq!(set.class_number("ribosome"), 1);
}

#[test]
fn a_new_class_never_takes_the_number_of_another() {
    let mut set = ParticleSet::new("a", grid());
    set.classes.insert(u32::MAX, "last".to_owned());
    assert_eq!(set.class_number("new"), 1);
    assert_eq!(set.classes[&u32::MAX], "last");
}

#[test]
fn types_are_send_sync_and_unpin() {
    fn has_autotraits<T: Send + Sync + Unpin>() {}
    has_autotraits::<Volume>();
    has_autotraits::<TiltSeries>();
    has_autotraits::<ParticleSet>();
    let silent: &dyn Progress = &();
    silent.begin("nothing", 1);
    silent.advance(1);
    assert!(!silent.is_cancelled());
}

proptest! {
    #[test]
    fn places_survive_a_change_of_grid(
        x in -100.0..100.0_f64, y in -100.0..100.0_f64, z in -100.0..100.0_f64,
        factor in prop::sample::select(vec![1_usize, 2, 4, 8]),
    ) {
        let fine = Grid::new([17, 33, 65], VoxelSize::new(1.7).unwrap());
        let coarse = fine.binned([factor; 3]).unwrap();
        let mut set = ParticleSet::new("a", fine);
        set.items.push(Particle::at(VoxelPos::xyz(x, y, z)));
        let back = set.resampled_to(&coarse).resampled_to(&fine);
        prop_assert!(back.items[0].position.distance_to(VoxelPos::xyz(x, y, z)) < 1e-9);
    }
}
