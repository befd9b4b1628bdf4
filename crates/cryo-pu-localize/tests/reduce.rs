//! Tomograms that are read a few planes at a time against the same in memory.

use std::{
    ops::Range,
    sync::atomic::{AtomicUsize, Ordering},
};

use cryo_candidates::{PlaneSource, SourceError};
use cryo_core::{Grid, Volume, VoxelSize};
use cryo_pu_localize::{
    ClassConfig, Error, LocalizeParams, Model, ModelConfig, PredictParams, Threshold, particles,
    predict_within, reduce, working_grid,
};
use cryo_train::Precision;
use ndarray::{Array3, ArrayViewMut3};
use tch::Device;

fn volume(shape: [usize; 3], voxel_angstrom: f64) -> Volume {
    let wave = |(z, y, x): (usize, usize, usize)| {
        ((z * 31 + y * 17 + x * 7) as f32).sin() + ((z * y) as f32 * 0.03).cos()
    };
    let grid = Grid::new(shape, VoxelSize::new(voxel_angstrom).unwrap());
    Volume::new(Array3::from_shape_fn(shape, wave), grid).unwrap()
}

/// As much as is asked for at once.
struct Watched {
    volume: Volume,
    most: AtomicUsize,
}

impl PlaneSource for Watched {
    fn grid(&self) -> Grid {
        *self.volume.grid()
    }

    fn read_planes(
        &self,
        planes: Range<usize>,
        out: ArrayViewMut3<'_, f32>,
    ) -> Result<(), SourceError> {
        self.most.fetch_max(planes.len(), Ordering::Relaxed);
        self.volume.read_planes(planes, out)
    }
}

/// Cannot be read beyond plane 4.
struct Torn(Grid);

impl PlaneSource for Torn {
    fn grid(&self) -> Grid {
        self.0
    }

    fn read_planes(
        &self,
        planes: Range<usize>,
        mut out: ArrayViewMut3<'_, f32>,
    ) -> Result<(), SourceError> {
        out.fill(1.0);
        match planes.end {
            0..=4 => Ok(()),
            _ => Err("the file ends".into()),
        }
    }
}

#[test]
fn what_is_found_in_a_reduced_tomogram_is_what_is_found_in_the_whole() {
    let classes = vec![ClassConfig {
        name: "ribosome".into(),
        diameter_angstrom: 250.0,
    }];
    let model = Model::new(&ModelConfig::recommended(classes, 20.0), 7, Device::Cpu).unwrap();
    let voxel = model.config().voxel_angstrom;
    for (own, shape) in [(7.0, [61, 240, 263]), (voxel, [20, 82, 90])] {
        let volume = volume(shape, own);
        let inside = Array3::from_shape_fn(shape, |(_, y, _)| y < shape[1] * 2 / 3);
        let mask = Volume::new(
            inside.mapv(|inside| f32::from(u8::from(inside))),
            *volume.grid(),
        );
        let reduced = reduce("TS_01", &volume, Some(&mask.unwrap()), voxel).unwrap();
        assert_eq!(*reduced.volume.grid(), working_grid(volume.grid(), voxel));

        // What has not learned says nearly the same everywhere: too nearly for 16 bits.
        let params = PredictParams {
            precision: Precision::F32,
            ..PredictParams::default()
        };
        let heat = |volume: &Volume, mask: &Array3<bool>| {
            predict_within(
                &model,
                "TS_01",
                &volume.view(),
                Some(mask.view()),
                &params,
                &(),
            )
            .unwrap()
        };
        let (whole, small) = (
            heat(&volume, &inside),
            heat(&reduced.volume, &reduced.mask.unwrap()),
        );
        assert_eq!(whole.classes, small.classes);

        let params = LocalizeParams {
            threshold: Threshold::Score(0.0),
            ..LocalizeParams::default()
        };
        let found = |volume: &Volume, heat| {
            particles(&model, "TS_01", heat, &volume.view(), &params)
                .unwrap()
                .set
        };
        let expected = found(&volume, &whole);
        let got = found(&reduced.volume, &small).resampled_to(volume.grid());
        // From 8 on they are centred, too.
        assert!(expected.len() >= 8, "{}", expected.len());
        assert_eq!(expected.len(), got.len());
        for (a, b) in expected.items.iter().zip(&got.items) {
            assert!(a.position.distance_to(b.position) < 1e-6 && a.score == b.score);
        }
    }
}

#[test]
fn no_more_than_some_planes_are_asked_for_at_once() {
    let source = Watched {
        volume: volume([150, 24, 24], 5.0),
        most: AtomicUsize::new(0),
    };
    let reduced = reduce("TS_01", &source, None, 10.0).unwrap();
    assert_eq!(reduced.volume.grid().shape, [75, 12, 12]);
    assert!(source.most.into_inner() <= 64);
}

#[test]
fn what_cannot_be_read_or_used_is_refused() {
    let refused = |source: &dyn PlaneSource, mask: Option<&dyn PlaneSource>| {
        reduce("TS_01", source, mask, 10.0).err().unwrap()
    };
    let grid = Grid::new([200, 400, 400], VoxelSize::new(5.0).unwrap());
    let error = refused(&Torn(grid), None);
    assert!(matches!(error, Error::Source { .. }), "{error}");

    let whole = volume([6, 8, 10], 5.0);
    let mut values = whole.data().to_owned();
    values[[3, 2, 1]] = f32::NAN;
    let broken = Volume::new(values, *whole.grid()).unwrap();
    let error = refused(&broken, None).to_string();
    assert_eq!(
        error,
        "TS_01: expected finite values, voxel x 1, y 2, z 3 is NaN"
    );

    let other = volume([6, 8, 9], 5.0);
    let error = refused(&whole, Some(&other)).to_string();
    assert_eq!(
        error,
        "mask of TS_01: expected the tomogram's 10 × 8 × 6 voxels (x, y, z), got 9 × 8 × 6"
    );
    let empty = Volume::new(Array3::zeros([6, 8, 10]), *whole.grid()).unwrap();
    let error = refused(&whole, Some(&empty)).to_string();
    assert_eq!(
        error,
        "mask of TS_01: expected voxels above 0 in the middle of the network's, got none"
    );
}
