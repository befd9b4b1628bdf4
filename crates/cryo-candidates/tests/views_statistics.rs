//! Statistics over all views, and their use later.

mod views_common;

use cryo_candidates::{
    BoxSize, Error, SliceViewParams, ViewNormalization, ViewScale, ViewStatistics, slice_views,
};
use views_common::{Cancelled, grid, near, particles, volume};

const SHAPE: [usize; 3] = [9, 30, 37];

fn places(n: u32, step: u32) -> Vec<(f64, f64, f64)> {
    let place = |i: u32| [(i * step % 37), (i * 7 % 30), (i % 9)].map(f64::from);
    (0..n).map(place).map(|[x, y, z]| (x, y, z)).collect()
}

fn channels() -> SliceViewParams {
    SliceViewParams {
        size: BoxSize::Pixels(6),
        combine: None,
        scale: ViewScale::Raw,
        ..SliceViewParams::default()
    }
}

#[test]
fn statistics_over_several_tomograms_match_brute_force() {
    let (one, two) = (volume(SHAPE, 1), volume(SHAPE, 2));
    let first = slice_views(&one, &particles(grid(SHAPE), &places(700, 5)), &channels()).unwrap();
    let second = slice_views(&two, &particles(grid(SHAPE), &places(90, 11)), &channels()).unwrap();
    let mut statistics = ViewStatistics::new(3);
    statistics.add(&first, &()).unwrap();
    statistics.add(&second, &()).unwrap();
    let got = statistics.normalization().unwrap();
    let sets = [first.to_set(&()).unwrap(), second.to_set(&()).unwrap()];
    for channel in 0..3 {
        let of_channel = |set: &cryo_candidates::ViewSet| {
            let views = set.views.index_axis(ndarray::Axis(1), channel);
            views.iter().map(|&v| f64::from(v)).collect::<Vec<_>>()
        };
        let values: Vec<f64> = sets.iter().flat_map(of_channel).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
        let std = (squares / (values.len() - 1) as f64).sqrt();
        assert!((got.mean[channel] - mean).abs() < 1e-12);
        assert!((got.std[channel] - std).abs() < 1e-12);
    }
}

#[test]
fn a_normalization_is_the_last_step_and_the_same_on_any_list() {
    let volume = volume(SHAPE, 3);
    let set = particles(grid(SHAPE), &places(50, 5));
    let views = slice_views(&volume, &set, &channels()).unwrap();
    let normalization = ViewNormalization {
        mean: vec![0.5, 1.0, -2.0],
        std: vec![2.0, 0.5, 0.0],
    };
    let mut expected = views.to_set(&()).unwrap().views.into_raw_vec_and_offset().0;
    normalization.apply(views.shape(), &mut expected).unwrap();
    let shape = views.shape();
    let views = views.normalized(normalization.clone()).unwrap();
    let got = views.to_set(&()).unwrap();
    assert_eq!(got.views.as_slice().unwrap(), expected);
    // A channel without spread is 0, not NaN.
    assert!(
        got.views
            .index_axis(ndarray::Axis(1), 2)
            .iter()
            .all(|&v| v == 0.0)
    );
    // One particle alone gives the same view as among others.
    let alone = particles(grid(SHAPE), &places(50, 5)[17..18]);
    let alone = slice_views(&volume, &alone, &channels()).unwrap();
    let alone = alone
        .normalized(normalization.clone())
        .unwrap()
        .to_set(&())
        .unwrap();
    let length: usize = shape.iter().product();
    near(
        alone.views.as_slice().unwrap(),
        &expected[17 * length..18 * length],
        0.0,
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let volume = volume(SHAPE, 4);
    let set = particles(grid(SHAPE), &places(5, 5));
    let views = || slice_views(&volume, &set, &channels()).unwrap();
    let two = ViewNormalization {
        mean: vec![0.0; 2],
        std: vec![1.0; 2],
    };
    let text = views().normalized(two.clone()).err().unwrap().to_string();
    assert_eq!(text, "expected a normalization of 3 channels, got one of 2");
    let mut statistics = ViewStatistics::new(2);
    assert!(matches!(
        statistics.add(&views(), &()),
        Err(Error::Channels { .. })
    ));
    let empty = ViewStatistics::new(1).normalization();
    assert_eq!(
        empty.unwrap_err().to_string(),
        "expected at least 2 values, got 0"
    );
    let mut statistics = ViewStatistics::new(3);
    assert!(matches!(
        statistics.add(&views(), &Cancelled),
        Err(Error::Cancelled)
    ));
    assert_eq!(statistics, ViewStatistics::new(3));
    for wrong in [
        ViewNormalization {
            std: vec![1.0],
            ..two.clone()
        },
        ViewNormalization {
            std: vec![1.0, -1.0],
            ..two.clone()
        },
        ViewNormalization {
            mean: vec![f64::NAN, 0.0],
            ..two.clone()
        },
        ViewNormalization {
            mean: vec![],
            std: vec![],
        },
    ] {
        assert!(wrong.validate().is_err(), "{wrong:?}");
    }
    assert!(two.apply([2, 3, 3], &mut [0.0; 17]).is_err());
    assert!(two.apply([2, 0, 3], &mut []).is_err());
}

#[cfg(feature = "serde")]
#[test]
fn values_of_a_run_come_back_from_json() {
    use cryo_candidates::{TiltAngleParams, TiltViewParams};
    let normalization = ViewNormalization {
        mean: vec![0.1, 1.0 / 3.0],
        std: vec![0.2, 5e-7],
    };
    let text = serde_json::to_string(&normalization).unwrap();
    let back: ViewNormalization = serde_json::from_str(&text).unwrap();
    assert_eq!(back, normalization);
    let slices = SliceViewParams::cet_pick_2d3d();
    let text = serde_json::to_string(&slices).unwrap();
    assert!(text.contains(r#""border":"cet_pick""#), "{text}");
    let back: SliceViewParams = serde_json::from_str(&text).unwrap();
    assert_eq!(back, slices);
    let tilts = TiltViewParams::cet_pick();
    let text = serde_json::to_string(&tilts).unwrap();
    let back: TiltViewParams = serde_json::from_str(&text).unwrap();
    assert_eq!(back, tilts);
    let angles = TiltAngleParams::default();
    let text = serde_json::to_string(&angles).unwrap();
    let back: TiltAngleParams = serde_json::from_str(&text).unwrap();
    assert_eq!(back, angles);
}
