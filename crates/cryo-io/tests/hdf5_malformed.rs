//! HDF5 that must be refused, with its message, and mutated files.
#![cfg(feature = "hdf5")]

use std::path::{Path, PathBuf};

use cryo_core::VoxelSize;
use cryo_io::hdf5::{self, EmbeddingsOptions, VolumeOptions};

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

fn refusal(name: &str) -> String {
    let error = hdf5::read_volume(golden(name), &with_voxels_of(1.0)).expect_err(name);
    let text = error.to_string();
    let folder = golden("");
    text.replace(&folder.display().to_string(), "")
}

#[test]
fn wrong_rank_is_refused() {
    assert_eq!(
        refusal("rank2.h5"),
        "rank2.h5: no dataset of numbers on 3 axes; there is /data"
    );
    let options = VolumeOptions {
        dataset: Some("data".to_owned()),
        ..with_voxels_of(1.0)
    };
    let error = hdf5::read_volume(golden("rank2.h5"), &options).expect_err("two axes");
    assert!(
        error
            .to_string()
            .ends_with("dataset \"data\": expected numbers on 3 axes, got 2 axes")
    );
}

#[test]
fn text_is_refused_as_a_volume() {
    assert_eq!(
        refusal("text.h5"),
        "text.h5: no dataset of numbers on 3 axes; there is /data"
    );
}

#[test]
fn two_volumes_without_a_name_are_refused() {
    assert_eq!(
        refusal("two_volumes.h5"),
        "two_volumes.h5: file: expected one dataset that could be the volume, \
         got \"/a\" and \"/b\"; name the dataset"
    );
}

#[test]
fn unknown_dataset_is_refused_with_what_there_is() {
    let options = VolumeOptions {
        dataset: Some("/c".to_owned()),
        ..with_voxels_of(1.0)
    };
    let error = hdf5::read_volume(golden("two_volumes.h5"), &options).expect_err("no such");
    assert!(
        error
            .to_string()
            .ends_with("no dataset \"/c\"; there is /a, /b"),
        "{error}"
    );
}

#[test]
fn volume_without_voxel_size_is_refused() {
    let error = hdf5::read_volume(golden("le_f4.h5"), &VolumeOptions::default()).expect_err("none");
    assert!(error.to_string().ends_with(
        "the voxel size of \"/data\" is needed and is not in the file; \
         give it, or add the attribute voxel_size_angstrom (z, y, x)"
    ));
}

#[test]
fn huge_declared_extents_are_refused() {
    assert_eq!(
        refusal("huge.h5"),
        "huge.h5: dataset \"/data\" needs 4000000000000000 bytes, the limit is 68719476736; \
         read a part of it, or raise the limit"
    );
}

#[test]
fn extents_without_data_are_refused() {
    assert_eq!(
        refusal("unwritten.h5"),
        "unwritten.h5: expected 4294967296 bytes, the file has 0; \
         dataset \"/data\" was never filled: write it again"
    );
    let findings = hdf5::validate(golden("unwritten.h5"));
    assert!(
        findings[0]
            .to_string()
            .contains("expected data, got extents and no data")
    );
}

#[test]
fn limit_on_memory_is_kept() {
    let options = VolumeOptions {
        max_bytes: 119,
        ..with_voxels_of(1.0)
    };
    let error = hdf5::read_volume(golden("le_f4.h5"), &options).expect_err("30 voxels of 4 bytes");
    assert!(
        error
            .to_string()
            .contains("needs 120 bytes, the limit is 119"),
        "{error}"
    );
}

#[test]
fn foreign_compression_is_refused() {
    assert_eq!(
        refusal("lzf.h5"),
        "lzf.h5: the compression of dataset \"/data\" (filter 32000) is not supported; \
         repack it with `h5repack -f GZIP=4`"
    );
}

#[test]
fn data_in_other_files_are_refused() {
    assert_eq!(
        refusal("external.h5"),
        "external.h5: dataset \"/raw\", whose data lie in other files, is not supported"
    );
    let options = VolumeOptions {
        dataset: Some("data".to_owned()),
        ..with_voxels_of(1.0)
    };
    let error = hdf5::read_volume(golden("external.h5"), &options).expect_err("a link");
    assert!(
        error
            .to_string()
            .ends_with("no dataset \"data\"; there is /raw"),
        "{error}"
    );
}

#[test]
fn groups_in_a_circle_end() {
    assert_eq!(hdf5::list(golden("circle.h5")).expect("readable"), []);
    assert_eq!(
        refusal("circle.h5"),
        "circle.h5: no dataset of numbers on 3 axes; there is "
    );
}

#[test]
fn truncated_file_is_refused() {
    let folder = folder();
    let path = folder.path().join("cut.h5");
    let bytes = std::fs::read(golden("le_f4.h5")).expect("there");
    std::fs::write(&path, &bytes[..2100]).expect("written");
    let error = hdf5::read_volume(&path, &with_voxels_of(1.0))
        .expect_err("cut")
        .to_string();
    assert!(
        error.ends_with(
            "cut.h5: expected 2168 bytes, the file has 2100; \
             the file was cut, or is still being written: copy it again"
        ),
        "{error}"
    );
    std::fs::write(&path, &bytes[..20]).expect("written");
    let error = hdf5::read_volume(&path, &with_voxels_of(1.0))
        .expect_err("cut")
        .to_string();
    assert!(
        error.ends_with("cut.h5: expected 41 bytes, the file has 20"),
        "{error}"
    );
}

#[test]
fn other_format_is_refused() {
    let folder = folder();
    let path = folder.path().join("a.mrc");
    std::fs::write(&path, vec![7; 2048]).expect("written");
    let error = hdf5::read_volume(&path, &with_voxels_of(1.0))
        .expect_err("not HDF5")
        .to_string();
    assert!(
        error.ends_with(
            "a.mrc: file: expected HDF5, which starts with \\x89HDF, got another format; \
             check that it is the file you mean"
        ),
        "{error}"
    );
}

#[test]
fn errors_leave_stderr_alone() {
    // The same test again in a process of its own, whose stderr can be read.
    const ROLE: &str = "CRYO_IO_TEST_HDF5_CHILD";
    if std::env::var_os(ROLE).is_some() {
        for thread in 0..2 {
            let read = move || {
                for name in ["huge.h5", "rank2.h5", "lzf.h5", "external.h5"] {
                    assert!(
                        hdf5::read_volume(golden(name), &with_voxels_of(1.0)).is_err(),
                        "{thread}"
                    );
                }
                let folder = folder();
                let path = folder.path().join("damaged.h5");
                let mut bytes = std::fs::read(golden("le_f4.h5")).expect("there");
                bytes[48..200].fill(0xee);
                std::fs::write(&path, bytes).expect("written");
                assert!(hdf5::read_volume(&path, &with_voxels_of(1.0)).is_err());
            };
            std::thread::spawn(read).join().expect("no panic");
        }
        return;
    }
    let program = std::env::current_exe().expect("this test");
    let output = std::process::Command::new(program)
        .args([
            "errors_leave_stderr_alone",
            "--exact",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(ROLE, "1")
        .output()
        .expect("runs");
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn mutated_files_are_read_or_refused() {
    let folder = folder();
    let path = folder.path().join("mutated.h5");
    let volume = VolumeOptions {
        max_bytes: 1 << 20,
        ..with_voxels_of(1.0)
    };
    let rows = EmbeddingsOptions {
        max_bytes: 1 << 20,
        ..EmbeddingsOptions::default()
    };
    let mut refused = 0;
    for name in [
        "chunked_gzip.h5",
        "embeddings.h5",
        "eman2.hdf",
        "libver_latest.h5",
    ] {
        let original = std::fs::read(golden(name)).expect("there");
        for seed in 1..=60_u64 {
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            let mut next = || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state as usize
            };
            let mut bytes = original.clone();
            for _ in 0..=next() % 6 {
                let place = next() % bytes.len();
                bytes[place] = next() as u8;
            }
            std::fs::write(&path, &bytes).expect("written");
            let read = hdf5::read_volume(&path, &volume).is_ok();
            refused += usize::from(!read && hdf5::read_embeddings(&path, &rows).is_err());
        }
    }
    assert!(refused > 10, "{refused} of 240");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        cases: 500, failure_persistence: None, ..Default::default()
    })]

    #[test]
    fn arbitrary_headers_never_panic(
        signed in proptest::prelude::any::<bool>(),
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600),
        length in proptest::prelude::any::<u64>(),
    ) {
        let mut header = if signed { b"\x89HDF\r\n\x1a\n".to_vec() } else { Vec::new() };
        header.extend(bytes);
        if let Ok(block) = hdf5::check_header(&header, length) {
            proptest::prop_assert!(signed && block.version <= 3 && block.end_of_file <= length);
        }
    }
}
