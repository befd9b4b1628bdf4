//! One place through all coordinate formats.

use cryo_core::{Grid, Particle, ParticleSet, VoxelPos, VoxelSize};
use cryo_io::{Frame, Frames, Overwrite, Picks, PicksOptions, copick, dynamo, em, imod, tables};

fn angstroms(picks: &Picks) -> Vec<VoxelPos> {
    let set = &picks.sets[0];
    let places = set.items.iter();
    places
        .map(|item| {
            let place = set.grid.angstrom_from_voxel(item.position);
            VoxelPos::xyz(place.x, place.y, place.z)
        })
        .collect()
}

#[test]
fn place_survives_all_formats_within_a_thousandth_of_an_angstrom() {
    for voxel in [1.0, 2.17, 5.36, 13.48, 20.01] {
        for shape in [[300, 928, 960], [301, 1023, 999], [7, 5, 3]] {
            let grid = Grid::new(shape, VoxelSize::new(voxel).expect("positive"));
            let mut set = ParticleSet::new("TS_01", grid);
            let [nz, ny, nx] = shape.map(|n| n as f64);
            for n in 0..50 {
                let along = f64::from(n) / 49.0;
                let bent = (f64::from(n) * 0.7).sin().abs();
                let position = VoxelPos::xyz(
                    (nx - 1.0) * along,
                    (ny - 1.0) * bent,
                    (nz - 1.0) * (1.0 - along),
                );
                set.items.push(Particle::at(position));
            }
            let start = Picks {
                sets: vec![set],
                extra: Vec::new(),
            };
            let expected = angstroms(&start);
            let dir = tempfile::tempdir().expect("dir");
            let path = |name: &str| dir.path().join(name);
            let options = PicksOptions {
                tomogram: Some("TS_01".to_owned()),
                frames: Frames::all(Frame::of(&grid)),
                ..PicksOptions::default()
            };
            let never = Overwrite::Never;

            copick::write(path("a.json"), &start, &options, never).expect("copick");
            let picks = copick::read(path("a.json"), &options).expect("copick");
            imod::write(path("a.mod"), &picks, &options, never).expect("IMOD");
            let picks = imod::read(path("a.mod"), &options).expect("IMOD");
            dynamo::write(path("a.tbl"), &picks, &options, never).expect("Dynamo");
            let picks = dynamo::read(path("a.tbl"), &options).expect("Dynamo");
            em::write(path("a.em"), &picks, &options, never).expect("EM");
            let mut numbered = options.clone();
            numbered.numbers.insert(1, "TS_01".to_owned());
            let picks = em::read(path("a.em"), &numbered).expect("EM");
            tables::write(path("a.csv"), &picks, &options, never).expect("table");
            let picks = tables::read(path("a.csv"), &PicksOptions::default()).expect("table");

            assert_eq!(picks.sets[0].tomogram, "TS_01");
            let places = angstroms(&picks);
            assert_eq!(places.len(), expected.len());
            for (place, expected) in places.iter().zip(&expected) {
                let off = place.distance_to(*expected);
                assert!(
                    off < 1e-3,
                    "{off} Å at {expected:?}, voxel {voxel}, {shape:?}"
                );
            }
        }
    }
}
