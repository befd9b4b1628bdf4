//! Finds the balls of a noisy phantom and says how many of them are among the candidates.
//!
//! Run with `cargo run -p cryo-candidates --example cryo_candidates_find`.

use cryo_candidates::{CandidateParams, Scales, find_candidates};
use cryo_eval::{EvaluateParams, evaluate};
use cryo_fixtures::{Body, Noise, PhantomBuilder, PhantomParams};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Dark balls of 12 voxels, 120 Å, in as much noise as they are dark.
    let params = PhantomParams {
        noise: Noise::Sigma(1.0),
        ..PhantomParams::new([48, 120, 140], 10.0)
    };
    let mut builder = PhantomBuilder::new(params)?;
    builder.scatter("ball", Body::Sphere { radius_vox: 6.0 }, 30)?;
    let phantom = builder.build(&())?;

    // Any reader serves as the volume: find_candidates takes it plane by plane (PlaneSource).
    let params = CandidateParams {
        scales: Scales::Diameters(vec![120.0]),
        ..CandidateParams::default()
    };
    let mut found = find_candidates(&phantom.volume, &params, None, &())?;
    found.tomogram.clone_from(&phantom.truth.tomogram);
    for candidate in found.items.iter().take(3) {
        println!("{:?}, score {:?}", candidate.position, candidate.score);
    }

    let result = evaluate(&[phantom.truth], &[found], &EvaluateParams::new(60.0))?;
    let scores = &result.pooled;
    println!(
        "{} candidates find {} of {} balls; the best threshold gives F1 {:?}",
        scores.n_picks, scores.n_matched, scores.n_truth, scores.best_f1
    );
    assert!(scores.recall > Some(0.95) && scores.best_f1 > Some(0.9));
    Ok(())
}
