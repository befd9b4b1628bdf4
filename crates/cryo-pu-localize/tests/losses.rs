//! Losses against the vectors of the specification, and against what they promise.

use cryo_pu_localize::{
    Expected, Objective, consistency, generalized_expectation, positive_negative_focal, pu_focal,
    pu_risks, soft_focal,
};
use tch::{Kind, Tensor};

const P: [f32; 8] = [0.9, 0.2, 0.5, 0.3, 0.1, 0.02, 0.6, 0.95];
const TARGET: [f32; 8] = [1.0, 1.0, 0.487, 0.056, -1.0, -1.0, -1.0, -1.0];

fn logits() -> Tensor {
    Tensor::from_slice(&P).logit(None)
}

fn value(tensor: &Tensor) -> f64 {
    tensor.double_value(&[])
}

fn close(got: f64, expected: f64) {
    assert!((got - expected).abs() < 1e-5, "{got}, expected {expected}");
}

#[test]
fn pu_focal_matches_the_specification() {
    let target = Tensor::from_slice(&TARGET);
    let risks = pu_risks(&logits(), &target).unwrap();
    close(value(&risks.positive), 0.534_294);
    close(value(&risks.positive_as_negative), 0.941_886);
    close(value(&risks.unlabelled), 0.758_644);
    for (prior, expected) in [
        (0.01, 0.754_568),
        (0.1, 0.717_884),
        (0.5, 0.554_847),
        (0.9, 0.480_864),
    ] {
        close(
            value(&pu_focal(&logits(), &target, prior).unwrap()),
            expected,
        );
    }
}

#[test]
fn validation_loss_matches_the_specification() {
    let target = Tensor::from_slice(&TARGET);
    close(
        value(&positive_negative_focal(&logits(), &target).unwrap()),
        2.051_581,
    );
}

#[test]
fn pu_focal_has_no_soft_term_without_soft_voxels() {
    let target = Tensor::from_slice(&[1.0_f32, 1.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0]);
    let risks = pu_risks(&logits(), &target).unwrap();
    let expected = -(0.1_f64.powi(2) * 0.9_f64.ln() + 0.8_f64.powi(2) * 0.2_f64.ln()) / 2.0;
    close(value(&risks.positive), expected);
}

#[test]
fn soft_focal_matches_closed_form_and_is_least_at_the_target() {
    let target = Tensor::from_slice(&TARGET);
    let mut expected = [0.0_f64; 3];
    for (&p, &g) in P.iter().zip(&TARGET) {
        let (p, g) = (f64::from(p), f64::from(g));
        let down = -p * p * (1.0 - p).ln();
        if g > 0.0 {
            let entropy = -(g * p.ln() + (1.0 - g) * (1.0 - p).ln());
            expected[0] += (g - p).powi(2) * entropy / (2.0 + 0.487 + 0.056);
            expected[1] += down * g / (2.0 + 0.487 + 0.056);
        } else {
            expected[2] += down / 4.0;
        }
    }
    let prior = 0.1;
    let closed = prior * expected[0] + (expected[2] - prior * expected[1]).max(0.0);
    close(
        value(&soft_focal(&logits(), &target, prior, None).unwrap()),
        closed,
    );

    // The mean mass of batches takes the place of this one's, also where there is nothing drawn.
    let own = 2.0 + 0.487 + 0.056;
    let part = own / 10.0;
    let with_mean =
        prior * expected[0] * part + (expected[2] - prior * expected[1] * part).max(0.0);
    close(
        value(&soft_focal(&logits(), &target, prior, Some(10.0)).unwrap()),
        with_mean,
    );
    let nothing = Tensor::full_like(&target, -1.0);
    close(
        value(&soft_focal(&logits(), &nothing, prior, Some(10.0)).unwrap()),
        value(&soft_focal(&logits(), &nothing, prior, None).unwrap()),
    );

    let at_target = Tensor::from_slice(&TARGET)
        .clamp(1e-4, 1.0 - 1e-4)
        .logit(None);
    let least = value(&soft_focal(&at_target, &target, prior, None).unwrap());
    assert!(least < 1e-3 * closed, "{least}");
}

#[test]
fn known_negatives_weigh_as_much_as_positives_however_few_they_are() {
    let prior = 0.1;
    let with = |unlabelled: usize, known: f32| {
        let mut target = vec![-1.0_f32; unlabelled];
        target.extend([1.0, known]);
        let mut p = vec![0.01_f32; unlabelled];
        p.extend([0.8, 0.5]);
        let loss = soft_focal(
            &Tensor::from_slice(&p).logit(None),
            &Tensor::from_slice(&target),
            prior,
            None,
        );
        value(&loss.unwrap())
    };
    let down = -0.25 * 0.5_f64.ln();
    for unlabelled in [100, 10_000] {
        // Unlabelled, the voxel counts as one of them.
        let drowned = down / (unlabelled + 1) as f64;
        let gained = with(unlabelled, 0.0) - with(unlabelled, -1.0);
        assert!(
            (gained - (prior * down - drowned)).abs() < 0.2 * prior * down,
            "{unlabelled}: {gained}"
        );
    }
}

#[test]
fn every_objective_has_a_gradient_that_raises_positives_and_lowers_the_unlabelled() {
    for objective in [
        Objective::SoftFocal,
        Objective::PuFocal,
        Objective::GeneralizedExpectation { weight: 1.0 },
        Objective::PositiveNegative,
    ] {
        let logits =
            Tensor::zeros([1, 1, 1, 2, 4], (Kind::Float, tch::Device::Cpu)).set_requires_grad(true);
        let target = Tensor::from_slice(&TARGET).view([1, 1, 1, 2, 4]);
        objective
            .loss(
                &logits,
                &target,
                &[Expected {
                    prior: 0.05,
                    mass: None,
                }],
            )
            .unwrap()
            .backward();
        let gradient = Vec::<f32>::try_from(&logits.grad().view([-1])).unwrap();
        assert!(
            gradient[0] < 0.0 && gradient[1] < 0.0,
            "{objective:?}: {gradient:?}"
        );
        assert!(
            gradient[4..].iter().all(|&g| g > 0.0),
            "{objective:?}: {gradient:?}"
        );
    }
}

#[test]
fn a_class_of_small_particles_has_as_much_say_as_one_of_large_ones() {
    // The same voxels in both classes, whose priors differ tenfold as those of half the diameter do.
    for objective in [Objective::SoftFocal, Objective::PuFocal] {
        let logits = Tensor::stack(&[logits(), logits()], 0)
            .view([1, 2, 8])
            .set_requires_grad(true);
        let target = Tensor::from_slice(&TARGET).expand([1, 2, 8], false);
        let expected = [3e-3, 3e-4].map(|prior| Expected { prior, mass: None });
        let loss = objective.loss(&logits, &target, &expected).unwrap();
        loss.backward();
        let drawn = logits.grad().narrow(2, 0, 2);
        let [large, small] = [0, 1].map(|class| value(&drawn.select(1, class).abs().sum(None)));
        assert!(
            large > 0.0 && (small / large - 1.0).abs() < 1e-3,
            "{objective:?}: {large} {small}"
        );
    }
}

#[test]
fn the_expectation_is_met_where_as_many_are_positive_as_the_prior_says() {
    let target = Tensor::from_slice(&[-1.0_f32; 100]);
    let with = |positives: usize| {
        let p: Vec<f32> = (0..100)
            .map(|i| if i < positives { 0.99 } else { 0.001 })
            .collect();
        value(
            &generalized_expectation(&Tensor::from_slice(&p).logit(None), &target, 0.1, 1.0)
                .unwrap(),
        )
    };
    assert!(with(10) < with(3) && with(10) < with(30));
}

#[test]
fn consistency_is_the_mean_squared_difference() {
    let other = Tensor::from_slice(&[0.8_f32, 0.2, 0.5, 0.3, 0.1, 0.02, 0.6, 0.75]).logit(None);
    close(
        value(&consistency(&logits(), &other).unwrap()),
        (0.01 + 0.04) / 8.0,
    );
}
