//! Results as JSON.
#![cfg(feature = "serde")]

use cryo_core::{FilamentPoint, Grid, Particle, ParticleSet, VoxelPos, VoxelSize};
use cryo_eval::{
    Classes, EvaluateParams, FilamentParams, compare_labels, evaluate, evaluate_filaments,
};
use serde_json::{Value, json};

fn set(particles: &[(f64, Option<f32>)]) -> ParticleSet {
    let mut set = ParticleSet::new(
        "ts_01",
        Grid::new([20, 30, 40], VoxelSize::new(10.0).unwrap()),
    );
    for &(x, score) in particles {
        let filament = Some(FilamentPoint {
            id: 1,
            arc_length_angstrom: None,
        });
        let class = Some(1);
        set.items.push(Particle {
            score,
            class,
            filament,
            ..Particle::at(VoxelPos::xyz(x, 3.0, 5.0))
        });
    }
    set.classes.insert(1, "ribosome".into());
    set
}

#[test]
fn pooled_scores_stand_at_the_top() {
    let params = EvaluateParams {
        classes: Classes::Each,
        ..EvaluateParams::new(15.0)
    };
    let picks = set(&[(5.0, Some(0.75)), (20.0, Some(0.25))]);
    let result = evaluate(&[set(&[(4.0, None), (30.0, None)])], &[picks], &params).unwrap();
    let got = serde_json::to_value(&result).unwrap();
    let scores = json!({
        "n_truth": 2, "n_picks": 2, "n_matched": 1, "threshold": null,
        "precision": 0.5, "recall": 0.5, "f1": 0.5,
        "best_f1": 2.0 / 3.0, "best_threshold": 0.75, "average_precision": 0.5,
        "mean_error_angstrom": 10.0, "median_error_angstrom": 10.0, "rms_error_angstrom": 10.0,
    });
    let with = |name: &str, value: Value| -> Value {
        let mut all = scores.clone();
        all[name] = value;
        all
    };
    let mut expected = with("tomograms", json!([with("tomogram", json!("ts_01"))]));
    expected["classes"] = json!([with("class", json!("ribosome"))]);
    expected["found"] = json!([{"class": "ribosome", "n_truth": 2, "n_matched": 1, "recall": 0.5}]);
    assert_eq!(got, expected);
}

#[test]
fn what_is_not_defined_is_null() {
    let got =
        serde_json::to_value(evaluate(&[], &[], &EvaluateParams::new(15.0)).unwrap()).unwrap();
    for key in [
        "precision",
        "recall",
        "f1",
        "best_f1",
        "best_threshold",
        "average_precision",
        "mean_error_angstrom",
    ] {
        assert_eq!(got.get(key), Some(&Value::Null), "{key}");
    }
    assert_eq!((&got["n_truth"], &got["n_picks"]), (&json!(0), &json!(0)));
}

#[test]
fn other_results_and_parameters_have_keys_too() {
    let sets = [set(&[(4.0, None), (30.0, None)])];
    let result = evaluate_filaments(&sets, &sets, &FilamentParams::new(10.0)).unwrap();
    let got = serde_json::to_value(result).unwrap();
    assert_eq!(
        (&got["length_recall"], &got["n_splits"]),
        (&json!(1.0), &json!(0))
    );
    assert_eq!(got["tomograms"][0]["tomogram"], "ts_01");
    let got = serde_json::to_value(compare_labels(&[1, 2], &[1, 1]).unwrap()).unwrap();
    assert_eq!(got["purity"], 0.5);
    let params = EvaluateParams {
        classes: Classes::Only("a".into()),
        ..EvaluateParams::new(15.0)
    };
    assert_eq!(
        serde_json::to_value(params).unwrap()["classes"],
        json!({"only": "a"})
    );
}
