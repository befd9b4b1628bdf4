//! What is saved comes back, and what is damaged is told.

use std::{fs, path::Path};

use cryo_train::{
    Checkpoint, CheckpointDir, EpochReport, Error, LoadMode, Manifest, NamedTensors, SCHEMA, assign,
};
use tch::{Device, Kind, Tensor};

fn manifest(epoch: u64) -> Manifest {
    Manifest {
        schema: SCHEMA,
        crate_name: "cryo-train".into(),
        crate_version: "0.1.0".into(),
        config: serde_json::json!({ "width": 8 }),
        params: serde_json::json!({ "rate": 0.1 }),
        seed: 42,
        epoch,
        step: epoch * 7,
        history: vec![EpochReport {
            epoch,
            step: epoch * 7,
            rate: 0.1,
            losses: vec![("loss".into(), 0.1 + 0.2)],
            warnings: Vec::new(),
            seconds: 1.5,
            items_per_second: 3.25,
            peak_memory_bytes: None,
        }],
    }
}

fn tensors() -> NamedTensors {
    [
        (
            "weight",
            Tensor::from_slice(&[1.0_f32, f32::MIN_POSITIVE, -3.5e30]).view([3, 1]),
        ),
        ("scalar", Tensor::from(2.5_f32)),
        ("half", Tensor::from_slice(&[0.5_f32]).to_kind(Kind::Half)),
        ("count", Tensor::from_slice(&[1_i64 << 40])),
    ]
    .into_iter()
    .collect()
}

fn checkpoint(epoch: u64) -> Checkpoint {
    Checkpoint {
        model: tensors(),
        optimizer: [("step", Tensor::from_slice(&[epoch as i64]))]
            .into_iter()
            .collect(),
        manifest: manifest(epoch),
    }
}

#[test]
fn checkpoint_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("last");
    checkpoint(3).save(&path).unwrap();
    checkpoint(4).save(&path).unwrap(); // replaces
    let back = Checkpoint::load(&path).unwrap();
    assert_eq!(back.manifest, manifest(4));
    for (name, tensor) in tensors().iter() {
        let saved = back.model.get(name).unwrap();
        assert_eq!(saved.size(), tensor.size(), "{name}");
        assert!(saved.equal(&tensor.to_kind(saved.kind())), "{name}");
    }
    assert_eq!(back.model.get("half").unwrap().kind(), Kind::Float);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn truncated_files_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("last");
    for name in [
        "model.safetensors",
        "optimizer.safetensors",
        "manifest.json",
    ] {
        checkpoint(3).save(&path).unwrap();
        let file = path.join(name);
        let bytes = fs::read(&file).unwrap();
        for length in [0, 4, bytes.len() / 2, bytes.len() - 1] {
            fs::write(&file, &bytes[..length]).unwrap();
            let error = Checkpoint::load(&path).unwrap_err();
            assert!(
                matches!(&error, Error::Damaged { path, .. } if path.ends_with(name)),
                "{name} {length}: {error}"
            );
        }
    }
}

#[test]
fn other_schemas_and_empty_folders_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let error = Checkpoint::load(folder.path()).unwrap_err();
    assert!(matches!(error, Error::NoCheckpoint { .. }), "{error}");
    let path = folder.path().join("last");
    let mut newer = checkpoint(1);
    newer.manifest.schema = SCHEMA + 1;
    newer.save(&path).unwrap();
    let error = Checkpoint::load(&path).unwrap_err().to_string();
    assert!(error.contains("expected schema 1, got 2"), "{error}");
}

#[test]
fn strict_loading_lists_every_difference() {
    let zeros = |size: &[i64]| Tensor::zeros(size, (Kind::Float, Device::Cpu));
    let network = [
        ("a.weight".to_owned(), zeros(&[2, 3])),
        ("a.bias".to_owned(), zeros(&[3])),
        ("b.weight".to_owned(), zeros(&[1])),
    ];
    let saved: NamedTensors = [
        ("a.weight", zeros(&[3, 2]) + 1.0),
        ("b.weight", zeros(&[1]) + 1.0),
        ("c.weight", zeros(&[1])),
    ]
    .into_iter()
    .collect();
    let differences = assign(&network, &saved, &LoadMode::Strict).unwrap_err();
    assert_eq!(
        differences.to_string(),
        "a.weight: expected [2, 3], got [3, 2]; missing a.bias; unexpected c.weight"
    );
    // Nothing was changed, not even what fits.
    assert_eq!(network[2].1.double_value(&[0]), 0.0);

    let mode = LoadMode::Prefix {
        from: "b.".into(),
        to: "b.".into(),
    };
    let assigned = assign(&network, &saved, &mode).unwrap();
    assert_eq!(assigned.taken, ["b.weight"]);
    assert_eq!(assigned.left, ["a.weight", "c.weight"]);
    assert_eq!(network[2].1.double_value(&[0]), 1.0);
}

#[test]
fn folder_keeps_the_last_ones() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = CheckpointDir::new(folder.path().join("checkpoints"));
    assert_eq!(checkpoints.latest().unwrap(), None);
    for epoch in [2, 10, 9] {
        checkpoints.save(&checkpoint(epoch)).unwrap();
    }
    // One that was being written when the program was killed.
    fs::create_dir(checkpoints.path().join("epoch-000099")).unwrap();
    assert!(
        checkpoints
            .latest()
            .unwrap()
            .unwrap()
            .ends_with("epoch-000010")
    );
    checkpoints.keep_last(2).unwrap();
    assert!(!checkpoints.path().join("epoch-000002").exists());
    assert!(checkpoints.path().join("epoch-000009").exists());
}

#[test]
fn unwritable_folder_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let error = checkpoint(1).save(&file.join("last")).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "in the way");
    assert!(NamedTensors::from_bytes(b"no tensors", Path::new("x")).is_err());
}
