//! Scores a noisy picker against a known scene and prints its curve.
//!
//! Run with `cargo run -p cryo-eval --example cryo_eval_score`.

use cryo_core::{Grid, Particle, ParticleSet, VoxelPos, VoxelSize};
use cryo_eval::{EvaluateParams, evaluate};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let size = VoxelSize::new(10.0).ok_or("a voxel needs a length")?;
    let grid = Grid::new([60, 200, 240], size);
    let mut truth = ParticleSet::new("ts_01", grid);
    let mut picks = ParticleSet::new("ts_01", grid);
    for number in 0..40_u8 {
        let n = f64::from(number);
        let place = VoxelPos::xyz(
            20.0 + 25.0 * (n % 8.0),
            15.0 + 30.0 * (n / 8.0).floor(),
            30.0,
        );
        truth.items.push(Particle::at(place));
        // Every fifth pick is far off, and the better ones score higher.
        let off = if number % 5 == 0 { 14.0 } else { n / 8.0 };
        let found = VoxelPos {
            y: place.y + off,
            ..place
        };
        let score = Some((1.0 / (1.0 + off)) as f32);
        picks.items.push(Particle {
            score,
            ..Particle::at(found)
        });
    }
    // A second pick on the first particle is a false positive.
    picks.items.push(Particle {
        score: Some(0.9),
        ..Particle::at(truth.items[0].position)
    });

    let result = evaluate(&[truth], &[picks], &EvaluateParams::new(60.0))?;
    println!("threshold  picks  precision  recall     F1");
    for point in result.curve.iter().step_by(4) {
        let threshold = point
            .threshold
            .map_or("none".to_owned(), |score| format!("{score:.3}"));
        let (picks, precision, recall) = (point.n_picks, point.precision, point.recall);
        println!(
            "{threshold:>9}  {picks:>5}  {precision:>9.3}  {recall:>6.3}  {:>5.3}",
            point.f1
        );
    }
    let scores = result.pooled;
    println!(
        "best F1 {:?} from {:?} on",
        scores.best_f1, scores.best_threshold
    );
    println!("average precision {:?}", scores.average_precision);
    println!("mean error {:?} Å", scores.mean_error_angstrom);
    Ok(())
}
