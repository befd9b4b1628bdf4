//! Trains on views of two kinds of particles without labels and asks whether neighbours are of one kind.
//!
//! Run with `cargo run -p cryo-contrastive --example contrastive_embed`; about a quarter of a minute of one core.

use std::ops::ControlFlow;

use cryo_contrastive::{EmbedParams, FitParams, Model, ModelConfig, embed, fit};
use ndarray::Array4;

fn main() -> anyhow::Result<()> {
    // 48 candidates of 4 slices of 24 × 24 pixels: even ones a disc, odd ones a ring; real views come from cryo-candidates.
    let views = Array4::from_shape_fn((48, 4, 24, 24), |(n, slice, y, x)| {
        let [dy, dx] = [y, x].map(|i| i as f32 - 11.5);
        let radius = dy.hypot(dx);
        let body = if n % 2 == 0 {
            radius < 7.0
        } else {
            (5.0..9.0).contains(&radius)
        };
        let noise = ((n * 7919 + slice * 104_729 + y * 1_299_709 + x * 15_485_863) % 1009) as f32;
        f32::from(u8::from(body)) + noise / 1009.0
    });
    let config = ModelConfig::recommended(4, 24, 10);
    let model = Model::new(&config, 42, tch::Device::Cpu)?;
    let params = FitParams {
        batch_size: 24,
        ..FitParams::recommended(8)
    };
    let fitted = fit(&views.view(), model, &params, &mut |report| {
        println!("{:?}", report.losses);
        ControlFlow::Continue(())
    })?;
    let points = embed(&fitted.model, &views.view(), &EmbedParams::default(), &())?.embedding;

    let nearest = |n: usize| {
        let distance = |m: &usize| (&points.row(n) - &points.row(*m)).mapv(|d| d * d).sum();
        let others = (0..points.nrows()).filter(|m| *m != n);
        others.min_by(|a, b| distance(a).total_cmp(&distance(b)))
    };
    let same = (0..48)
        .filter(|&n| nearest(n).is_some_and(|m| m % 2 == n % 2))
        .count();
    println!("the nearest neighbour of {same} of 48 is of the same kind");
    anyhow::ensure!(same >= 44, "the network has learned nothing");
    Ok(())
}
