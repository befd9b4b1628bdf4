//! `cryo explore cluster` and `cryo select` on a table of embeddings that is made here.

mod common;

use std::{fs, path::Path};

use common::{contents, fail, folder, run, succeed};
use cryo_core::{Grid, Volume, VoxelPos, VoxelSize};
use cryo_io::{
    CoordinateFormat, Frame, Frames, Overwrite, PicksOptions,
    hdf5::{self, Embeddings},
    mrc, read_picks,
};
use ndarray::{Array2, Array3, Array4};

const GROUPS: usize = 3;
const SIDE: usize = 16;

/// A number from −1 to 1 that looks random.
fn noise(seed: usize) -> f32 {
    let mixed = (seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    ((mixed >> 40) as f32 / 8_388_608.0) - 1.0
}

/// Which of the three kinds a row is: of seven rows four, two and one.
fn kind(row: usize) -> usize {
    [0, 0, 0, 0, 1, 1, 2][row % 7]
}

/// A run folder with two tomograms, as `cryo explore embed` leaves it, with vectors around three centres.
fn embedded(at: &Path, rows: usize) {
    let grid = Grid::new([20, 40, 60], VoxelSize::new(10.0).expect("valid"));
    let mut list = "name\ttomogram\n".to_owned();
    for name in ["a", "b"] {
        let volume = Array3::from_shape_fn(grid.shape, |(z, y, x)| noise(z * 4000 + y * 80 + x));
        let volume = Volume::new(volume, grid).expect("a shape");
        mrc::write(
            at.join(format!("{name}.mrc")),
            &volume,
            &mrc::WriteOptions::default(),
        )
        .expect("written");
        list += &format!("{name}\t../{name}.mrc\n");
    }
    fs::create_dir_all(at.join("run")).expect("made");
    fs::write(at.join("run/dataset.tsv"), list).expect("written");
    let table = Embeddings {
        embedding: Array2::from_shape_fn((rows, 12), |(row, column)| {
            let centre = if column % GROUPS == kind(row) {
                3.0
            } else {
                0.0
            };
            centre + 0.4 * noise(row * 12 + column)
        }),
        tomogram: Some(
            (0..rows)
                .map(|row| if row < rows / 2 { "a" } else { "b" }.to_owned())
                .collect(),
        ),
        position: Some((0..rows).map(place).collect()),
        score: Some((0..rows).map(|row| row as f32).collect()),
        patch: Some(Array4::from_shape_fn(
            (rows, 1, SIDE, SIDE),
            |(row, _, y, x)| (60 * kind(row) + 3 * y + x) as u8,
        )),
        ..Embeddings::default()
    };
    hdf5::write_embeddings(at.join("run/embedding.h5"), &table, Overwrite::Never).expect("written");
}

fn place(row: usize) -> VoxelPos {
    VoxelPos::xyz(
        (row % 60) as f64,
        (row % 40) as f64 + 0.25,
        (row % 20) as f64,
    )
}

fn clustering(at: &Path) -> hdf5::Clustering {
    let found = hdf5::read_clustering(at.join("run/embedding.h5"), 1 << 30).expect("readable");
    found.expect("a clustering")
}

#[test]
fn classes_follow_the_groups_and_pictures_are_drawn() {
    let place = folder();
    let at = place.path();
    embedded(at, 210);
    succeed(
        at,
        &[
            "explore",
            "cluster",
            "run",
            "--classes",
            "3",
            "--umap3",
            "--volumes",
        ],
    );
    let found = clustering(at);
    assert_eq!(found.umap2.dim(), (210, 2));
    assert_eq!(found.umap3.as_ref().expect("asked for").dim(), (210, 3));
    // Class 1 has the most members.
    for (row, label) in found.label.iter().enumerate() {
        assert!(
            [0, kind(row) as i32 + 1].contains(label),
            "row {row}: {label}"
        );
    }
    let unassigned = found.label.iter().filter(|label| **label == 0).count();
    assert!(unassigned < 30, "{unassigned}");
    for (label, outlier) in found.label.iter().zip(&found.outlier) {
        assert_eq!(*label == 0, *outlier > 2.0);
    }
    for name in [
        "umap",
        "labels",
        "tomograms",
        "grid",
        "grid_labels",
        "matrix",
    ] {
        let bytes = fs::read(at.join(format!("run/report/{name}.png"))).expect(name);
        assert!(
            bytes.starts_with(b"\x89PNG") && bytes.len() > 1000,
            "{name}"
        );
    }
    let quality = fs::read_to_string(at.join("run/report/quality.json")).expect("there");
    let quality: serde_json::Value = serde_json::from_str(&quality).expect("JSON");
    assert_eq!(quality["candidates"], 210);
    let above = |name: &str, least: f64| {
        let value = quality[name].as_f64().expect("a number");
        assert!((least..=1.0).contains(&value), "{name}: {value}");
    };
    // Three groups far from each other, of which a map keeps the parts and some of the neighbours.
    above("trustworthiness", 0.7);
    above("neighbours_kept", 0.15);
    above("silhouette", 0.5);
    let config = fs::read_to_string(at.join("run/config.toml")).expect("there");
    assert!(
        config.contains("[cluster]") && config.contains("classes = 3"),
        "{config}"
    );
    let labels = mrc::read(
        at.join("run/report/volumes/a_labels.mrc"),
        &mrc::ReadOptions::default(),
    )
    .expect("readable");
    let row = (0..105)
        .find(|row| found.label[*row] == 3)
        .expect("a member of class 3");
    let VoxelPos { z, y, x } = self::place(row);
    assert_eq!(
        labels.data()[[z as usize, y.round() as usize, x as usize]],
        3.0
    );
    assert!(at.join("run/report/volumes/a_z0002.png").is_file());
}

#[test]
fn another_number_of_classes_keeps_the_map_and_the_selections() {
    let place = folder();
    let at = place.path();
    embedded(at, 210);
    succeed(
        at,
        &[
            "explore",
            "cluster",
            "run",
            "--classes",
            "3",
            "--neighbours",
            "20",
        ],
    );
    let before = clustering(at);
    succeed(at, &["select", "run", "--classes", "2", "--name", "mine"]);
    let mine = fs::read(at.join("run/selections/mine.star")).expect("there");

    let output = run(at, &["explore", "cluster", "run", "--classes", "6"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("replacing 3 classes"), "{said}");
    assert!(said.contains("so does the map"), "{said}");
    let after = clustering(at);
    assert_eq!(after.umap2, before.umap2);
    assert_eq!(after.centres, before.centres);
    assert_eq!(after.spread.nrows(), 6);
    assert_eq!(
        fs::read(at.join("run/selections/mine.star")).expect("there"),
        mine
    );

    // And back again: as if nothing had been.
    succeed(at, &["explore", "cluster", "run", "--classes", "3"]);
    assert_eq!(clustering(at), before);
    // Other neighbours are another map; what is not given stays as the run has it.
    succeed(at, &["explore", "cluster", "run", "--neighbours", "10"]);
    let other = clustering(at);
    assert_ne!(other.umap2, before.umap2);
    assert_eq!(
        (&other.label, &other.centres),
        (&before.label, &before.centres)
    );
    // Another seed leaves nothing.
    succeed(at, &["explore", "cluster", "run", "--seed", "7"]);
    assert_ne!(clustering(at).centres, before.centres);
}

#[test]
fn the_result_does_not_depend_on_threads_and_a_sample_places_the_rest() {
    let (place, other) = (folder(), folder());
    let at = place.path();
    embedded(at, 420);
    let words = [
        "explore",
        "cluster",
        "run",
        "--classes",
        "3",
        "--sample",
        "140",
    ];
    let with = |threads: &'static str| {
        let mut all = words.to_vec();
        all.extend(["--threads", threads]);
        all
    };
    succeed(at, &with("1"));
    let one = clustering(at);
    embedded(other.path(), 420);
    succeed(other.path(), &with("3"));
    assert_eq!(clustering(other.path()), one);
    for (row, label) in one.label.iter().enumerate() {
        assert!(
            [0, kind(row) as i32 + 1].contains(label),
            "row {row}: {label}"
        );
    }
    // The kinds lie apart on the map, those that were placed as well: nearer to their own middle than to another.
    let middle = |of: usize| {
        let own: Vec<usize> = (0..420).filter(|row| kind(*row) == of).collect();
        [0, 1].map(|axis| own.iter().map(|&r| one.umap2[[r, axis]]).sum::<f32>() / own.len() as f32)
    };
    let middles = [0, 1, 2].map(middle);
    let near = (0..420).filter(|&row| {
        let away = |m: &[f32; 2]| (one.umap2[[row, 0]] - m[0]).hypot(one.umap2[[row, 1]] - m[1]);
        let distances = middles.each_ref().map(away);
        let least = distances.iter().copied().fold(f32::INFINITY, f32::min);
        distances[kind(row)] == least
    });
    assert!(near.count() > 410);
}

#[test]
fn classes_that_stay_apart_in_a_selection_are_told() {
    let place = folder();
    let at = place.path();
    embedded(at, 60);
    succeed(at, &["explore", "cluster", "run", "--classes", "3"]);
    let said = |more: &[&str]| {
        let words = [&["select", "run"], more].concat();
        String::from_utf8_lossy(&run(at, &words).stderr).into_owned()
    };
    assert!(said(&["--classes", "1,3"]).contains("--as-one"));
    assert!(!said(&["--classes", "1,2", "--as-one"]).contains("--as-one"));
    assert!(!said(&["--classes", "2"]).contains("--as-one"));
}

#[test]
fn a_selection_has_the_members_with_their_places_and_scores() {
    let place = folder();
    let at = place.path();
    embedded(at, 210);
    succeed(at, &["explore", "cluster", "run", "--classes", "3"]);
    let found = clustering(at);
    succeed(
        at,
        &[
            "select",
            "run",
            "--classes",
            "1,3",
            "--name",
            "two kinds",
            "-o",
            "two.star",
        ],
    );
    let frame = Frame::of(&Grid::new(
        [20, 40, 60],
        VoxelSize::new(10.0).expect("valid"),
    ));
    let options = PicksOptions {
        frames: Frames::all(frame),
        ..PicksOptions::default()
    };
    let read = |name: &str| read_picks(at.join(name), None, &options).expect("readable");
    let picks = read("two.star");
    let expected: Vec<usize> = (0..210)
        .filter(|row| [1, 3].contains(&found.label[*row]))
        .collect();
    assert_eq!(picks.len(), expected.len());
    let items = picks.sets.iter().flat_map(|set| &set.items);
    for (item, row) in items.zip(&expected) {
        let VoxelPos { z, y, x } = self::place(*row);
        let off =
            (item.position.z - z).abs() + (item.position.y - y).abs() + (item.position.x - x).abs();
        assert!(off < 1e-3, "row {row}: {:?}", item.position);
        assert_eq!(item.score, Some(*row as f32));
        assert_eq!(item.class, Some(found.label[*row] as u32));
    }
    assert_eq!(
        picks
            .sets
            .iter()
            .map(|set| set.tomogram.as_str())
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert_eq!(
        fs::read(at.join("two.star")).expect("there"),
        fs::read(at.join("run/selections/two kinds.star")).expect("there")
    );

    // The best scores, the most typical, one kind, another format.
    succeed(
        at,
        &[
            "select",
            "run",
            "--classes",
            "1",
            "--limit",
            "5",
            "-o",
            "best.csv",
        ],
    );
    let best = read("best.csv");
    let mut scores: Vec<f32> = expected
        .iter()
        .filter(|r| found.label[**r] == 1)
        .map(|r| *r as f32)
        .collect();
    scores.sort_by(|a, b| b.total_cmp(a));
    let got: Vec<Option<f32>> = best
        .sets
        .iter()
        .flat_map(|set| &set.items)
        .map(|item| item.score)
        .collect();
    assert_eq!(got.len(), 5);
    assert!(
        scores[..5].iter().all(|score| got.contains(&Some(*score))),
        "{got:?}"
    );
    succeed(
        at,
        &[
            "select",
            "run",
            "--classes",
            "2",
            "--limit",
            "1",
            "--nearest-to-centre",
            "--as-one",
            "--name",
            "core",
        ],
    );
    let core = read("run/selections/core.star");
    let typical = (0..210)
        .filter(|row| found.label[*row] == 2)
        .min_by(|a, b| found.outlier[*a].total_cmp(&found.outlier[*b]))
        .expect("a member");
    assert_eq!(core.sets[0].items[0].score, Some(typical as f32));
    assert_eq!(core.sets[0].classes[&1], "core");

    let error = fail(
        at,
        &["select", "run", "--classes", "1", "--name", "core"],
        2,
    );
    assert!(error.contains("--overwrite"), "{error}");
    let error = fail(at, &["select", "run", "--classes", "9"], 2);
    assert!(error.contains("from 0 to 3, got 9"), "{error}");
    let error = fail(
        at,
        &["select", "run", "--classes", "1", "--name", "../up"],
        2,
    );
    assert!(error.contains("--name"), "{error}");
    let error = fail(
        at,
        &[
            "select",
            "run",
            "--classes",
            "1",
            "--name",
            "x",
            "--max-outlier",
            "-99",
        ],
        3,
    );
    assert!(error.contains("no candidate"), "{error}");

    // The tomograms may be gone by now, where the list knows their grids.
    fs::write(
        at.join("run/dataset.tsv"),
        "name\ttomogram\tgrid\na\t../gone.mrc\t20 40 60 10 10 10\nb\t../b.mrc\t1 1 1 1 1 1\n",
    )
    .expect("written");
    succeed(
        at,
        &["select", "run", "--classes", "1,3", "--name", "again"],
    );
    let again = read_picks(
        at.join("run/selections/again.star"),
        Some(CoordinateFormat::Relion5),
        &options,
    );
    assert_eq!(again.expect("readable"), picks);
}

#[test]
fn the_list_says_what_classes_there_are() {
    let place = folder();
    let at = place.path();
    embedded(at, 210);
    succeed(at, &["explore", "cluster", "run", "--classes", "3"]);
    let found = clustering(at);
    let text = succeed(at, &["select", "run", "--list", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let classes = list["classes"].as_array().expect("a list");
    assert_eq!(classes.len(), 4);
    for facts in classes {
        let class = facts["class"].as_i64().expect("a number");
        let rows: Vec<usize> = (0..210)
            .filter(|r| i64::from(found.label[*r]) == class)
            .collect();
        assert_eq!(facts["count"], rows.len());
        let mean = rows.iter().sum::<usize>() as f64 / rows.len() as f64;
        let got = facts["mean_score"].as_f64().expect("a number");
        assert!((got - mean).abs() < 1e-3, "{got} {mean}");
        assert_eq!(facts["diameter"].is_null(), class == 0, "{facts}");
    }
    for (by, key) in [("candidates", "count"), ("diameter", "diameter")] {
        let text = succeed(at, &["select", "run", "--list", "--sort", by, "--json"]);
        let list: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let classes = list["classes"].as_array().expect("a list");
        let values = classes.iter().map(|facts| facts[key].as_f64());
        let values: Vec<f64> = values.map(|v| v.unwrap_or(-1.0)).collect();
        assert_eq!(values.len(), 4);
        assert!(values.windows(2).all(|pair| pair[0] >= pair[1]), "{text}");
    }
    let text = succeed(at, &["select", "run", "--list"]);
    assert!(
        text.contains("unassigned")
            && text.contains("in voxels\n")
            && text.contains("run/report/matrix.png"),
        "{text}"
    );
    assert!(!at.join("run/selections").exists());
}

#[test]
fn what_is_no_clustered_run_is_told_and_left_alone() {
    let place = folder();
    let at = place.path();
    for words in [
        &["explore", "cluster", "nowhere"][..],
        &["select", "nowhere", "--list"],
    ] {
        let error = fail(at, words, 3);
        assert!(
            error.contains("nowhere: expected a run with embedding.h5"),
            "{error}"
        );
    }
    embedded(at, 210);
    let error = fail(at, &["select", "run", "--classes", "1"], 3);
    assert!(error.contains("cryo explore cluster run"), "{error}");
    let before = contents(at);
    for (words, what) in [
        (&["--classes", "300"][..], "at most the 256 clusters"),
        (&["--classes", "250"], "at least 250 points"),
        (&["--grouping", "magic"], "ward, self-tuning or spectral"),
        (&["--metric", "magic"], "cosine or euclidean"),
        (&["--min-dist", "3"], "min_dist"),
        (&["--sample", "3"], "sample"),
        (&["--radius", "3"], "--volumes"),
    ] {
        let mut all = vec!["explore", "cluster", "run"];
        all.extend(words);
        let code = if what.contains("points") { 3 } else { 2 };
        let error = fail(at, &all, code);
        assert!(error.contains(what), "{error}");
    }
    let error = fail(at, &["explore", "cluster", "run", "--memory", "0.00001"], 4);
    assert!(
        error.contains("memory") || error.contains("limit"),
        "{error}"
    );
    succeed(at, &["explore", "cluster", "run", "--dry-run"]);
    assert_eq!(contents(at), before);

    // Damage, and tables that other programs wrote.
    let path = at.join("run/embedding.h5");
    let whole = fs::read(&path).expect("there");
    fs::write(&path, &whole[..whole.len() / 2]).expect("written");
    let one_line = |error: String| {
        let own: Vec<&str> = error
            .lines()
            .filter(|line| line.starts_with("cryo: "))
            .collect();
        assert_eq!(own.len(), 1, "{error}");
        assert!(error.contains("embedding.h5"), "{error}");
    };
    one_line(fail(at, &["explore", "cluster", "run"], 3));
    one_line(fail(at, &["select", "run", "--list"], 3));
    fs::write(&path, "no table").expect("written");
    one_line(fail(at, &["explore", "cluster", "run"], 3));
    let mut table = Embeddings {
        embedding: Array2::from_shape_fn((50, 4), |(row, column)| noise(4 * row + column)),
        ..Embeddings::default()
    };
    hdf5::write_embeddings(&path, &table, Overwrite::Replace).expect("written");
    one_line(fail(at, &["explore", "cluster", "run"], 3));
    table.embedding[[17, 2]] = f32::NAN;
    hdf5::write_embeddings(&path, &table, Overwrite::Replace).expect("written");
    let error = fail(at, &["explore", "cluster", "run"], 3);
    assert!(error.contains("row 17"), "{error}");
}

#[test]
fn candidates_of_others_get_the_classes_of_a_run() {
    let place = folder();
    let (one, two) = (place.path().join("one"), place.path().join("two"));
    for (at, rows) in [(&one, 210), (&two, 70)] {
        fs::create_dir_all(at).expect("made");
        embedded(at, rows);
    }
    let like = ["explore", "cluster", "run", "--classes-of", "../one/run"];
    let error = fail(&two, &like, 3);
    assert!(error.contains("one/run"), "{error}");
    succeed(&one, &["explore", "cluster", "run", "--classes", "3"]);
    succeed(&two, &like);
    let (theirs, own) = (clustering(&one), clustering(&two));
    assert_eq!(own.centres, theirs.centres);
    assert_eq!(own.spread, theirs.spread);
    assert_eq!(own.umap2.dim(), (70, 2));
    for (row, label) in own.label.iter().enumerate() {
        assert!(
            [0, kind(row) as i32 + 1].contains(label),
            "row {row}: {label}"
        );
    }
    succeed(&two, &["select", "run", "--classes", "2", "-o", "two.star"]);
    // Afterwards classes of its own are made of its own vectors.
    succeed(&two, &["explore", "cluster", "run", "--classes", "3"]);
    assert_ne!(clustering(&two).centres, theirs.centres);
    fail(&two, &[&like[..], &["--classes", "4"]].concat(), 2);
}
