//! Particle tables of RELION 3, 4, 5 and Warp: what is written is read again as it was.

use cryo_core::{
    CentreRule, FilamentPoint, Grid, Orientation, Particle, ParticleSet, VoxelPos, VoxelSize,
};
use cryo_io::{
    BinningRule, ExtraColumn, Frame, Frames, IndexBase, Overwrite, Picks, PicksOptions,
    star::{
        Document,
        relion::{self, Convention},
    },
};
use proptest::prelude::*;

const CONVENTIONS: [Convention; 4] = [
    Convention::Relion3,
    Convention::Relion4,
    Convention::Relion5,
    Convention::Warp,
];

/// Two tomograms of different odd and even sizes, everything that a particle can have.
fn scene(voxel: f64, shapes: [[usize; 3]; 2], places: &[[f64; 3]]) -> Picks {
    let mut picks = Picks::default();
    for (index, shape) in shapes.into_iter().enumerate() {
        let grid = Grid::new(shape, VoxelSize::new(voxel).unwrap());
        let mut set = ParticleSet::new(format!("ts_{index}"), grid);
        set.classes.insert(2, "ribosome 80S".to_owned());
        for (n, [z, y, x]) in places.iter().enumerate() {
            let mut particle = Particle::at(VoxelPos::zyx(
                z * shape[0] as f64,
                y * shape[1] as f64,
                x * shape[2] as f64,
            ));
            particle.score = (n % 3 > 0).then_some(n as f32 / 7.0);
            particle.class = (n % 4 > 0).then_some(2);
            particle.orientation = Orientation::from_quaternion([x + 0.1, *y, *z, x - y]);
            particle.filament = (n % 2 > 0).then_some(FilamentPoint {
                id: 1 + n as u32 / 3,
                arc_length_angstrom: Some(n as f64 * 12.5),
            });
            set.items.push(particle);
        }
        picks.sets.push(set);
    }
    let values = (0..picks.len()).map(|n| format!("value {n}")).collect();
    picks.extra.push(ExtraColumn {
        name: "userColumn".to_owned(),
        values,
    });
    picks
}

fn assert_same(found: &Picks, wanted: &Picks, convention: Convention) {
    assert_eq!(found.sets.len(), wanted.sets.len());
    for (found, wanted) in found.sets.iter().zip(&wanted.sets) {
        assert_eq!(found.tomogram, wanted.tomogram);
        for (a, b) in found.items.iter().zip(&wanted.items) {
            let (x, y) = (
                found.grid.angstrom_from_voxel(a.position),
                wanted.grid.angstrom_from_voxel(b.position),
            );
            assert!(x.distance_to(y) < 1e-6, "{convention}: {x:?} is not {y:?}");
            assert_eq!(
                (a.score, a.class, a.filament),
                (b.score, b.class, b.filament)
            );
            assert!(a.orientation.unwrap().angle_to_deg(b.orientation.unwrap()) < 1e-6);
        }
    }
    let wanted_extra = wanted
        .extra
        .iter()
        .find(|column| column.name == "userColumn");
    assert_eq!(
        found
            .extra
            .iter()
            .find(|column| column.name == "userColumn"),
        wanted_extra
    );
}

#[test]
fn every_convention_round_trips_at_odd_sizes_and_binnings() {
    let places = [
        [0.1, 0.7, 0.3],
        [0.9, 0.2, 0.6],
        [0.0, 1.0, 0.5],
        [0.33, 0.44, 0.55],
        [0.6, 0.1, 0.9],
    ];
    for by in [1_usize, 2, 4, 8] {
        for rule in [BinningRule::FirstVoxel, BinningRule::BlockCentre] {
            for centre in [
                CentreRule::Half,
                CentreRule::HalfMinusOne,
                CentreRule::FloorHalf,
            ] {
                let unbinned = [257, 601, 403];
                let picks = scene(
                    1.5 * by as f64,
                    [unbinned.map(|n| n / by), [64, 95, 127]],
                    &places,
                );
                let mut options = PicksOptions {
                    centre,
                    binning: rule,
                    ..PicksOptions::default()
                };
                options.frames.other.voxel_size = VoxelSize::new(1.5 * by as f64);
                options.frames.other.tilt_series_pixel_size = Some(1.5);
                for (name, shape) in [
                    ("ts_0", unbinned),
                    ("ts_1", [64, 95, 127].map(|n| n * by + by / 2)),
                ] {
                    let frame = Frame {
                        unbinned_shape: Some(shape),
                        ..Frame::default()
                    };
                    options.frames.named.insert(name.to_owned(), frame);
                }
                for convention in CONVENTIONS {
                    let document = relion::document_from(&picks, convention, &options).unwrap();
                    let text = document.to_string();
                    let document = Document::parse(text).unwrap();
                    assert_eq!(Convention::detect(&document).unwrap(), convention);
                    let again = relion::picks_from(&document, None, &options).unwrap();
                    assert_same(&again, &picks, convention);
                    assert_eq!(again.sets[0].classes, picks.sets[0].classes);
                }
            }
        }
    }
}

#[test]
fn relion_5_and_4_files_of_ours_are_read_without_their_tomograms() {
    let places = [[0.1, 0.7, 0.3], [0.9, 0.2, 0.6]];
    let picks = scene(10.0, [[33, 75, 101], [64, 95, 127]], &places);
    let mut options = PicksOptions::default();
    options.frames.other.tilt_series_pixel_size = Some(2.5);
    let unbinned = Frame {
        unbinned_shape: Some([134, 301, 407]),
        ..Frame::default()
    };
    options.frames.named.insert("ts_0".to_owned(), unbinned);
    for convention in [Convention::Relion5, Convention::Relion4] {
        let document = relion::document_from(&picks, convention, &options).unwrap();
        let again = relion::picks_from(&document, None, &PicksOptions::default()).unwrap();
        assert_same(&again, &picks, convention);
        let grids = |picks: &Picks| picks.sets.iter().map(|set| set.grid).collect::<Vec<_>>();
        assert_eq!(grids(&again), grids(&picks), "{convention}");

        // What the caller says of a tomogram wins: another size moves centred coordinates.
        let mut other = PicksOptions::default();
        other.frames.other.unbinned_shape = Some([134, 301, 411]);
        let moved = relion::picks_from(&document, None, &other).unwrap();
        let by = moved.sets[0].items[0].position.x - picks.sets[0].items[0].position.x;
        let expected = if convention == Convention::Relion5 {
            4.0 / 2.0 / 4.0
        } else {
            0.0
        };
        assert!((by - expected).abs() < 1e-9, "{convention}: moved by {by}");
    }
}

#[test]
fn unbinned_pixels_follow_the_binning_rule() {
    let picks = scene(8.0, [[10, 20, 30], [11, 21, 31]], &[[0.5, 0.5, 0.5]]);
    let mut options = PicksOptions::default();
    options.frames.other.tilt_series_pixel_size = Some(2.0);
    let x = |options: &PicksOptions| {
        let document = relion::document_from(&picks, Convention::Relion4, options).unwrap();
        let table = document
            .require("particles")
            .unwrap()
            .require_table()
            .unwrap();
        table.column_f64("rlnCoordinateX").unwrap()[0]
    };
    assert_eq!(x(&options), 60.0);
    options.binning = BinningRule::BlockCentre;
    assert_eq!(x(&options), 61.5);
    options.index_base = Some(IndexBase::One);
    assert_eq!(x(&options), 62.5);
    let document = relion::document_from(&picks, Convention::Relion4, &options).unwrap();
    let again = relion::picks_from(
        &document,
        None,
        &PicksOptions {
            frames: Frames::all(Frame::of(&picks.sets[0].grid)),
            ..options
        },
    )
    .unwrap();
    assert!((again.sets[0].items[0].position.x - 15.0).abs() < 1e-12);
}

#[test]
fn what_cannot_be_written_is_refused() {
    let places = [[0.5, 0.25, 0.75], [0.1, 0.2, 0.3]];
    let mut options = PicksOptions::default();
    let picks = scene(8.0, [[10, 20, 30], [11, 21, 31]], &places);
    let write = |picks: &Picks, convention, options: &PicksOptions| {
        relion::document_from(picks, convention, options)
            .unwrap_err()
            .to_string()
    };
    let message = write(&picks, Convention::Relion5, &options);
    assert!(
        message.starts_with("the tilt-series pixel size of tomogram \"ts_0\" is needed"),
        "{message}"
    );
    options.frames.other.tilt_series_pixel_size = Some(2.0);
    options.frames.other.voxel_size = VoxelSize::new(7.0);
    let message = write(&picks, Convention::Relion4, &options);
    assert!(
        message.starts_with(
            "voxel size of tomogram \"ts_0\": expected 8 Å as the positions are counted, got 7 Å"
        ),
        "{message}"
    );
    options.frames.other.voxel_size = None;
    let mut odd = picks.clone();
    odd.extra[0].values.pop();
    assert_eq!(
        write(&odd, Convention::Warp, &options),
        "values of column \"userColumn\": expected 4, got 3"
    );
    let mut odd = picks.clone();
    odd.sets[0].items[0].position.x = f64::NAN;
    assert!(
        write(&odd, Convention::Warp, &options)
            .starts_with("position of particle 0: expected finite numbers")
    );
    let mut odd = picks;
    odd.sets[0].items[1].filament = Some(FilamentPoint {
        id: 1,
        arc_length_angstrom: None,
    });
    assert!(
        write(&odd, Convention::Warp, &options)
            .starts_with("filament points with an arc length: expected all or none, got 1 of 2")
    );
}

#[test]
fn no_particles_are_no_error() {
    let mut empty = scene(8.0, [[10, 20, 30], [11, 21, 31]], &[]);
    empty.extra[0].values.clear();
    for convention in CONVENTIONS {
        let text = relion::document_from(&empty, convention, &PicksOptions::default())
            .unwrap()
            .to_string();
        let again = relion::picks_from(
            &Document::parse(text).unwrap(),
            Some(convention),
            &PicksOptions::default(),
        );
        assert_eq!(again.unwrap().len(), 0);
    }
}

#[test]
fn a_written_file_is_never_replaced_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("particles.star");
    let picks = scene(8.0, [[10, 20, 30], [11, 21, 31]], &[[0.5, 0.25, 0.75]]);
    let mut options = PicksOptions::default();
    options.frames.other.tilt_series_pixel_size = Some(2.0);
    relion::write(
        &path,
        &picks,
        Convention::Relion5,
        &options,
        Overwrite::Never,
    )
    .unwrap();
    assert!(
        relion::write(
            &path,
            &picks,
            Convention::Relion5,
            &options,
            Overwrite::Never
        )
        .is_err()
    );
    relion::write(
        &path,
        &picks,
        Convention::Warp,
        &options,
        Overwrite::Replace,
    )
    .unwrap();
    let again = relion::read_as(&path, Convention::Warp, &options).unwrap();
    assert_eq!(again.len(), 2);
    assert_eq!(
        again.sets[1].items[0].position,
        picks.sets[1].items[0].position
    );
}

fn any_place() -> impl Strategy<Value = [f64; 3]> {
    [-0.5..1.5_f64, -0.5..1.5_f64, -0.5..1.5_f64]
}

proptest! {
    #[test]
    fn what_is_written_is_read(places in proptest::collection::vec(any_place(), 1..8), by in 1_usize..9) {
        let picks = scene(1.37 * by as f64, [[41, 50, 63], [22, 37, 20]], &places);
        let mut options = PicksOptions::default();
        options.frames.other.voxel_size = VoxelSize::new(1.37 * by as f64);
        options.frames.other.tilt_series_pixel_size = Some(1.37);
        for (set, odd) in picks.sets.iter().zip([1, 0]) {
            let unbinned_shape = Some(set.grid.shape.map(|n| n * by + odd));
            options.frames.named.insert(set.tomogram.clone(), Frame { unbinned_shape, ..Frame::default() });
        }
        for convention in CONVENTIONS {
            let text = relion::document_from(&picks, convention, &options).unwrap().to_string();
            let again = relion::picks_from(&Document::parse(text).unwrap(), None, &options).unwrap();
            assert_same(&again, &picks, convention);
        }
    }
}
