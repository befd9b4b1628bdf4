//! The contrastive terms in blocks against their dense form and the specification's toy.

use cryo_pu_localize::{ContrastParams, ContrastRows, contrast, contrast_dense};
use cryo_train::stream_rng;
use rand::Rng;
use tch::{Kind, Tensor};

fn toy() -> [Tensor; 3] {
    let angles = [0.0_f32, 0.2, 1.5, 2.0, 0.1, 0.25, 1.4, 2.2];
    let flat: Vec<f32> = angles.iter().flat_map(|a| [a.cos(), a.sin()]).collect();
    [
        Tensor::from_slice(&flat).view([8, 2]),
        Tensor::from_slice(&[1.0_f32, 1.0, 0.3, -1.0]),
        Tensor::from_slice(&[0.9_f32, 0.8, 0.2, 0.3, 0.85, 0.82, 0.25, 0.005]),
    ]
}

fn of_the_code() -> ContrastParams {
    ContrastParams {
        gates: [0.01, 0.99],
        neutral: true,
        rows: ContrastRows::All,
        ..ContrastParams::default()
    }
}

/// 2n voxels of which a few are positive, with probabilities on both sides of the gates.
fn drawn(n: usize, d: i64) -> [Tensor; 3] {
    let mut rng = stream_rng(5, "contrast", n as u64);
    let values: Vec<f32> = (0..2 * n * d as usize)
        .map(|_| rng.random_range(-1.0..1.0))
        .collect();
    let features = Tensor::from_slice(&values).view([-1, d]);
    let features = &features / features.norm_scalaropt_dim(2.0, [1], true);
    let labels: Vec<f32> = (0..n)
        .map(|i| match i % 17 {
            0 => 1.0,
            1 => 0.9,
            2 => 0.4,
            _ => -1.0,
        })
        .collect();
    let probabilities: Vec<f32> = (0..2 * n).map(|_| rng.random()).collect();
    [
        features,
        Tensor::from_slice(&labels),
        Tensor::from_slice(&probabilities),
    ]
}

#[test]
fn terms_match_the_specification() {
    let [features, labels, probabilities] = toy();
    let terms = contrast(&features, &labels, &probabilities, &of_the_code()).unwrap();
    assert!(terms.supervised.double_value(&[]).abs() < 2e-6);
    let got = terms.unsupervised.double_value(&[]);
    assert!((got - 0.103_443).abs() < 1e-5, "{got}");
}

#[test]
fn blocks_equal_the_dense_form_and_its_gradient() {
    let paper = ContrastParams::default();
    // A high temperature takes rows off the clamp, so that all of the gradient is there.
    let warm = ContrastParams {
        temperature: 0.5,
        prior: 0.2,
        ..paper.clone()
    };
    let pseudo = ContrastParams {
        pseudo_labels: true,
        ..warm.clone()
    };
    // 1406 rows are several tiles, of which the last are not whole.
    let cases = [paper, of_the_code(), warm, pseudo].map(|params| (params, [203, 703]));
    let cases = (cases.into_iter()).flat_map(|(params, sizes)| sizes.map(|n| (params.clone(), n)));
    for (params, n) in cases {
        let [features, labels, probabilities] = drawn(n, 8);
        let both = |dense: bool| {
            // Near the clamp single precision of the dense form is 3e-5 off.
            let kind = if dense { Kind::Double } else { Kind::Float };
            let z = features.to_kind(kind).set_requires_grad(true);
            let terms = if dense {
                contrast_dense(&z, &labels, &probabilities, &params).unwrap()
            } else {
                let terms = contrast(&z, &labels, &probabilities, &params).unwrap();
                [terms.supervised, terms.unsupervised]
            };
            let values = [0, 1].map(|i: usize| terms[i].double_value(&[]));
            (&terms[0] + &terms[1] * 3.0).backward();
            (values, z.grad())
        };
        let (dense, dense_gradient) = both(true);
        let (blocks, gradient) = both(false);
        for (a, b) in dense.iter().zip(blocks) {
            assert!(
                (a - b).abs() < 1e-5 * a.abs().max(1.0),
                "{params:?}: {a} {b}"
            );
        }
        let difference = (&gradient - &dense_gradient).abs().max().double_value(&[]);
        let scale = dense_gradient.abs().max().double_value(&[]);
        assert!(
            scale > 0.0 && difference < 1e-5 * scale.max(1.0),
            "{params:?}: {difference} of {scale}"
        );
    }
}

#[test]
fn the_published_unsupervised_term_hangs_on_its_twin_alone_where_features_have_spread() {
    // Both views see the same features, and different voxels different ones: what training is to reach.
    let [features, labels, probabilities] = drawn(400, 32);
    let first = features.narrow(0, 0, 400);
    let features = Tensor::cat(&[&first, &first], 0);
    let terms = contrast(
        &features,
        &labels,
        &probabilities,
        &ContrastParams::default(),
    )
    .unwrap();
    assert_eq!(
        terms.active, 0.0,
        "on the clamp (spec G.4, activity remark)"
    );
    let pseudo = ContrastParams {
        pseudo_labels: true,
        ..ContrastParams::default()
    };
    let z = features.set_requires_grad(true);
    contrast(&z, &labels, &probabilities, &pseudo)
        .unwrap()
        .supervised
        .backward();
    assert!(
        z.grad().abs().max().double_value(&[]) > 1e-6,
        "pseudo-labels have a gradient"
    );
}

#[test]
fn there_is_no_supervised_term_without_positives() {
    let [features, _, probabilities] = toy();
    let labels = Tensor::from_slice(&[-1.0_f32; 4]);
    let terms = contrast(
        &features,
        &labels,
        &probabilities,
        &ContrastParams::default(),
    )
    .unwrap();
    assert_eq!(terms.supervised.double_value(&[]), 0.0);
}
