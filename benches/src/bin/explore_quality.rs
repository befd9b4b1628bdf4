//! How well the classes of an exploration run agree with the molecules of a simulated tomogram, as a Markdown table.
//!
//!     cargo run --release -p cryo-bench --bin explore_quality -- FOLDER/sim01 RUN [--classes 48] [--seeds 3]
//!
//! `FOLDER/sim01` holds `sim01_rec.mrc` and `sim01_particles.star`; `RUN` is what `cryo explore run --data
//! FOLDER/sim01/sim01_rec.mrc --out RUN` left. A candidate has the class of the particle that it is matched to, one to one,
//! within half that particle's diameter; the others are background. "Particles" are scores over the candidates that are
//! no background.

use std::{error::Error, path::PathBuf};

use cryo_bench::{machine, simulated::Simulated};
use cryo_core::{Particle, ParticleSet};
use cryo_embed_viz::{Classes, ClassifyParams, Grouping, KMeansParams, Pca};
use cryo_eval::{LabelScores, VectorDistance, compare_labels, neighbour_balanced_accuracy};
use cryo_io::hdf5;
use ndarray::{Array2, ArrayView2};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Options {
    folder: PathBuf,
    run: PathBuf,
    classes: usize,
    seeds: u64,
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut places, mut classes, mut seeds) = (Vec::new(), 48, 3);
    while let Some(argument) = arguments.next() {
        let mut value = || {
            arguments
                .next()
                .ok_or(format!("{argument}: expected a value"))
        };
        match argument.as_str() {
            "--classes" => classes = value()?.parse()?,
            "--seeds" => seeds = value()?.parse()?,
            _ => places.push(PathBuf::from(argument)),
        }
    }
    let [folder, run] = <[PathBuf; 2]>::try_from(places)
        .map_err(|_| "expected two folders: the simulated tomogram and the run")?;
    Ok(Options {
        folder,
        run,
        classes,
        seeds,
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = options()?;
    let simulated = Simulated::read(&options.folder)?;
    let path = options.run.join("embedding.h5");
    let table = hdf5::read_embeddings(&path, &hdf5::EmbeddingsOptions::default())?;
    let mut candidates = ParticleSet::new("", simulated.truth.grid);
    let positions = table.position.as_ref().ok_or("a table without positions")?;
    candidates.items = positions.iter().copied().map(Particle::at).collect();
    let truth = simulated.labels(&candidates)?;
    let count = |class| truth.iter().filter(|label| **label == class).count();
    println!(
        "Machine: {}. {} candidates: background {}, then {:?}; {} classes, seeds 0 to {}.",
        machine::describe(),
        truth.len(),
        count(0),
        [1, 2, 3, 4].map(count),
        options.classes,
        options.seeds - 1
    );
    println!(
        "\n| vectors, classes | 5-NN balanced accuracy | purity of particles | NMI of particles | purity of all | NMI of all | ARI of all |\n\
         |---|---|---|---|---|---|---|"
    );
    if let Some(labels) = &table.label {
        let classes = labels.iter().filter(|label| **label > 0).max().copied();
        let name = format!("the run's own {} classes", classes.unwrap_or(0));
        row(&name, None, &[scores(&truth, labels)?]);
    }
    let pca = |slices, size| -> Result<Array2<f32>, Box<dyn Error>> {
        let crops = simulated.mean_crops(&candidates, slices, size)?;
        Ok(Pca::fit(crops.view(), 50)?.transform(crops.view())?)
    };
    let sets = [
        ("learned, cosine", unit(&table.embedding)),
        ("learned, Euclidean", table.embedding.clone()),
        ("PCA 50 of 3 slices, box 24", pca(3, 24)?),
        ("PCA 50 of 1 slice, box 36", pca(1, 36)?),
    ];
    let groupings = [
        ("Ward", Grouping::Ward),
        ("self-tuning", Grouping::SelfTuning),
    ];
    for (name, vectors) in &sets {
        let nearest =
            neighbour_balanced_accuracy(vectors.view(), &truth, 5, VectorDistance::Cosine)?;
        for (grouping_name, grouping) in groupings {
            let all: Result<Vec<_>, Box<dyn Error>> = (0..options.seeds)
                .map(|seed| clustered(vectors.view(), &truth, options.classes, grouping, seed))
                .collect();
            row(&format!("{name}; {grouping_name}"), Some(nearest), &all?);
        }
    }
    Ok(())
}

/// Scores of particles, and of all candidates.
type Both = [LabelScores; 2];

fn clustered(
    vectors: ArrayView2<'_, f32>,
    truth: &[usize],
    classes: usize,
    grouping: Grouping,
    seed: u64,
) -> Result<Both, Box<dyn Error>> {
    let params = ClassifyParams {
        grouping,
        most_outlying: None,
        kmeans: KMeansParams {
            seed,
            ..KMeansParams::default()
        },
        ..ClassifyParams::default()
    };
    let classes = Classes::fit(vectors, classes, &params, &())?;
    let labels = classes.assign(vectors)?.labels;
    let labels: Vec<i32> = labels.into_iter().map(|label| label as i32).collect();
    scores(truth, &labels)
}

fn scores(truth: &[usize], labels: &[i32]) -> Result<Both, Box<dyn Error>> {
    let particles = truth.iter().zip(labels).filter(|(class, _)| **class > 0);
    let (classes, clusters): (Vec<usize>, Vec<i32>) = particles.unzip();
    Ok([
        compare_labels(&classes, &clusters)?,
        compare_labels(truth, labels)?,
    ])
}

fn row(name: &str, nearest: Option<f64>, all: &[Both]) {
    let of = |value: &dyn Fn(&Both) -> f64| {
        let values: Vec<f64> = all.iter().map(value).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if values.len() < 2 {
            format!("{mean:.3}")
        } else {
            format!("{mean:.3} ± {:.3}", (high - low) / 2.0)
        }
    };
    println!(
        "| {name} | {} | {} | {} | {} | {} | {} |",
        nearest.map_or_else(String::new, |value| format!("{value:.3}")),
        of(&|both| both[0].purity),
        of(&|both| both[0].normalized_mutual_information),
        of(&|both| both[1].purity),
        of(&|both| both[1].normalized_mutual_information),
        of(&|both| both[1].adjusted_rand_index)
    );
}

/// Vectors of length 1.
fn unit(vectors: &Array2<f32>) -> Array2<f32> {
    let mut vectors = vectors.clone();
    for mut row in vectors.rows_mut() {
        let length = row.dot(&row).sqrt().max(f32::MIN_POSITIVE);
        row /= length;
    }
    vectors
}
