//! Bad input gets an error that says what to do.

use cryo_candidates::{
    CandidateParams, Contrast, Error, PlaneSource, PreprocessParams, Scales, SourceError,
    Threshold, find_candidates, preprocess_volume,
};
use cryo_core::{Grid, Progress, Volume, VoxelSize};
use ndarray::{Array3, ArrayViewMut3};

fn volume(shape: [usize; 3], value: impl Fn(usize) -> f32) -> Volume {
    let mut number = 0;
    let data = Array3::from_shape_simple_fn(shape, || {
        number += 1;
        value(number)
    });
    Volume::new(data, Grid::new(shape, VoxelSize::new(10.0).unwrap())).unwrap()
}

fn waves(shape: [usize; 3]) -> Volume {
    volume(shape, |number| (number as f32 * 0.7).sin())
}

fn refused(volume: &dyn PlaneSource, params: &CandidateParams) -> Error {
    find_candidates(volume, params, None, &()).unwrap_err()
}

#[test]
fn images_and_thin_volumes_are_too_small() {
    for (shape, axis, got) in [
        ([1, 64, 80], 'z', 1),
        ([20, 64, 80], 'z', 20),
        ([40, 64, 20], 'x', 20),
    ] {
        let error = refused(&waves(shape), &CandidateParams::default());
        let Error::TooSmall {
            axis: found,
            got: length,
            needed,
        } = error
        else {
            panic!("{error}");
        };
        assert_eq!((found, length, needed), (axis, got, 28));
    }
    // Thinner than the kernel, thicker than the particle: reflected.
    assert!(find_candidates(&waves([30, 64, 80]), &CandidateParams::default(), None, &()).is_ok());
}

#[test]
fn constant_volumes_have_no_contrast() {
    for value in [0.0, 7.5] {
        let error = refused(
            &volume([40, 50, 60], |_| value),
            &CandidateParams::default(),
        );
        assert!(
            matches!(error, Error::Constant { value: found } if found == value),
            "{error}"
        );
    }
}

#[test]
fn values_that_are_not_finite_are_named() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut data = waves([40, 50, 60]).into_data();
        data[[31, 7, 59]] = bad;
        let grid = Grid::new([40, 50, 60], VoxelSize::new(10.0).unwrap());
        let volume = Volume::new(data, grid).unwrap();
        for error in [
            refused(&volume, &CandidateParams::default()),
            preprocess_volume(&volume, &PreprocessParams::paper(), &()).unwrap_err(),
        ] {
            assert!(
                matches!(
                    error,
                    Error::NotFinite {
                        index: [31, 7, 59],
                        ..
                    }
                ),
                "{error}"
            );
        }
    }
}

#[test]
fn voxels_must_be_cubes() {
    let grid = Grid::new([40, 50, 60], VoxelSize::zyx(20.0, 10.0, 10.0).unwrap());
    let volume = Volume::new(waves([40, 50, 60]).into_data(), grid).unwrap();
    let error = refused(&volume, &CandidateParams::default());
    assert!(matches!(error, Error::NotCubic { .. }));
    assert!(error.to_string().contains("resample"), "{error}");
}

#[test]
fn parameters_out_of_range_are_named() {
    let base = CandidateParams::default;
    let cases: [(&str, CandidateParams); 8] = [
        (
            "diameter",
            CandidateParams {
                scales: Scales::Diameters(vec![-1.0]),
                ..base()
            },
        ),
        (
            "scales",
            CandidateParams {
                scales: Scales::Diameters(vec![]),
                ..base()
            },
        ),
        (
            "sigmas",
            CandidateParams {
                scales: Scales::Sigmas(vec![3.0, 2.0]),
                ..base()
            },
        ),
        (
            "min_distance_vox",
            CandidateParams {
                min_distance_vox: Some(f64::NAN),
                ..base()
            },
        ),
        (
            "threshold",
            CandidateParams {
                threshold: Threshold::AboveKept(f64::NAN),
                ..base()
            },
        ),
        (
            "empty_below",
            CandidateParams {
                empty_below: 1.0,
                ..base()
            },
        ),
        (
            "gold_ratio",
            CandidateParams {
                gold_ratio: 0.5,
                ..base()
            },
        ),
        (
            "sigmas",
            CandidateParams {
                preprocess: PreprocessParams {
                    denoise_sigma_vox: 0.0,
                    contrast: Contrast::Clip { sigmas: 0.0 },
                },
                ..base()
            },
        ),
    ];
    for (field, params) in cases {
        let error = refused(&waves([40, 50, 60]), &params);
        let Error::Parameter { name, .. } = error else {
            panic!("{error}")
        };
        assert!(name.contains(field), "{name}");
    }
    let tiny = CandidateParams {
        scales: Scales::Diameters(vec![15.0]),
        ..base()
    };
    assert!(
        refused(&waves([40, 50, 60]), &tiny)
            .to_string()
            .contains("binned less")
    );
}

#[test]
fn too_little_memory_is_said_before_the_search() {
    let error = find_candidates(
        &waves([40, 50, 60]),
        &CandidateParams::default(),
        Some(1 << 16),
        &(),
    )
    .unwrap_err();
    let Error::Memory { needed, allowed } = error else {
        panic!("{error}")
    };
    assert!(allowed == 1 << 16 && needed > allowed);
}

struct Broken;

impl PlaneSource for Broken {
    fn grid(&self) -> Grid {
        Grid::new([40, 50, 60], VoxelSize::new(10.0).unwrap())
    }

    fn read_planes(
        &self,
        planes: std::ops::Range<usize>,
        mut out: ArrayViewMut3<'_, f32>,
    ) -> Result<(), SourceError> {
        if planes.contains(&20) {
            return Err("the disk is gone".into());
        }
        out.iter_mut()
            .zip(0..)
            .for_each(|(out, number)| *out = (number as f32).cos());
        Ok(())
    }
}

#[test]
fn a_source_that_fails_is_passed_on() {
    let error = refused(&Broken, &CandidateParams::default());
    assert!(
        matches!(
            error,
            Error::Source {
                first: 16,
                last: 31,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "the disk is gone"
    );
}

struct Stop;

impl Progress for Stop {
    fn is_cancelled(&self) -> bool {
        true
    }
}

#[test]
fn a_search_can_be_cancelled() {
    let found = find_candidates(
        &waves([40, 50, 60]),
        &CandidateParams::default(),
        None,
        &Stop,
    );
    assert!(matches!(found, Err(Error::Cancelled)));
}
