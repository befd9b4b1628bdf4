//! `cryo explore train` and `embed` on a small simulated tomogram.

mod common;

use std::{fs, path::Path};

use common::{fail, folder, succeed};
use cryo_fixtures::{Body, Noise, PhantomBuilder, PhantomParams};
use cryo_io::{hdf5, mrc};

/// A tomogram with dark balls of two sizes, and a list that names it.
fn tomogram(folder: &Path, name: &str, seed: u64) {
    let mut params = PhantomParams::new([40, 96, 112], 10.0);
    params.noise = Noise::SignalToNoise(0.5);
    params.seed = seed;
    let mut builder = PhantomBuilder::new(params).expect("valid");
    builder
        .scatter("small", Body::Sphere { radius_vox: 5.0 }, 12)
        .expect("room");
    builder
        .scatter("large", Body::Sphere { radius_vox: 8.0 }, 8)
        .expect("room");
    let volume = builder.build(&()).expect("built").volume;
    mrc::write(folder.join(name), &volume, &mrc::WriteOptions::default()).expect("written");
}

const TRAIN: [&str; 12] = [
    "explore", "train", "--data", "one.mrc", "--out", "run", "--epochs", "3", "--batch", "8",
    "--device", "cpu",
];

fn embedding(path: &Path) -> hdf5::Embeddings {
    hdf5::read_embeddings(path, &hdf5::EmbeddingsOptions::default()).expect("readable")
}

#[test]
fn a_run_is_trained_embedded_and_applied_to_another_tomogram() {
    let place = folder();
    let at = place.path();
    tomogram(at, "one.mrc", 1);
    tomogram(at, "two.mrc", 2);
    succeed(at, &TRAIN);
    for name in [
        "config.toml",
        "dataset.tsv",
        "candidates.star",
        "metrics.jsonl",
    ] {
        assert!(at.join("run").join(name).is_file(), "{name}");
    }
    let metrics = fs::read_to_string(at.join("run/metrics.jsonl")).unwrap();
    assert_eq!(metrics.lines().count(), 3);
    for line in metrics.lines() {
        let report: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(report["losses"][0][0], "loss");
    }
    assert!(
        at.join("run/checkpoints/epoch-000003/model.safetensors")
            .is_file()
    );
    assert!(
        fs::read_to_string(at.join("run/dataset.tsv"))
            .unwrap()
            .contains("fingerprint")
    );

    succeed(at, &["explore", "embed", "--run", "run", "--device", "cpu"]);
    let own = embedding(&at.join("run/embedding.h5"));
    assert!(own.len() >= 8, "{}", own.len());
    assert_eq!(own.embedding.ncols(), 128);
    assert_eq!(own.patch.as_ref().unwrap().dim(), (own.len(), 1, 36, 36));
    assert!(own.tomogram.unwrap().iter().all(|name| name == "one"));

    succeed(
        at,
        &[
            "explore", "embed", "--run", "run", "--data", "two.mrc", "--out", "two", "--device",
            "cpu",
        ],
    );
    assert!(at.join("two/candidates.star").is_file());
    assert!(
        embedding(&at.join("two/embedding.h5"))
            .tomogram
            .unwrap()
            .iter()
            .all(|name| name == "two")
    );

    // In company the candidates of one tomogram are embedded as alone.
    succeed(
        at,
        &[
            "explore", "embed", "--run", "run", "--data", "one.mrc", "two.mrc", "--out", "both",
            "--device", "cpu",
        ],
    );
    let both = embedding(&at.join("both/embedding.h5"));
    let difference = (&both
        .embedding
        .slice(ndarray::s![..own.embedding.nrows(), ..])
        - &own.embedding)
        .iter()
        .fold(0.0_f32, |largest, value| largest.max(value.abs()));
    assert!(difference < 1e-4, "{difference}");

    // What was embedded elsewhere is clustered and selected from as a run.
    succeed(at, &["explore", "cluster", "both", "--classes", "2"]);
    succeed(
        at,
        &["select", "both", "--classes", "1,2", "--name", "both kinds"],
    );
    let star = fs::read_to_string(at.join("both/selections/both kinds.star")).unwrap();
    assert!(star.contains("one/1") && star.contains("two/1"), "{star}");
}

#[test]
fn a_stopped_run_goes_on_to_the_same_network() {
    let place = folder();
    let at = place.path();
    tomogram(at, "one.mrc", 1);
    let mut straight = TRAIN.to_vec();
    straight.extend(["--threads", "1"]);
    succeed(at, &straight);
    let model = |run: &str| {
        fs::read(
            at.join(run)
                .join("checkpoints/epoch-000003/model.safetensors"),
        )
        .unwrap()
    };
    let before = model("run");

    // All is done already: nothing changes.
    let mut again = straight.clone();
    again.push("--resume");
    succeed(at, &again);
    assert_eq!(model("run"), before);

    let error = fail(at, &straight, 2);
    assert!(error.contains("--resume"), "{error}");
    let mut other = again.clone();
    other[7] = "4";
    let error = fail(at, &other, 2);
    assert!(error.contains("another epochs"), "{error}");
    let mut over = straight.clone();
    over.push("--overwrite");
    succeed(at, &over);
    assert_eq!(model("run"), before);
}

#[test]
fn a_tomogram_without_candidates_is_no_harm() {
    let place = folder();
    let at = place.path();
    tomogram(at, "one.mrc", 1);
    tomogram(at, "two.mrc", 2);
    let mut table = "tomogram,x,y,z\n".to_owned();
    for index in 0..10 {
        table += &format!("two,{},{},{}\n", 30 + 5 * index, 20 + 6 * index, 15 + index);
    }
    fs::write(at.join("ten.csv"), table).unwrap();
    let words = [
        "explore",
        "train",
        "--data",
        "one.mrc",
        "two.mrc",
        "--candidates",
        "ten.csv",
        "--out",
        "run",
        "--epochs",
        "1",
        "--device",
        "cpu",
    ];
    let output = common::run(at, &words);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.contains("one: 0 candidates") && said.contains("two: 10 candidates"),
        "{said}"
    );
    succeed(at, &["explore", "embed", "--run", "run", "--device", "cpu"]);
    let table = embedding(&at.join("run/embedding.h5"));
    assert_eq!(table.len(), 10);
    let first = table.position.unwrap()[0];
    assert_eq!((first.x, first.y, first.z), (30.0, 20.0, 15.0));
}

#[test]
fn a_dry_run_writes_nothing() {
    let place = folder();
    let at = place.path();
    tomogram(at, "one.mrc", 1);
    let mut dry = TRAIN.to_vec();
    dry.push("--dry-run");
    succeed(at, &dry);
    assert!(!at.join("run").exists());
}

#[test]
fn what_cannot_be_is_told() {
    let place = folder();
    let at = place.path();
    tomogram(at, "one.mrc", 1);
    let with = |words: &[&'static str]| {
        let mut all = TRAIN.to_vec();
        all.extend(words);
        all
    };
    let error = fail(at, &with(&["--objective", "magic"]), 2);
    assert!(error.contains("nt-xent, vic-reg or sim-siam"), "{error}");
    let error = fail(at, &with(&["--encoder", "vgg"]), 2);
    assert!(error.contains("compact or resnet18"), "{error}");
    let error = fail(at, &with(&["--memory", "0.0001"]), 4);
    assert!(
        error.contains("memory") || error.contains("limit"),
        "{error}"
    );
    let error = fail(at, &["explore", "embed", "--run", "nowhere"], 3);
    assert!(error.contains("nowhere"), "{error}");

    // A tomogram with too few candidates to learn from.
    fs::write(at.join("few.csv"), "tomogram,x,y,z\none,50,40,20\n").unwrap();
    let error = fail(at, &with(&["--candidates", "few.csv"]), 3);
    assert!(
        error.contains("expected at least 8 views, got 1"),
        "{error}"
    );
    succeed(at, &with(&["--overwrite"]));

    // A checkpoint that was cut off.
    let file = at.join("run/checkpoints/epoch-000003/model.safetensors");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let error = fail(at, &["explore", "embed", "--run", "run"], 3);
    assert!(error.contains("cut off or damaged"), "{error}");
}

/// Ten candidates in each of two tomograms.
fn listed(at: &Path) {
    tomogram(at, "one.mrc", 1);
    tomogram(at, "two.mrc", 2);
    let mut table = "tomogram,x,y,z,score\n".to_owned();
    for index in 0..10 {
        for name in ["one", "two"] {
            let (x, y, z) = (30 + 5 * index, 20 + 6 * index, 15 + index);
            table += &format!("{name},{x},{y},{z},{}\n", 0.5 * f64::from(index));
        }
    }
    fs::write(at.join("list.csv"), table).unwrap();
}

#[test]
fn tomograms_that_do_not_fit_into_memory_together_give_the_same() {
    let place = folder();
    let at = place.path();
    listed(at);
    let words = |out: &'static str, memory: &'static str| {
        vec![
            "explore",
            "train",
            "--data",
            "one.mrc",
            "two.mrc",
            "--candidates",
            "list.csv",
            "--out",
            out,
            "--epochs",
            "2",
            "--batch",
            "8",
            "--device",
            "cpu",
            "--threads",
            "1",
            "--memory",
            memory,
        ]
    };
    succeed(at, &words("fits", "1"));
    let output = common::run(at, &words("spilled", "0.005"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("views are kept on disk"), "{said}");
    for name in [
        "checkpoints/epoch-000002/model.safetensors",
        "candidates.star",
        "yardstick.json",
    ] {
        let read = |run: &str| fs::read(at.join(run).join(name)).unwrap();
        assert!(read("fits") == read("spilled"), "{name} differs");
    }
    for (run, memory) in [("fits", "1"), ("spilled", "0.005")] {
        let words = [
            "explore",
            "embed",
            "--run",
            run,
            "--device",
            "cpu",
            "--threads",
            "1",
            "--memory",
            memory,
        ];
        succeed(at, &words);
    }
    let (fits, spilled) = (
        embedding(&at.join("fits/embedding.h5")),
        embedding(&at.join("spilled/embedding.h5")),
    );
    assert_eq!(fits, spilled);
    assert_eq!(fits.len(), 20);
    assert_eq!(fits.score.unwrap()[3], 1.5);
    // Nothing is left of the file.
    let left = fs::read_dir(at.join("spilled")).unwrap().flatten();
    assert!(
        left.into_iter()
            .all(|entry| !entry.file_name().to_string_lossy().contains("part"))
    );
    // One tomogram alone is too large.
    let error = fail(at, &words("none", "0.001"), 4);
    assert!(
        error.contains("memory") || error.contains("limit"),
        "{error}"
    );
}

#[test]
fn tilt_images_are_seen_where_the_list_names_them() {
    let place = folder();
    let at = place.path();
    succeed(
        at,
        &[
            "simulate",
            "-o",
            "sim",
            "--size=80,72,40",
            "--body=sphere:80:10",
            "--tilts=-60,60,6",
            "--voxel-size=10",
        ],
    );
    let words = |out: &'static str, preset: &'static str, more: &[&'static str]| {
        let mut words = vec![
            "explore",
            "train",
            "--data",
            "sim/dataset.tsv",
            "--out",
            out,
            "--preset",
            preset,
            "--epochs",
            "1",
            "--batch",
            "4",
            "--box",
            "10",
            "--candidates",
            "sim/truth.star",
            "--device",
            "cpu",
        ];
        words.extend(more);
        words
    };
    succeed(at, &words("paper", "paper", &[]));
    let config = fs::read_to_string(at.join("paper/config.toml")).unwrap();
    assert!(config.contains("views = \"tilts\""), "{config}");
    assert!(config.contains("max-tilt = 15.0"), "{config}");
    let manifest = fs::read_to_string(at.join("paper/checkpoints/epoch-000001/manifest.json"));
    let manifest: serde_json::Value = serde_json::from_str(&manifest.unwrap()).unwrap();
    let view = &manifest["config"]["model"]["input"]["view"];
    assert_eq!(view.to_string(), "[2,10,10]");
    succeed(
        at,
        &["explore", "embed", "--run", "paper", "--device", "cpu"],
    );
    let table = embedding(&at.join("paper/embedding.h5"));
    assert_eq!(table.patch.unwrap().dim().3, 10);
    let error = fail(at, &words("x", "recommended", &["--views", "tilts"]), 2);
    assert!(error.contains("--encoder resnet18"), "{error}");
    let error = fail(at, &words("x", "paper", &["--views", "magic"]), 2);
    assert!(error.contains("slices, tilts or auto"), "{error}");
    // The same network is of no use for tomograms alone.
    tomogram(at, "one.mrc", 1);
    let error = fail(
        at,
        &[
            "explore", "embed", "--run", "paper", "--data", "one.mrc", "--out", "y", "--device",
            "cpu",
        ],
        3,
    );
    assert!(
        error.contains("expected a tilt series with angles"),
        "{error}"
    );
}
