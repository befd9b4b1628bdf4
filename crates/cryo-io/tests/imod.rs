//! IMOD models: IMOD's own files, files written by imodmodel, conversions and malformed files.

mod points_common;

use cryo_core::{FilamentPoint, Grid, Particle, ParticleSet, VoxelPos, VoxelSize};
use cryo_io::{
    ExtraColumn, Frame, Frames, IndexBase, Overwrite, Picks, PicksOptions, Severity,
    imod::{self, Contour, ContourKind, Header, Minx, Model, ModelPart, Object, ObjectHeader},
};
use points_common::{assert_close, fixture, mutations, options_with_voxel};

const IMODS_OWN: [&str; 4] = [
    "multiple_objects_example.mod",
    "point_sizes_example.mod",
    "slicer_angle_example.mod",
    "two_contour_example.mod",
];

fn bytes_of(name: &str) -> Vec<u8> {
    std::fs::read(fixture("imod", name)).expect("the fixture is there")
}

fn options_for(tomogram: &str) -> PicksOptions {
    PicksOptions {
        tomogram: Some(tomogram.to_owned()),
        ..PicksOptions::default()
    }
}

fn scattered(points: Vec<[f32; 3]>) -> Model {
    let mut header = ObjectHeader::named("blob");
    header.flags = ObjectHeader::SCATTERED;
    let mut object = Object::new(header);
    object
        .parts
        .push(imod::ObjectPart::Contour(Contour::new(points)));
    let mut model = Model::default();
    model.parts.push(ModelPart::Object(object));
    model.header.pixel_size = 0.5;
    model.header.units = -9;
    model
}

fn first_position(model: &Model, options: &PicksOptions) -> VoxelPos {
    let picks = model.to_picks("t", options).expect("readable");
    picks.sets[0].items[0].position
}

#[test]
fn files_of_3dmod_round_trip_byte_for_byte() {
    for name in IMODS_OWN {
        let bytes = bytes_of(name);
        let model = Model::parse(&bytes).expect(name);
        assert!(model.to_bytes().expect("writes") == bytes, "{name}");
    }
}

#[test]
fn points_match_imodmodel() {
    let text = std::fs::read_to_string(fixture("imod", "points.json")).expect("golden");
    let golden: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&text).expect("JSON");
    assert_eq!(golden.len(), 7);
    for (name, rows) in golden {
        let model = Model::parse(&bytes_of(&name)).expect(&name);
        let mut ours = Vec::new();
        for (object, item) in model.objects().enumerate() {
            for (contour, item) in item.contours().enumerate() {
                for &[x, y, z] in &item.points {
                    let numbers = [object as f64, contour as f64, x.into(), y.into(), z.into()];
                    ours.push(numbers.map(serde_json::Value::from));
                }
            }
        }
        let rows = rows.as_array().expect("rows");
        assert_eq!(rows.len(), ours.len(), "{name}");
        for (row, ours) in rows.iter().zip(&ours) {
            let numbers: Vec<f64> = row
                .as_array()
                .expect("row")
                .iter()
                .flat_map(serde_json::Value::as_f64)
                .collect();
            let ours: Vec<f64> = ours.iter().flat_map(serde_json::Value::as_f64).collect();
            assert_eq!(numbers, ours, "{name}");
        }
    }
}

#[test]
fn kinds_sizes_and_filaments_match_imodmodel() {
    let path = fixture("imod", "written_three_kinds.mod");
    let model = Model::read(&path, u64::MAX).expect("readable");
    let kinds: Vec<ContourKind> = model.objects().map(Object::kind).collect();
    assert_eq!(
        kinds,
        [
            ContourKind::Scattered,
            ContourKind::Open,
            ContourKind::Closed
        ]
    );
    let picks = imod::read(&path, &PicksOptions::default()).expect("readable");
    let set = &picks.sets[0];
    assert_eq!(set.tomogram, "written_three_kinds");
    assert_eq!(
        set.grid,
        Grid::new([29, 83, 61], VoxelSize::new(13.48).expect("positive"))
    );
    assert_eq!(set.len(), 7 + 5 + 1 + 3 + 4);
    let names: Vec<&str> = set.classes.values().map(String::as_str).collect();
    assert_eq!(names, ["ribosome", "tube", "outline"]);
    let ids: Vec<Option<u32>> = set.items.iter().map(|p| p.filament.map(|f| f.id)).collect();
    assert_eq!(ids[..7], [None; 7]);
    assert_eq!(ids[7..12], [Some(1); 5]);
    assert_eq!(ids[12], None, "a contour of one point is no filament");
    assert_eq!(ids[13..16], [Some(2); 3]);
    assert_eq!(ids[16..], [None; 4]);
    let arc = |index: usize| {
        set.items[index]
            .filament
            .and_then(|f| f.arc_length_angstrom)
    };
    assert_eq!(arc(7), Some(0.0));
    let step = set.items[7].position.distance_to(set.items[8].position) * 13.48;
    assert!((arc(8).expect("known") - step).abs() < 1e-9);
    let sizes = picks.extra.iter().find(|column| column.name == "imod_size");
    let sizes = &sizes.expect("sizes are kept").values;
    assert_eq!((&*sizes[0], &*sizes[6], &*sizes[7]), ("0.5", "6.5", ""));
}

#[test]
fn first_voxel_is_centred_on_half_half_zero() {
    let model = scattered(vec![[0.5, 0.5, 0.0], [10.5, 20.5, 5.0]]);
    let picks = model
        .to_picks("t", &PicksOptions::default())
        .expect("readable");
    assert_eq!(
        picks.sets[0].items[0].position,
        VoxelPos::xyz(0.0, 0.0, 0.0)
    );
    assert_eq!(
        picks.sets[0].items[1].position,
        VoxelPos::xyz(10.0, 20.0, 5.0)
    );
    assert_eq!(
        picks.sets[0].grid.voxel_size,
        VoxelSize::new(5.0).expect("positive")
    );
}

#[test]
fn index_base_overrides_the_half_voxel() {
    let model = scattered(vec![[3.0, 4.0, 5.0]]);
    let read = |base| {
        let options = PicksOptions {
            index_base: Some(base),
            ..PicksOptions::default()
        };
        first_position(&model, &options)
    };
    assert_eq!(read(IndexBase::Zero), VoxelPos::xyz(3.0, 4.0, 5.0));
    assert_eq!(read(IndexBase::One), VoxelPos::xyz(2.0, 3.0, 4.0));
    assert_eq!(read(IndexBase::Corner), VoxelPos::xyz(2.5, 3.5, 4.5));
}

#[test]
fn part_on_a_flipped_image_comes_back_to_the_whole_volume() {
    let picks = imod::read(
        fixture("imod", "written_part_flipped.mod"),
        &PicksOptions::default(),
    );
    let picks = picks.expect("readable");
    let model = Model::parse(&bytes_of("written_part_flipped.mod")).expect("readable");
    let stored = model
        .objects()
        .next()
        .expect("object")
        .contours()
        .next()
        .expect("contour");
    assert_eq!(picks.sets[0].len(), 3);
    for (item, &[x, y, z]) in picks.sets[0].items.iter().zip(&stored.points) {
        // y and z exchanged, then the part starts at (12, 5, 3), then half a voxel.
        let expected = VoxelPos::xyz(
            f64::from(x) + 12.0 - 0.5,
            f64::from(z) + 5.0 - 0.5,
            f64::from(y) + 3.0,
        );
        assert_close(item.position, expected, 1e-6);
    }
    assert_eq!(
        picks.sets[0].grid.voxel_size,
        VoxelSize::new(7.5).expect("positive")
    );
    assert!(
        !picks.sets[0].grid.has_extent(),
        "the size of the part is not that of the image"
    );
    assert!(
        picks.sets[0].classes.is_empty(),
        "one object without a name is no class"
    );
}

#[test]
fn rotated_model_is_turned_back_by_zmax() {
    let mut model = scattered(vec![[1.0, 2.0, 3.0]]);
    model.header.flags |= Header::ROTATED_X;
    model.header.size_xyz = [61, 29, 83];
    let position = first_position(&model, &PicksOptions::default());
    assert_eq!(position, VoxelPos::xyz(0.5, 82.0 - 3.0 - 0.5, 2.0));
    assert_eq!(model.image_shape(), Some([29, 83, 61]));
}

#[test]
fn old_beadtrack_models_start_z_at_the_corner() {
    let mut model = scattered(vec![[1.5, 2.5, 3.5]]);
    model.header.flags = 0;
    assert_eq!(
        first_position(&model, &PicksOptions::default()),
        VoxelPos::xyz(1.0, 2.0, 3.5)
    );
    let ModelPart::Object(object) = &mut model.parts[0] else {
        panic!("an object");
    };
    object.header.raw_name = ObjectHeader::named("Wimp no.   1").raw_name;
    assert_eq!(
        first_position(&model, &PicksOptions::default()),
        VoxelPos::xyz(1.0, 2.0, 3.0)
    );
}

#[test]
fn voxel_size_comes_from_the_image_then_from_the_header() {
    let mut model = scattered(vec![[1.0; 3]]);
    model.header.scale = [1.0, 1.0, 2.5];
    let size = model.voxel_size().expect("known");
    assert_eq!((size.x(), size.z()), (5.0, 12.5));
    let minx = Minx {
        old_scale: [0.0; 3],
        image_origin: [0.0; 3],
        old_rotation_deg: [0.0; 3],
        scale: [4.0, 4.0, 9.0],
        translation: [0.0; 3],
        rotation_deg: [0.0; 3],
    };
    model.parts.push(ModelPart::Chunk(minx.to_chunk()));
    assert_eq!(model.minx(), Some(minx));
    let size = model.voxel_size().expect("known");
    assert_eq!((size.x(), size.z()), (4.0, 9.0));
    for (units, angstroms) in [
        (-10, 1.0),
        (-12, 0.01),
        (-6, 1e4),
        (-3, 1e7),
        (1, 1e10),
        (3, 1e13),
    ] {
        let mut header = Header {
            units,
            ..Header::default()
        };
        header.pixel_size = 1.0;
        assert_eq!(
            header.voxel_size().map(VoxelSize::x),
            Some(angstroms),
            "{units}"
        );
    }
    assert_eq!(Header::default().voxel_size(), None);
}

#[test]
fn particles_round_trip() {
    for voxel in [1.0, 2.17, 7.84, 13.48, 0.675] {
        let grid = Grid::new([101, 999, 1023], VoxelSize::new(voxel).expect("positive"));
        let mut set = ParticleSet::new("ts_01", grid);
        for n in 0..40_u32 {
            let along = f64::from(n) / 39.0;
            let position = VoxelPos::xyz(1022.3 * along, 998.7 - 900.1 * along, 100.9 * along);
            let class = match n % 4 {
                0 => None,
                other => Some(other + 1),
            };
            let mut item = Particle {
                class,
                ..Particle::at(position)
            };
            if n % 4 == 3 {
                item.filament = Some(FilamentPoint {
                    id: n % 8,
                    arc_length_angstrom: Some(f64::from(100 - n)),
                });
            }
            set.items.push(item);
        }
        set.classes.insert(3, "tube".to_owned());
        let picks = Picks {
            sets: vec![set.clone()],
            extra: Vec::new(),
        };
        let model = Model::from_picks(&picks, &PicksOptions::default()).expect("writes");
        let back = imod::parse(&model.to_bytes().expect("writes"), &options_for("ts_01"));
        let back = &back.expect("readable").sets[0];
        assert_eq!(back.grid, grid);
        assert_eq!(back.len(), 40);
        for item in &set.items {
            let near = |other: &&Particle| {
                other.position.distance_to(item.position) * voxel < 1e-3
                    && other.filament.is_some() == item.filament.is_some()
                    && class_label(back, other) == class_label(&set, item)
            };
            assert_eq!(back.items.iter().filter(near).count(), 1, "{item:?}");
        }
        // Along a filament the order is that of the arc length, which falls with n.
        let first = back
            .items
            .iter()
            .find(|item| item.filament.is_some())
            .expect("one");
        assert_close(first.position, set.items[35].position, 1e-4);
    }
}

fn class_label(set: &ParticleSet, item: &Particle) -> Option<String> {
    let class = item.class?;
    Some(
        set.classes
            .get(&class)
            .cloned()
            .unwrap_or_else(|| class.to_string()),
    )
}

#[test]
fn point_sizes_round_trip() {
    let grid = Grid::of_unknown_extent(VoxelSize::new(4.0).expect("positive"));
    let mut set = ParticleSet::new("t", grid);
    set.items = vec![Particle::at(VoxelPos::xyz(1.0, 2.0, 3.0)); 2];
    let column = ExtraColumn {
        name: "imod_size".to_owned(),
        values: vec!["2.5".to_owned(), String::new()],
    };
    let picks = Picks {
        sets: vec![set],
        extra: vec![column],
    };
    let model = Model::from_picks(&picks, &PicksOptions::default()).expect("writes");
    let contour = model
        .objects()
        .next()
        .expect("object")
        .contours()
        .next()
        .expect("contour");
    assert_eq!(contour.point_sizes(), Some(vec![2.5, -1.0]));
}

#[test]
fn unknown_chunks_survive_where_they_were() {
    let bytes = bytes_of("written_three_kinds.mod");
    let end = bytes.len() - 4;
    let mut more = bytes[..end].to_vec();
    more.extend_from_slice(b"ZZZZ\0\0\0\x03abcIEOFrest");
    let model = Model::parse(&more).expect("readable");
    assert_eq!(model.trailing, b"rest");
    assert_eq!(model.to_bytes().expect("writes"), more);
}

#[test]
fn wrong_chunk_size_of_imodmodel_is_read_and_put_right() {
    let bytes = bytes_of("written_wrong_imat.mod");
    let model = Model::parse(&bytes).expect("readable");
    assert_eq!(model.objects().count(), 2);
    let written = model.to_bytes().expect("writes");
    assert_eq!(written.len(), bytes.len());
    assert!(
        imod::validate(&written)
            .iter()
            .all(|f| f.severity == Severity::Note)
    );
    let findings = imod::validate(&bytes);
    assert_eq!(findings[0].expected, "IMAT of 16 bytes, as there are");
    assert_eq!(findings[0].got, "48");
}

#[test]
fn writing_two_tomograms_is_refused() {
    let grid = Grid::of_unknown_extent(VoxelSize::new(4.0).expect("positive"));
    let sets = vec![ParticleSet::new("a", grid), ParticleSet::new("b", grid)];
    let picks = Picks {
        sets,
        extra: Vec::new(),
    };
    let dir = tempfile::tempdir().expect("dir");
    let path = dir.path().join("x.mod");
    let error = imod::write(&path, &picks, &PicksOptions::default(), Overwrite::Never);
    let message = error.expect_err("two").to_string();
    assert!(
        message.contains("tomograms: expected one, as an IMOD model holds, got 2 from \"a\" on; name a folder (no extension) as the output"),
        "{message}"
    );
    assert!(!path.exists());
}

#[test]
fn voxels_that_differ_in_x_and_y_are_refused() {
    let grid = Grid::new([3, 4, 5], VoxelSize::zyx(1.0, 2.0, 3.0).expect("positive"));
    let picks = Picks {
        sets: vec![ParticleSet::new("a", grid)],
        extra: Vec::new(),
    };
    let error = Model::from_picks(&picks, &PicksOptions::default()).expect_err("anisotropic");
    assert_eq!(
        error.to_string(),
        "voxel size: expected equal along x and y, as an IMOD model has one pixel size, got 1 × 2 × 3 Å (z, y, x)"
    );
}

#[test]
fn unknown_voxel_size_is_asked_for() {
    let mut model = scattered(vec![[1.0; 3]]);
    model.header.units = 0;
    let error = model
        .to_picks("ts_1", &PicksOptions::default())
        .expect_err("unknown");
    assert_eq!(
        error.to_string(),
        "the voxel size of tomogram \"ts_1\" is needed and is not in the file; give the tomogram, the dataset list or the voxel size"
    );
    let known = options_with_voxel(3.0);
    assert_eq!(first_position(&model, &known), VoxelPos::xyz(0.5, 0.5, 1.0));
}

fn refusal(bytes: &[u8]) -> String {
    imod::parse(bytes, &options_for("t"))
        .expect_err("malformed")
        .to_string()
}

#[test]
fn other_file_is_refused() {
    assert_eq!(
        refusal(b"MAP loop_ and so on"),
        "byte 0: file id: expected \"IMODV1.2\", got \"MAP loop\"; save the model with a current 3dmod"
    );
    assert_eq!(
        refusal(b"IMO"),
        "byte 0: expected 8 bytes, the file has 3; check that it is an IMOD model and complete"
    );
}

#[test]
fn header_that_ends_early_is_refused() {
    assert_eq!(
        refusal(&bytes_of("two_contour_example.mod")[..100]),
        "byte 8: expected 136 bytes, the file has 100; check that it is an IMOD model and complete"
    );
}

#[test]
fn more_points_than_bytes_are_refused() {
    let mut bytes = bytes_of("two_contour_example.mod");
    let at = 240 + 180 + 4;
    bytes[at..at + 4].copy_from_slice(&i32::MAX.to_be_bytes());
    assert_eq!(
        refusal(&bytes),
        "byte 440: expected 25769804204 bytes, the file has 1259; check that it is an IMOD model and complete"
    );
    bytes[at..at + 4].copy_from_slice(&(-1_i32).to_be_bytes());
    assert_eq!(
        refusal(&bytes),
        "byte 424: number of points: expected 0 or more, got -1; check that it is an IMOD model and complete"
    );
}

#[test]
fn missing_end_mark_is_refused() {
    let bytes = bytes_of("two_contour_example.mod");
    assert_eq!(
        refusal(&bytes[..bytes.len() - 4]),
        "byte 1255: no end mark IEOF; there is nothing after the last chunk; the file was cut: copy it again"
    );
}

#[test]
fn contour_without_object_is_refused() {
    let model = Model::default().to_bytes().expect("writes");
    let mut bytes = model[..model.len() - 4].to_vec();
    bytes.extend_from_slice(b"CONT");
    bytes.extend_from_slice(&[0; 16]);
    bytes.extend_from_slice(b"IEOF");
    assert_eq!(
        refusal(&bytes),
        "byte 240: chunk CONT: expected an object (OBJT) before it, got none; check that it is an IMOD model and complete"
    );
}

#[test]
fn bytes_that_are_no_chunk_name_are_refused() {
    let model = Model::default().to_bytes().expect("writes");
    let mut bytes = model[..model.len() - 4].to_vec();
    bytes.extend_from_slice(&[0, 1, 2, 3, 0, 0, 0, 0]);
    assert_eq!(
        refusal(&bytes),
        "byte 240: chunk name: expected four letters, got [00, 01, 02, 03]; check that it is an IMOD model and complete"
    );
}

#[test]
fn point_that_is_no_number_is_refused() {
    let model = scattered(vec![[1.0, f32::NAN, 2.0]]);
    assert_eq!(
        refusal(&model.to_bytes().expect("writes")),
        "point 1 of contour 1 of object 1: expected finite numbers, got [1.0, NaN, 2.0]; delete the point in 3dmod"
    );
}

#[test]
fn counts_that_disagree_are_warned_of_and_not_used() {
    let mut bytes = bytes_of("two_contour_example.mod");
    bytes[148..152].copy_from_slice(&9_i32.to_be_bytes());
    let at = 240 + 4 + 128;
    bytes[at..at + 4].copy_from_slice(&70_i32.to_be_bytes());
    assert_eq!(
        imod::parse(&bytes, &options_for("t"))
            .expect("readable")
            .len(),
        25
    );
    let findings = imod::validate(&bytes);
    let warned: Vec<&str> = findings.iter().map(|f| f.expected.as_str()).collect();
    assert_eq!(
        warned[..2],
        [
            "70 contours and 0 meshes, as the object says",
            "9 objects, as the header says"
        ]
    );
}

#[test]
fn subset_start_of_no_whole_voxels_is_warned_of() {
    let mut model = scattered(vec![[1.0; 3]]);
    model.header.flags |= Header::IMAGE_ORIGIN;
    let minx = Minx {
        old_scale: [0.0; 3],
        image_origin: [0.0, 0.0, 73.0],
        old_rotation_deg: [0.0; 3],
        scale: [5.0; 3],
        translation: [0.0; 3],
        rotation_deg: [0.0; 3],
    };
    model.parts.push(ModelPart::Chunk(minx.to_chunk()));
    let findings = imod::validate(&model.to_bytes().expect("writes"));
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].severity, Severity::Warning);
    assert_eq!(findings[0].got, "x 0.00, y 0.00, z 14.60, which is added");
    for name in IMODS_OWN {
        assert_eq!(imod::validate(&bytes_of(name)), [], "{name}");
    }
}

#[test]
fn origin_over_a_scale_of_zero_is_refused() {
    let mut model = scattered(vec![[1.0; 3]]);
    model.header.flags |= Header::IMAGE_ORIGIN;
    let minx = Minx {
        old_scale: [0.0; 3],
        image_origin: [0.0, 8.0, 0.0],
        old_rotation_deg: [0.0; 3],
        scale: [5.0, 0.0, 5.0],
        translation: [0.0; 3],
        rotation_deg: [0.0; 3],
    };
    model.parts.push(ModelPart::Chunk(minx.to_chunk()));
    assert_eq!(
        refusal(&model.to_bytes().expect("writes")),
        "MINX along y: expected numbers, and a scale above 0, got otrans 8, ctrans 0, cscale 0; load the model on its image in 3dmod and save it"
    );
}

#[test]
fn arbitrary_bytes_do_no_harm() {
    for name in [
        "point_sizes_example.mod",
        "written_part_flipped.mod",
        "written_wrong_imat.mod",
    ] {
        let options = PicksOptions {
            frames: Frames::all(Frame {
                voxel_size: VoxelSize::new(2.0),
                ..Frame::default()
            }),
            ..options_for("t")
        };
        let mut readable = 0;
        for bytes in mutations(&bytes_of(name), 3000) {
            if let Ok(picks) = imod::parse(&bytes, &options) {
                readable += 1;
                assert!(picks.len() * 12 <= bytes.len());
                let model = Model::parse(&bytes).expect("parsed before");
                let again = Model::parse(&model.to_bytes().expect("writes")).expect("ours");
                assert_eq!(again.objects().count(), model.objects().count());
            }
            let _ = imod::validate(&bytes);
        }
        assert!(readable > 0, "{name}: the mutations spare nothing");
    }
}

#[test]
fn several_tomograms_are_a_folder_of_models() {
    let dir = tempfile::tempdir().expect("a folder");
    let grid = Grid::new([20, 30, 40], VoxelSize::new(10.0).expect("positive"));
    let mut sets = ["ts_a", "ts_b"].map(|name| ParticleSet::new(name, grid));
    sets[0]
        .items
        .push(Particle::at(VoxelPos::xyz(1.0, 2.0, 3.0)));
    for x in [4.0, 5.0] {
        sets[1]
            .items
            .push(Particle::at(VoxelPos::xyz(x, 2.5, 3.25)));
    }
    let sizes = ExtraColumn {
        name: "imod_size".to_owned(),
        values: ["1", "2", "3"].map(str::to_owned).to_vec(),
    };
    let picks = Picks {
        sets: sets.to_vec(),
        extra: vec![sizes],
    };
    let options = PicksOptions::default();
    let folder = dir.path().join("models");
    imod::write(&folder, &picks, &options, Overwrite::Never).expect("writable");
    let back = imod::read(folder.join("ts_b.mod"), &options).expect("readable");
    assert_eq!(back.sets[0], sets[1]);
    let column = |name: &str| back.extra.iter().find(|column| column.name == name);
    assert_eq!(column("imod_size").expect("sizes").values, ["2", "3"]);

    let message = imod::write(&folder, &picks, &options, Overwrite::Never).expect_err("there");
    assert!(
        message.to_string().contains("ts_a.mod: the file exists"),
        "{message}"
    );
    sets[0].tomogram = "../up".to_owned();
    let picks = Picks {
        sets: sets.to_vec(),
        extra: Vec::new(),
    };
    let message = imod::write(dir.path().join("new"), &picks, &options, Overwrite::Never);
    let message = message.expect_err("no file name").to_string();
    assert!(
        message.contains("tomogram: expected a name for a file, got \"../up\""),
        "{message}"
    );
    assert!(!dir.path().join("new").exists());
}
