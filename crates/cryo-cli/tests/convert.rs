//! `cryo convert`: chains, pairs and what a conversion must not lose.

mod common;

use std::{collections::BTreeMap, fs, path::Path};

use common::{fail, folder, succeed};
use cryo_core::{Grid, Volume, VoxelPos, VoxelSize};
use cryo_fixtures::golden;
use cryo_io::{
    Frame, Frames, Overwrite, Picks, PicksOptions, mrc, read_picks, star::Document, write_picks,
};
use ndarray::Array3;

/// `tomograms.star` of two tomograms, one of odd size, binned 4 times.
const TOMOGRAMS: &str = "data_global\n\nloop_\n_rlnTomoName #1\n_rlnTomoTiltSeriesPixelSize #2\n\
    _rlnTomoTomogramBinning #3\n_rlnTomoSizeX #4\n_rlnTomoSizeY #5\n_rlnTomoSizeZ #6\n\
    ts_odd 2.5 4 403 601 257\nts_even 2.5 4 400 602 258\n";

const RELION5: &str = "data_optics\n\nloop_\n_rlnOpticsGroup #1\n_rlnOpticsGroupName #2\n\
    _rlnTomoTiltSeriesPixelSize #3\n1 opticsGroup1 2.5\n\n\
    data_particles\n\nloop_\n_rlnTomoName #1\n_rlnCenteredCoordinateXAngst #2\n\
    _rlnCenteredCoordinateYAngst #3\n_rlnCenteredCoordinateZAngst #4\n_rlnAngleRot #5\n\
    _rlnAngleTilt #6\n_rlnAnglePsi #7\n_rlnOpticsGroup #8\n";

fn rows(tomogram: &str) -> Vec<[f64; 3]> {
    match tomogram {
        "ts_odd" => vec![
            [-487.125, 700.5, 300.0625],
            [0.0, 0.0, 0.0],
            [12.25, -749.0, -320.5],
        ],
        _ => vec![[499.0, -1.0, 0.125], [-333.333, 222.222, -111.111]],
    }
}

fn write_relion5(path: &Path, tomograms: &[&str]) {
    let mut text = RELION5.to_owned();
    for tomogram in tomograms {
        for (row, [x, y, z]) in rows(tomogram).into_iter().enumerate() {
            text += &format!("{tomogram} {x} {y} {z} {} 40 -20 1\n", 10 * row);
        }
    }
    fs::write(path, text).expect("writable");
}

fn centred(path: &Path) -> BTreeMap<String, Vec<[f64; 3]>> {
    let document = Document::read(path, u64::MAX).expect("STAR");
    let table = document.block("particles").and_then(|block| block.table());
    let table = table.expect("particles");
    let axis = |axis: &str| table.column_f64(&format!("rlnCenteredCoordinate{axis}Angst"));
    let [x, y, z] = ["X", "Y", "Z"].map(|name| axis(name).expect("numbers"));
    let mut found: BTreeMap<String, Vec<[f64; 3]>> = BTreeMap::new();
    for (row, name) in table
        .column_str("rlnTomoName")
        .expect("names")
        .iter()
        .enumerate()
    {
        found
            .entry((*name).to_owned())
            .or_default()
            .push([x[row], y[row], z[row]]);
    }
    found
}

#[track_caller]
fn assert_near(got: &[[f64; 3]], expected: &[[f64; 3]], tolerance: f64) {
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(expected) {
        let furthest = (0..3)
            .map(|axis| (got[axis] - expected[axis]).abs())
            .fold(0.0, f64::max);
        assert!(furthest <= tolerance, "{got:?} for {expected:?}");
    }
}

#[test]
fn relion5_copick_imod_relion5_lands_where_it_started() {
    let place = folder();
    let at = |name: &str| place.path().join(name);
    fs::write(at("tomograms.star"), TOMOGRAMS).expect("writable");
    write_relion5(&at("in.star"), &["ts_odd", "ts_even"]);
    let frames = ["--relion-tomograms", "tomograms.star"];
    let convert = |words: &[&str]| {
        let mut all = vec!["convert"];
        all.extend(words);
        all.extend(frames);
        succeed(place.path(), &all);
    };
    convert(&["in.star", "project", "--to", "copick"]);
    for tomogram in ["ts_odd", "ts_even"] {
        let json = format!("project/ExperimentRuns/{tomogram}/Picks/cryo_0_particle.json");
        let (model, star) = (format!("{tomogram}.mod"), format!("{tomogram}.star"));
        convert(&[&json, &model]);
        convert(&[&model, &star]);
        assert_near(&centred(&at(&star))[tomogram], &rows(tomogram), 1e-3);
        // What was written says by itself where its tomogram lies.
        let again = format!("{tomogram}_again.star");
        succeed(place.path(), &["convert", &star, &again]);
        assert_near(&centred(&at(&again))[tomogram], &rows(tomogram), 1e-3);
    }
}

#[test]
fn several_tomograms_become_a_folder_of_models() {
    let place = folder();
    let at = |name: &str| place.path().join(name);
    fs::write(at("tomograms.star"), TOMOGRAMS).expect("writable");
    write_relion5(&at("in.star"), &["ts_odd", "ts_even"]);
    let frames = ["--relion-tomograms", "tomograms.star"];
    let one = ["convert", "in.star", "all.mod", frames[0], frames[1]];
    let message = fail(place.path(), &one, 2);
    assert!(
        message.contains("all.mod: tomograms: expected one, as an IMOD model holds"),
        "{message}"
    );
    assert!(message.contains("name a folder"), "{message}");
    let many = [
        "convert", "in.star", "models", "--to", "imod", frames[0], frames[1],
    ];
    succeed(place.path(), &many);
    for tomogram in ["ts_odd", "ts_even"] {
        let (model, star) = (format!("models/{tomogram}.mod"), format!("{tomogram}.star"));
        succeed(
            place.path(),
            &["convert", &model, &star, frames[0], frames[1]],
        );
        assert_near(&centred(&at(&star))[tomogram], &rows(tomogram), 1e-3);
    }
    let message = fail(place.path(), &many, 2);
    assert!(message.contains("ts_odd.mod: the file exists"), "{message}");
}

/// Names and endings of all formats, and how exactly each keeps a position in voxels.
const FORMATS: [(&str, &str, f64); 10] = [
    ("relion5", "star", 1e-6),
    ("relion4", "star", 1e-6),
    ("relion3", "star", 1e-6),
    ("warp", "star", 1e-6),
    ("imod", "mod", 1e-4),
    ("copick", "json", 1e-6),
    ("dynamo", "tbl", 1e-4),
    ("em", "em", 1e-4),
    ("milopyp", "txt", 0.5),
    ("csv", "csv", 1e-6),
];

fn known() -> PicksOptions {
    let frame = Frame {
        shape: Some([65, 150, 101]),
        voxel_size: VoxelSize::new(10.0),
        unbinned_shape: Some([259, 601, 403]),
        tilt_series_pixel_size: Some(2.5),
    };
    PicksOptions {
        frames: Frames::all(frame),
        tomogram: Some("17".to_owned()),
        ..PicksOptions::default()
    }
}

/// That a file holds the places of `PLACES`.
#[track_caller]
fn assert_places(path: &Path, tolerance: f64) -> Picks {
    let picks = read_picks(path, None, &known());
    let picks = picks.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        (picks.sets.len(), picks.len()),
        (1, 3),
        "{}",
        path.display()
    );
    for (item, [x, y, z]) in picks.sets[0].items.iter().zip(PLACES) {
        let at = item.position;
        let near = [at.x - x, at.y - y, at.z - z]
            .iter()
            .all(|off| off.abs() <= tolerance);
        assert!(near, "{}: {at:?} for {x}, {y}, {z}", path.display());
    }
    picks
}

const PLACES: [[f64; 3]; 3] = [
    [3.25, 140.5, 60.75],
    [99.0, 0.5, 1.25],
    [50.125, 75.0, 32.0],
];
const TABLE: &str = "tomogram,x,y,z\n17,3.25,140.5,60.75\n17,99,0.5,1.25\n17,50.125,75,32\n";

#[test]
fn every_pair_of_formats_round_trips() {
    let place = folder();
    let at = |name: &str| place.path().join(name);
    fs::write(at("in.csv"), TABLE).expect("writable");
    let read = assert_places(&at("in.csv"), 0.0);
    let write = |name: &str, format: &str, picks: &Picks| {
        let format = format.parse().expect("a format");
        let written = write_picks(at(name), format, picks, &known(), Overwrite::Never);
        written.unwrap_or_else(|error| panic!("{error}"));
    };
    for (from, ending, first) in FORMATS {
        let source = format!("{from}.{ending}");
        write(&source, from, &read);
        let picks = assert_places(&at(&source), first);
        for (to, ending, second) in FORMATS {
            let target = format!("{from}-{to}.{ending}");
            write(&target, to, &picks);
            assert_places(&at(&target), first.max(second));
        }
    }
}

#[test]
fn formats_are_converted_in_a_ring() {
    let place = folder();
    fs::write(place.path().join("in.csv"), TABLE).expect("writable");
    let frames = [
        "--size",
        "101,150,65",
        "--voxel-size",
        "10",
        "--tilt-pixel-size",
        "2.5",
        "--unbinned-size",
        "403,601,259",
        "--tomogram-name",
        "17",
        "-q",
    ];
    let mut source = "in.csv".to_owned();
    // MiLoPYP's whole numbers come last.
    let (rounding, exact): (Vec<_>, Vec<_>) =
        FORMATS.into_iter().partition(|format| format.2 > 0.1);
    for (name, ending, tolerance) in exact.into_iter().chain(rounding) {
        let target = format!("{name}.{ending}");
        let words = ["convert", &source, &target, "--to", name];
        succeed(place.path(), &[&words[..], &frames].concat());
        assert_places(&place.path().join(&target), tolerance.max(1e-4));
        source = target;
    }
}

fn column(picks: &Picks, name: &str) -> Vec<String> {
    let found = picks.extra.iter().find(|column| column.name == name);
    found
        .unwrap_or_else(|| panic!("no column {name}"))
        .values
        .clone()
}

#[test]
fn columns_that_mean_nothing_here_are_kept_along_a_chain() {
    let place = folder();
    let at = |name: &str| place.path().join(name);
    let source = golden("star/relion4_poses.star");
    let frames = [
        "--relion-tomograms".to_owned(),
        golden("star/tomograms.star").display().to_string(),
    ];
    let first = source.display().to_string();
    for (from, to, format) in [
        (first.as_str(), "five.star", "relion5"),
        ("five.star", "table.csv", "csv"),
        ("table.csv", "four.star", "relion4"),
    ] {
        succeed(
            place.path(),
            &["convert", from, to, "--to", format, &frames[0], &frames[1]],
        );
    }
    let options = PicksOptions {
        frames: cryo_io::star::relion::frames_from_tomograms(golden("star/tomograms.star"))
            .expect("frames"),
        ..PicksOptions::default()
    };
    let before = read_picks(&source, None, &options).expect("readable");
    let after = read_picks(at("four.star"), None, &options).expect("readable");
    for name in [
        "rlnRandomSubset",
        "rlnTomoVisibleFrames",
        "optics.rlnSphericalAberration",
        "optics.rlnVoltage",
        "optics.rlnOpticsGroupName",
    ] {
        assert_eq!(column(&before, name), column(&after, name), "{name}");
    }
    for (before, after) in before.sets.iter().zip(&after.sets) {
        assert_eq!(before.tomogram, after.tomogram);
        for (before, after) in before.items.iter().zip(&after.items) {
            let (from, to) = (before.position, after.position);
            let off = [from.x - to.x, from.y - to.y, from.z - to.z];
            assert!(off.iter().all(|off| off.abs() < 1e-6), "{from:?} {to:?}");
            assert_eq!(before.class, after.class);
            assert_eq!(before.score, after.score);
        }
    }
}

fn write_volume(path: &Path, shape: [usize; 3], voxel: f64) -> Volume {
    let data = Array3::from_shape_fn(shape, |(z, y, x)| {
        (z * 100 + y * 10 + x) as f32 * 0.37 - 5.0
    });
    let grid = Grid::new(shape, VoxelSize::new(voxel).expect("positive"));
    let volume = Volume::new(data, grid).expect("of that shape");
    mrc::write(path, &volume, &mrc::WriteOptions::default()).expect("writable");
    volume
}

#[test]
fn another_binning_counts_the_same_places() {
    let place = folder();
    let at = |name: &str| place.path().join(name);
    write_volume(&at("ts_1.mrc"), [12, 20, 26], 10.0);
    write_volume(&at("coarse.mrc"), [6, 10, 13], 20.0);
    fs::write(at("in.csv"), "tomogram,x,y,z\nts_1,13,5,7\nts_1,1,2.5,0\n").expect("writable");
    let words = [
        "convert",
        "in.csv",
        "out.csv",
        "--tomogram",
        "ts_1.mrc",
        "--onto",
        "coarse.mrc",
    ];
    succeed(place.path(), &words);
    let coarse = Frame {
        voxel_size: VoxelSize::new(20.0),
        ..Frame::default()
    };
    let options = PicksOptions {
        frames: Frames::all(coarse),
        ..PicksOptions::default()
    };
    let picks = read_picks(at("out.csv"), None, &options).expect("readable");
    let found: Vec<VoxelPos> = picks.sets[0]
        .items
        .iter()
        .map(|item| item.position)
        .collect();
    assert_eq!(
        found,
        [VoxelPos::xyz(6.5, 2.5, 3.5), VoxelPos::xyz(0.5, 1.25, 0.0)]
    );

    // Centred coordinates keep their centre, whatever the binning leaves of an odd size.
    fs::write(at("tomograms.star"), TOMOGRAMS).expect("writable");
    write_relion5(&at("in.star"), &["ts_odd"]);
    write_volume(&at("ts_odd_bin8.mrc"), [32, 75, 50], 20.0);
    let words = [
        "convert",
        "in.star",
        "bin8.star",
        "--relion-tomograms",
        "tomograms.star",
        "--onto",
        "ts_odd_bin8.mrc",
    ];
    succeed(place.path(), &words);
    assert_near(&centred(&at("bin8.star"))["ts_odd"], &rows("ts_odd"), 1e-6);
}

#[test]
fn volumes_come_back_from_hdf5_and_gzip() {
    let place = folder();
    let volume = write_volume(&place.path().join("in.mrc"), [5, 7, 11], 13.48);
    succeed(place.path(), &["convert", "in.mrc", "a.h5"]);
    succeed(place.path(), &["convert", "a.h5", "b.mrc.gz"]);
    succeed(place.path(), &["convert", "b.mrc.gz", "c.mrc"]);
    for name in ["b.mrc.gz", "c.mrc"] {
        let back =
            mrc::read(place.path().join(name), &mrc::ReadOptions::default()).expect("readable");
        assert_eq!(back.data(), volume.data(), "{name}");
        let size = back.grid().voxel_size.isotropic().expect("one size");
        assert!((size - 13.48).abs() < 1e-5, "{name}: {size}");
    }
    let message = fail(place.path(), &["convert", "in.mrc", "out.star"], 2);
    assert!(
        message.contains("out.star: expected an output .mrc, .mrc.gz or .h5"),
        "{message}"
    );
    let message = fail(
        place.path(),
        &["convert", "in.mrc", "out.mrc", "--to", "imod"],
        2,
    );
    assert!(message.contains("a volume cannot become imod"), "{message}");
}

#[test]
fn a_voxel_size_can_be_given_to_files_that_have_none() {
    let place = folder();
    let mut bytes = fs::read(golden("mrc/mode2_le.mrc")).expect("readable");
    bytes[40..52].fill(0);
    fs::write(place.path().join("bare.mrc"), bytes).expect("writable");
    let message = fail(place.path(), &["convert", "bare.mrc", "a.h5"], 2);
    assert!(
        message.contains("voxel size") && message.contains("--voxel-size Å"),
        "{message}"
    );
    succeed(
        place.path(),
        &["convert", "bare.mrc", "b.h5", "--voxel-size", "7.5"],
    );
    let options = cryo_io::hdf5::VolumeOptions::default();
    let volume = cryo_io::hdf5::read_volume(place.path().join("b.h5"), &options).expect("readable");
    assert_eq!(volume.grid().voxel_size.isotropic(), Some(7.5));
    for wrong in ["0", "-1", "nan", "inf"] {
        let size = format!("--voxel-size={wrong}");
        let message = fail(place.path(), &["convert", "bare.mrc", "c.h5", &size], 2);
        assert!(
            message.contains("--voxel-size: expected ångström above 0"),
            "{message}"
        );
    }
}

#[test]
fn what_is_needed_and_not_known_is_asked_for_by_flag() {
    let place = folder();
    write_relion5(&place.path().join("in.star"), &["ts_odd"]);
    fs::write(place.path().join("in.csv"), "tomogram,x,y,z\nts_1,13,5,7\n").expect("writable");
    for (words, flag) in [
        (
            vec!["convert", "in.star", "out.csv"],
            "--tomogram FILE, --data LIST, --relion-tomograms FILE.star, or --size X,Y,Z",
        ),
        (
            vec!["convert", "in.csv", "out.mod"],
            "--tomogram FILE, --data LIST, or --voxel-size Å",
        ),
        (
            vec![
                "convert",
                "in.csv",
                "out.star",
                "--voxel-size",
                "10",
                "--size",
                "9,9,9",
            ],
            "--tilt-pixel-size Å, or --relion-tomograms FILE.star",
        ),
    ] {
        let message = fail(place.path(), &words, 2);
        assert!(message.contains(flag), "{message}");
    }
    assert_eq!(common::contents(place.path()).len(), 2);
    let size = [
        "convert",
        "in.star",
        "out.csv",
        "--size",
        "100,150,64",
        "--voxel-size",
        "10",
    ];
    succeed(place.path(), &size);
}

#[test]
fn formats_that_do_not_exist_are_refused_with_those_that_do() {
    let place = folder();
    let message = fail(
        place.path(),
        &["convert", "a.csv", "b.star", "--to", "relion9"],
        2,
    );
    assert!(
        message.contains("relion9") && message.contains("relion5, relion4"),
        "{message}"
    );
    fs::write(place.path().join("a.csv"), "x,y,z\n1,2,3\n").expect("writable");
    let message = fail(
        place.path(),
        &["convert", "a.csv", "b.pdb", "--voxel-size", "1"],
        3,
    );
    assert!(
        message.contains("b.pdb") && message.contains(".mod"),
        "{message}"
    );
}
