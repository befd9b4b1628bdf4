//! HDF5 against h5py.
#![cfg(feature = "hdf5")]

use std::path::{Path, PathBuf};

use cryo_core::{AngstromPos, Grid, Volume, VoxelPos, VoxelSize};
use cryo_io::{
    Overwrite,
    hdf5::{self, Embeddings, EmbeddingsOptions, VolumeOptions},
};
use ndarray::{Array2, Array3, Array4};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/data/hdf5")
        .join(name)
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder for the test")
}

fn with_voxels_of(angstrom: f64) -> VolumeOptions {
    VolumeOptions {
        voxel_size: VoxelSize::new(angstrom),
        ..VolumeOptions::default()
    }
}

fn ramp(z: usize, y: usize, x: usize, less: f32) -> f32 {
    100.0 * z as f32 + 10.0 * y as f32 + x as f32 - less
}

#[test]
fn every_numeric_type_matches_h5py() {
    let names = [
        "u1",
        "i1",
        "le_i2",
        "be_u2",
        "le_i4",
        "le_u4",
        "le_i8",
        "le_f2",
        "le_f4",
        "be_f4",
        "le_f8",
        "libver_latest",
        "user_block",
    ];
    for name in names {
        let path = golden(&format!("{name}.h5"));
        let volume = hdf5::read_volume(&path, &with_voxels_of(2.5)).expect(name);
        let unsigned = name.ends_with(['1', '2', '4']) && name.contains('u');
        let less = if unsigned { 0.0 } else { 7.0 };
        let depth = if name.ends_with('1') { 1 } else { 2 };
        assert_eq!(volume.grid().shape, [depth, 3, 5], "{name}");
        for ((z, y, x), &value) in volume.data().indexed_iter() {
            assert_eq!(value, ramp(z, y, x, less), "{name} at {z} {y} {x}");
        }
    }
}

#[test]
fn chunked_volume_of_h5py_is_read_with_its_grid() {
    let path = golden("chunked_gzip.h5");
    let volume = hdf5::read_volume(&path, &VolumeOptions::default()).expect("readable");
    let expected = Grid::new([4, 5, 6], VoxelSize::zyx(10.0, 11.0, 12.0).expect("valid"))
        .with_origin(AngstromPos {
            z: -1.0,
            y: 2.0,
            x: 3.5,
        });
    assert_eq!(*volume.grid(), expected);
    assert_eq!(volume.data()[[3, 1, 5]], ramp(3, 1, 5, 7.0));
    let found = hdf5::list(&path).expect("readable");
    assert_eq!(found[0].name, "/group/volume");
    assert_eq!(
        (&found[0].shape[..], found[0].is_numeric),
        (&[4, 5, 6][..], true)
    );
    assert!(hdf5::validate(&path).is_empty());
}

#[test]
fn eman2_layout_is_read() {
    let volume =
        hdf5::read_volume(golden("eman2.hdf"), &VolumeOptions::default()).expect("readable");
    assert_eq!(volume.grid().shape, [2, 3, 4]);
    assert_eq!(
        volume.grid().voxel_size,
        VoxelSize::zyx(6.0, 5.0, 4.0).expect("valid")
    );
    assert_eq!(volume.data()[[1, 0, 3]], ramp(1, 0, 3, 7.0));
}

#[test]
fn volume_round_trips_at_every_compression() {
    let folder = folder();
    let grid = Grid::new([65, 3, 70], VoxelSize::zyx(1.0, 2.0, 3.0).expect("valid")).with_origin(
        AngstromPos {
            z: 0.5,
            y: -2.0,
            x: 7.0,
        },
    );
    let data = Array3::from_shape_fn((65, 3, 70), |(z, y, x)| ramp(z, y, x, 0.25));
    let volume = Volume::new(data, grid).expect("same shape");
    let mut lengths = Vec::new();
    for level in [0, 4, 9] {
        let path = folder.path().join(format!("{level}.h5"));
        hdf5::write_volume(&path, "/maps/one", &volume, level, Overwrite::Never).expect("written");
        let options = VolumeOptions {
            dataset: Some("maps/one".to_owned()),
            ..VolumeOptions::default()
        };
        assert_eq!(
            hdf5::read_volume(&path, &options).expect("readable"),
            volume
        );
        lengths.push(std::fs::metadata(&path).expect("there").len());
    }
    assert!(lengths[0] > 2 * lengths[1]);
}

#[test]
fn written_file_is_not_replaced_unasked() {
    let folder = folder();
    let path = folder.path().join("a.h5");
    std::fs::write(&path, "precious").expect("written");
    let grid = Grid::new([1, 2, 3], VoxelSize::new(1.0).expect("valid"));
    let volume = Volume::new(Array3::zeros((1, 2, 3)), grid).expect("same shape");
    let error = hdf5::write_volume(&path, "a", &volume, 0, Overwrite::Never).expect_err("there");
    assert!(
        error
            .to_string()
            .contains("the file exists and is not overwritten")
    );
    assert_eq!(std::fs::read(&path).expect("there"), b"precious");
    hdf5::write_volume(&path, "a", &volume, 0, Overwrite::Replace).expect("written");
    assert_eq!(
        hdf5::read_volume(&path, &VolumeOptions::default()).expect("readable"),
        volume
    );
    let left = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(left, 1);
}

#[test]
fn senseless_parameters_are_refused() {
    let folder = folder();
    let path = folder.path().join("a.h5");
    let grid = Grid::new([1, 2, 3], VoxelSize::new(1.0).expect("valid"));
    let volume = Volume::new(Array3::zeros((1, 2, 3)), grid).expect("same shape");
    let error = hdf5::write_volume(&path, "/", &volume, 0, Overwrite::Never).expect_err("no name");
    assert_eq!(error.to_string(), "dataset: expected a name, got \"/\"");
    let error =
        hdf5::write_volume(&path, "a", &volume, 10, Overwrite::Never).expect_err("too high");
    assert_eq!(error.to_string(), "compression: expected 0 to 9, got 10");
    assert!(!path.exists());
}

fn table() -> Embeddings {
    Embeddings {
        embedding: Array2::from_shape_fn((300, 128), |(i, j)| i as f32 + j as f32 / 256.0),
        projection: Some(Array2::from_shape_fn((300, 32), |(i, j)| {
            i as f32 - j as f32
        })),
        umap2: Some(Array2::from_shape_fn((300, 2), |(i, j)| {
            (i * (j + 1)) as f32
        })),
        label: Some((0..300).map(|i| i % 7 - 1).collect()),
        tomogram: Some((0..300).map(|i| format!("TS_{:03}", i / 100)).collect()),
        position: Some(
            (0..300)
                .map(|i| VoxelPos::xyz(f64::from(i), 0.5, -2.0))
                .collect(),
        ),
        score: Some((0..300).map(|i| i as f32 / 3.0).collect()),
        patch: Some(Array4::from_shape_fn((300, 1, 4, 6), |(i, _, y, x)| {
            (i + 10 * y + x) as u8
        })),
    }
}

#[test]
fn embeddings_round_trip() {
    let folder = folder();
    let path = folder.path().join("embedding.h5");
    let table = table();
    hdf5::write_embeddings(&path, &table, Overwrite::Never).expect("written");
    let all = EmbeddingsOptions::default();
    assert_eq!(hdf5::read_embeddings(&path, &all).expect("readable"), table);
    let bare = Embeddings {
        embedding: Array2::zeros((0, 128)),
        ..Embeddings::default()
    };
    hdf5::write_embeddings(&path, &bare, Overwrite::Replace).expect("written");
    assert_eq!(hdf5::read_embeddings(&path, &all).expect("readable"), bare);
}

#[test]
fn rows_of_embeddings_are_those_of_the_whole() {
    let folder = folder();
    let path = folder.path().join("embedding.h5");
    let table = table();
    hdf5::write_embeddings(&path, &table, Overwrite::Never).expect("written");
    let options = EmbeddingsOptions {
        rows: Some(99..103),
        with_patches: false,
        ..EmbeddingsOptions::default()
    };
    let part = hdf5::read_embeddings(&path, &options).expect("readable");
    assert_eq!(part.len(), 4);
    assert_eq!(
        part.embedding,
        table.embedding.slice(ndarray::s![99..103, ..])
    );
    assert_eq!(part.label, table.label.map(|label| label[99..103].to_vec()));
    assert_eq!(
        part.tomogram,
        table.tomogram.map(|names| names[99..103].to_vec())
    );
    assert_eq!(
        part.position,
        table.position.map(|all| all[99..103].to_vec())
    );
    assert_eq!(part.patch, None);
    let beyond = EmbeddingsOptions {
        rows: Some(299..301),
        ..EmbeddingsOptions::default()
    };
    let error = hdf5::read_embeddings(&path, &beyond)
        .expect_err("beyond the end")
        .to_string();
    assert!(
        error.ends_with("rows: expected rows within 0..300, got 299..301"),
        "{error}"
    );
}

#[test]
fn embeddings_of_h5py_are_read() {
    let all = EmbeddingsOptions::default();
    let table = hdf5::read_embeddings(golden("embeddings.h5"), &all).expect("readable");
    assert_eq!(table.embedding[[3, 2]], 3.25);
    assert_eq!(table.label, Some(vec![0, -1, 2, 2, 1]));
    let names = table.tomogram.expect("there");
    assert_eq!((names[0].as_str(), names[2].as_str()), ("007", "TS_λ"));
    assert_eq!(
        table.position.expect("there")[2],
        VoxelPos {
            z: 2.0,
            y: 20.0,
            x: 200.5
        }
    );
    assert_eq!(table.patch.expect("there")[[4, 0, 1, 2]], 29);
    assert_eq!(table.projection, None);
}

#[test]
fn embeddings_of_different_lengths_are_refused() {
    let folder = folder();
    let mut short = table();
    short.label = Some(vec![1, 2]);
    let path = folder.path().join("embedding.h5");
    let error = hdf5::write_embeddings(&path, &short, Overwrite::Never).expect_err("too short");
    assert!(
        error
            .to_string()
            .ends_with("label: expected 300 rows, as embedding has, got 2")
    );
}

#[test]
fn a_clustering_is_put_into_a_table_and_replaced_there() {
    let folder = folder();
    let path = folder.path().join("embedding.h5");
    let before = table();
    hdf5::write_embeddings(&path, &before, Overwrite::Never).expect("written");
    let limit = 1 << 30;
    assert_eq!(hdf5::read_clustering(&path, limit).expect("readable"), None);
    let mut found = hdf5::Clustering {
        umap2: Array2::from_shape_fn((300, 2), |(i, j)| (i + 3 * j) as f32),
        umap3: Some(Array2::from_elem((300, 3), 0.5)),
        label: (0..300).map(|i| i % 5).collect(),
        outlier: (0..300).map(|i| i as f32 / 7.0).collect(),
        centres: Array2::from_shape_fn((12, 128), |(i, j)| (i * j) as f32),
        class_of_centre: (0..12).map(|i| i % 4 + 1).collect(),
        spread: Array2::from_elem((4, 2), 1.5),
        settings: "{\"classes\":4,\"λ\":1}".to_owned(),
    };
    let mut sizes = Vec::new();
    for round in 0..12 {
        found.umap3 = found.umap3.filter(|_| round == 0);
        found.label.rotate_left(1);
        hdf5::write_clustering(&path, &found).expect("written");
        let again = hdf5::read_clustering(&path, limit).expect("readable");
        assert_eq!(again.as_ref(), Some(&found));
        sizes.push(std::fs::metadata(&path).expect("there").len());
    }
    // A file that is clustered again and again does not grow with it.
    assert!(sizes[11] <= sizes[1] + sizes[1] / 4, "{sizes:?}");
    let after = hdf5::read_embeddings(&path, &EmbeddingsOptions::default()).expect("readable");
    assert_eq!(
        after,
        Embeddings {
            umap2: Some(found.umap2.clone()),
            label: Some(found.label.clone()),
            ..before
        }
    );
    assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1);

    found.outlier.pop();
    let error = hdf5::write_clustering(&path, &found).expect_err("a row too few");
    assert!(
        error
            .to_string()
            .ends_with("outlier: expected 300 rows, got 299"),
        "{error}"
    );
}
