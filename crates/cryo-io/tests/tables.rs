//! Delimiter-separated tables: pandas' files, MiLoPYP's, simulated truth, conversions, malformed files.

mod points_common;

use cryo_core::{FilamentPoint, Grid, Orientation, Particle, ParticleSet, VoxelPos, VoxelSize};
use cryo_io::{ExtraColumn, IndexBase, Overwrite, Picks, PicksOptions, Severity, tables};
use points_common::{assert_close, fixture, mutations, options_with_voxel, shared};

fn parse(text: &str) -> Picks {
    let options = PicksOptions {
        tomogram: Some("t".to_owned()),
        ..options_with_voxel(2.0)
    };
    tables::parse(text.as_bytes(), &options).expect("readable")
}

fn positions(picks: &Picks) -> Vec<VoxelPos> {
    let items = picks.sets.iter().flat_map(|set| &set.items);
    items.map(|item| item.position).collect()
}

#[test]
fn coordinates_of_milopyp_are_read_as_they_are() {
    let path = fixture("tables", "milopyp_coords.txt");
    let picks = tables::read(path, &options_with_voxel(13.48)).expect("readable");
    let names: Vec<&str> = picks.sets.iter().map(|set| set.tomogram.as_str()).collect();
    assert_eq!(names, ["007", "012"], "leading zeros stay");
    assert_eq!(
        positions(&picks),
        [
            VoxelPos::xyz(10.0, 20.0, 5.0),
            VoxelPos::xyz(60.0, 82.0, 28.0),
            VoxelPos::xyz(3.0, 40.0, 17.0)
        ]
    );
}

#[test]
fn coordinates_for_milopyp_are_whole_voxels() {
    let grid = Grid::of_unknown_extent(VoxelSize::new(2.0).expect("positive"));
    let mut set = ParticleSet::new("01", grid);
    set.items.push(Particle::at(VoxelPos::xyz(1.6, 20.4, 3.5)));
    let mut picks = Picks {
        sets: vec![set],
        extra: Vec::new(),
    };
    let dir = tempfile::tempdir().expect("dir");
    let path = dir.path().join("coords.txt");
    tables::write_milopyp(&path, &picks, Overwrite::Never).expect("writes");
    let text = std::fs::read_to_string(&path).expect("text");
    assert_eq!(
        text,
        "image_name\tx_coord\ty_coord\tz_coord\n01\t2\t20\t4\n"
    );
    picks.sets[0].items[0].class = Some(3);
    tables::write_milopyp(&path, &picks, Overwrite::Replace).expect("writes");
    let text = std::fs::read_to_string(&path).expect("text");
    assert_eq!(
        text,
        "image_name\tx_coord\ty_coord\tz_coord\tclass\n01\t2\t20\t4\t3\n"
    );
}

#[test]
fn notebook_tables_of_pandas_are_read() {
    for name in ["notebook.csv", "notebook_semicolon.csv"] {
        let picks = tables::read(fixture("tables", name), &PicksOptions::default()).expect(name);
        assert_eq!(picks.sets[0].tomogram, "ts, 1");
        assert_eq!(picks.sets[1].tomogram, "the \"second\"");
        let expected = [
            VoxelPos::xyz(1.0, 3.0, 10.0),
            VoxelPos::xyz(2.0, 0.0, 1.0),
            VoxelPos::xyz(0.0, 0.5, 1.5),
        ];
        for (got, expected) in positions(&picks).into_iter().zip(expected) {
            assert_close(got, expected, 1e-12);
        }
        let items: Vec<&Particle> = picks.sets.iter().flat_map(|set| &set.items).collect();
        assert_eq!(
            items.iter().map(|p| p.score).collect::<Vec<_>>(),
            [Some(0.5), None, Some(-1.25)]
        );
        assert_eq!(
            items.iter().map(|p| p.class).collect::<Vec<_>>(),
            [Some(1), None, Some(2)]
        );
        assert_eq!(picks.sets[1].classes[&2], "26S proteasome");
        let filaments: Vec<_> = items.iter().map(|p| p.filament.map(|f| f.id)).collect();
        assert_eq!(filaments, [None, Some(3), Some(3)]);
        let operator = picks.extra.last().expect("kept");
        assert_eq!(operator.values, ["ana", "", "müller"]);
    }
}

#[test]
fn simulated_truth_is_read() {
    for (name, count) in [("sim01", 334), ("small01", 27)] {
        let Some(path) = shared(&format!("simulated/{name}/{name}_particles.csv")) else {
            return;
        };
        let picks = tables::read(&path, &options_with_voxel(10.0)).expect(name);
        assert_eq!(picks.len(), count);
        let set = &picks.sets[0];
        assert_eq!(set.tomogram, format!("{name}_particles"));
        let first = &set.items[0];
        assert_eq!(first.class, Some(2), "the label is the number of the class");
        let (class, position, w) = if name == "sim01" {
            (
                "ribosome_80S_6qzp",
                VoxelPos::xyz(118.614, 112.301, 107.464),
                0.41831,
            )
        } else {
            ("4v4r", VoxelPos::xyz(29.0, 21.0, 16.0), 0.76179)
        };
        assert_eq!(set.classes[&2], class);
        assert_eq!(first.position, position);
        let quaternion = first.orientation.expect("told").quaternion();
        assert!((quaternion[0] - w).abs() < 1e-4);
        assert!(
            tables::validate(&std::fs::read(&path).expect("bytes"))
                .iter()
                .all(|f| f.severity == Severity::Note)
        );
    }
}

#[test]
fn particles_round_trip() {
    for (extension, base) in [
        ("csv", None),
        ("tsv", Some(IndexBase::One)),
        ("csv", Some(IndexBase::Corner)),
    ] {
        let mut sets = Vec::new();
        for (tomogram, voxel) in [("ts_01", 7.84), ("#2, \"x\"", 13.48), ("003", 1.0)] {
            let grid = Grid::of_unknown_extent(VoxelSize::new(voxel).expect("positive"));
            let mut set = ParticleSet::new(tomogram, grid);
            set.classes.insert(3, "tube, long".to_owned());
            for n in 0..5_u32 {
                set.items.push(Particle {
                    position: VoxelPos::xyz(f64::from(n) / 3.0, -1.5, 1e5 + f64::from(n)),
                    score: (n != 1).then_some(n as f32 / 7.0),
                    class: (n != 2).then_some(n),
                    orientation: (n != 3)
                        .then(|| Orientation::from_zyz_deg(f64::from(n) * 40.0, 77.0, -5.0)),
                    filament: (n > 2).then_some(FilamentPoint {
                        id: n,
                        arc_length_angstrom: (n == 4).then_some(12.5),
                    }),
                });
            }
            sets.push(set);
        }
        let values = (0..15).map(|n| format!("v {n};\t,\"")).collect();
        let extra = ["operator", "class"].map(|name| ExtraColumn {
            name: name.to_owned(),
            values: Vec::clone(&values),
        });
        let picks = Picks {
            sets,
            extra: extra.to_vec(),
        };
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("picks").with_extension(extension);
        let writing = PicksOptions {
            index_base: base,
            ..PicksOptions::default()
        };
        tables::write(&path, &picks, &writing, Overwrite::Never).expect("writes");
        // The base is in the comment line and need not be told.
        let back = tables::read(&path, &PicksOptions::default()).expect("readable");
        assert_eq!(back.sets.len(), 3);
        for (back, set) in back.sets.iter().zip(&picks.sets) {
            assert_eq!((&back.tomogram, back.grid), (&set.tomogram, set.grid));
            assert_eq!(back.classes, set.classes);
            for (ours, item) in back.items.iter().zip(&set.items) {
                assert_close(ours.position, item.position, 1e-9);
                assert_eq!(
                    (ours.score, ours.class, ours.filament),
                    (item.score, item.class, item.filament)
                );
                assert_eq!(ours.orientation.is_some(), item.orientation.is_some());
                if let (Some(ours), Some(item)) = (ours.orientation, item.orientation) {
                    assert!(ours.angle_to_deg(item) < 1e-6);
                }
            }
        }
        let names: Vec<&str> = back
            .extra
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        assert_eq!(names, ["operator", "extra_class"]);
        assert_eq!(back.extra[0].values, picks.extra[0].values);
    }
}

#[test]
fn separators_are_told_apart() {
    let expected = [VoxelPos::xyz(1.0, 2.5, 3.0)];
    for text in [
        "x,y,z\n1,2.5,3\n",
        "x;y;z\n1;2.5;3\n",
        "x\ty\tz\n1\t2.5\t3\n",
        "  x  y z\n 1   2.5 3  \n",
        "\u{feff}# by hand\n\nX , Y , Z\r\n1 , 2.5 , 3\r\n",
    ] {
        assert_eq!(positions(&parse(text)), expected, "{text:?}");
    }
}

#[test]
fn comments_say_unit_and_base() {
    let read = |comment: &str, index_base| {
        let options = PicksOptions {
            tomogram: Some("t".to_owned()),
            index_base,
            ..options_with_voxel(2.0)
        };
        let text = format!("# {comment}\nx,y,z\n4,6,8\n");
        let picks = tables::parse(text.as_bytes(), &options).expect("readable");
        picks.sets[0].items[0].position
    };
    assert_eq!(read("unit: angstrom", None), VoxelPos::xyz(2.0, 3.0, 4.0));
    assert_eq!(
        read("unit: voxel, first voxel 1", None),
        VoxelPos::xyz(3.0, 5.0, 7.0)
    );
    let told = read("unit: voxel, first voxel 1", Some(IndexBase::Zero));
    assert_eq!(told, VoxelPos::xyz(4.0, 6.0, 8.0));
}

#[test]
fn voxels_go_before_angstroms_which_are_kept() {
    let picks = parse("x_angstrom,y_angstrom,z_angstrom,x,y,z\n2,4,6,1,2,3\n");
    assert_eq!(positions(&picks), [VoxelPos::xyz(1.0, 2.0, 3.0)]);
    assert_eq!(picks.extra[0].name, "x_angstrom");
}

#[test]
fn rows_of_one_tomogram_may_be_scattered() {
    let picks = parse("tomo,x,y,z,note\nb,1,0,0,first\na,2,0,0,second\nb,3,0,0,third\n");
    assert_eq!(picks.sets[0].tomogram, "b");
    assert_eq!(picks.sets[0].len(), 2);
    assert_eq!(picks.extra[0].values, ["first", "third", "second"]);
}

fn refusal(text: &str) -> String {
    tables::parse(
        text.as_bytes(),
        &PicksOptions {
            tomogram: Some("t".to_owned()),
            ..options_with_voxel(2.0)
        },
    )
    .expect_err("malformed")
    .to_string()
}

#[test]
fn header_without_coordinates_is_refused() {
    assert_eq!(
        refusal("a,b\n1,2\n"),
        "line 1: no columns x, y, z (or x_angstrom, …); there is \"a\", \"b\"; name the coordinate columns in the header"
    );
    assert_eq!(
        refusal("1 2 3\n4 5 6\n"),
        "line 1: header: expected names of columns, got numbers from \"1\" on; add a line like tomogram,x,y,z at the top"
    );
    assert_eq!(
        refusal("# nothing\n\n"),
        "no header line; there is nothing but comments; write the names of the columns in the first line"
    );
    assert_eq!(
        refusal("x,y,z,X\n"),
        "line 1: header: expected names that differ, got \"X\" twice; rename one of the columns"
    );
}

#[test]
fn row_of_other_width_is_refused() {
    assert_eq!(
        refusal("# c\nx,y,z\n1,2,3\n4,5\n"),
        "line 4: fields: expected 3 as in the header, got 2 from \"4\" on; put fields that contain the separator between double quotes"
    );
}

#[test]
fn field_that_is_no_number_is_refused() {
    assert_eq!(
        refusal("x,y,z\n1,,3\n"),
        "line 2: y: expected a finite number, got \"\""
    );
    assert_eq!(
        refusal("x,y,z\n1,2,inf\n"),
        "line 2: z: expected a finite number, got \"inf\""
    );
    assert_eq!(
        refusal("x,y,z,score\n1,2,3,high\n"),
        "line 2: score: expected a finite number, got \"high\""
    );
    assert_eq!(
        refusal("x,y,z,filament\n1,2,3,-1\n"),
        "line 2: filament: expected a whole number from 0, got \"-1\""
    );
    assert_eq!(
        refusal("x,y,z,qw,qx,qy,qz\n1,2,3,0,0,0,0\n"),
        "line 2: qw, qx, qy, qz: expected a quaternion longer than 0, got [0.0, 0.0, 0.0, 0.0]"
    );
}

#[test]
fn class_number_of_two_names_is_refused() {
    assert_eq!(
        refusal("x,y,z,class,class_name\n1,2,3,1,a\n1,2,3,1,b\n"),
        "line 3: name of class 1: expected \"a\" as before, got \"b\"; give one name to each class number"
    );
}

#[test]
fn unknown_remark_is_refused() {
    assert_eq!(
        refusal("# unit: nm\nx,y,z\n"),
        "line 1: unit: expected voxel or angstrom, got \"nm\"; write # unit: voxel or # unit: angstrom"
    );
}

#[test]
fn unnamed_tomogram_and_unknown_voxel_size_are_asked_for() {
    let text = b"x,y,z\n1,2,3\n";
    let error = tables::parse(text, &options_with_voxel(1.0)).expect_err("no name");
    assert_eq!(
        error.to_string(),
        "line 2: the name of the tomogram is needed and is not in the file; add a column tomogram, or give the name"
    );
    let options = PicksOptions {
        tomogram: Some("t".to_owned()),
        ..PicksOptions::default()
    };
    let error = tables::parse(text, &options).expect_err("no voxel size");
    assert_eq!(
        error.to_string(),
        "line 2: the voxel size of tomogram \"t\" is needed and is not in the file; give the tomogram, the dataset list or the voxel size"
    );
}

#[test]
fn findings_name_what_is_missing_and_kept() {
    let findings = tables::validate(b"x_ang,y_ang,z_ang,who\n");
    let places: Vec<(&str, &str)> = findings.iter().map(|f| (&*f.place, &*f.got)).collect();
    assert_eq!(
        places,
        [
            ("header", "none"),
            ("header", "none, with coordinates in ångström"),
            ("header", "who"),
            ("rows", "none")
        ]
    );
}

#[test]
fn arbitrary_bytes_do_no_harm() {
    let options = PicksOptions {
        tomogram: Some("t".to_owned()),
        ..options_with_voxel(2.0)
    };
    for name in [
        "notebook.csv",
        "notebook_semicolon.csv",
        "milopyp_coords.txt",
    ] {
        let seed = std::fs::read(fixture("tables", name)).expect("golden");
        let mut readable = 0;
        for bytes in mutations(&seed, 2000) {
            if let Ok(picks) = tables::parse(&bytes, &options) {
                readable += 1;
                assert!(picks.len() <= bytes.len());
            }
            let _ = tables::validate(&bytes);
        }
        assert!(readable > 0, "{name}: the mutations spare nothing");
    }
}
