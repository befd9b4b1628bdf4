//! Times the tracing of 10⁴ to 10⁶ points: filaments of 60 points in random directions, a fifth of all wrong.
//!
//! Run with `cargo run --release -p cryo-tubes --example cryo_tubes_time -- [LARGEST]`.

use std::{sync::Mutex, time::Instant};

use cryo_core::{Grid, Particle, ParticleSet, Progress, VoxelPos, VoxelSize};
use cryo_tubes::{PaperParams, TubeParams, trace_tubes, trace_tubes_as_paper};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{StandardNormal, UnitSphere};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let largest: usize = std::env::args()
        .nth(1)
        .map_or(Ok(1_000_000), |word| word.parse())?;
    println!("  points  filaments found  curve s  CPU s  paper s");
    for count in [10_000, 30_000, 100_000, 300_000, 1_000_000] {
        if count > largest {
            break;
        }
        let set = scene(count)?;
        let (start, cpu) = (Instant::now(), cpu_seconds());
        let stages = Stages::default();
        let tracing = trace_tubes(&set, &TubeParams::default(), &stages)?;
        let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        stages.begin("end", 0);
        let start = Instant::now();
        trace_tubes_as_paper(&set, &PaperParams::default(), &())?;
        let paper = start.elapsed().as_secs_f64();
        let (all, found) = (count * 4 / 5 / 60, tracing.tubes.len());
        println!("{count:>8}  {all:>9} {found:>5}  {seconds:>7.2}  {cpu:>5.2}  {paper:>7.2}");
        stages.print();
    }
    Ok(())
}

/// When each stage began: name, wall clock, CPU seconds.
#[derive(Default)]
struct Stages(Mutex<Vec<(String, Instant, f64)>>);

impl Progress for Stages {
    fn begin(&self, stage: &str, _: u64) {
        if let Ok(mut stages) = self.0.lock() {
            stages.push((stage.to_owned(), Instant::now(), cpu_seconds()));
        }
    }
}

impl Stages {
    fn print(&self) {
        let Ok(stages) = self.0.lock() else { return };
        for pair in stages.windows(2) {
            let (seconds, cpu) = (pair[1].1 - pair[0].1, pair[1].2 - pair[0].2);
            let (name, seconds) = (&pair[0].0, seconds.as_secs_f64());
            println!("{name:>27}  {seconds:>7.2}  {cpu:>5.2}");
        }
    }
}

/// One filament in a cube of 64 voxels edge, on average, whatever the count.
fn scene(count: usize) -> Result<ParticleSet, Box<dyn std::error::Error>> {
    let mut rng = ChaCha8Rng::seed_from_u64(42);
    let filaments = count * 4 / 5 / 60;
    let side = (filaments as f64).cbrt() * 64.0;
    let size = VoxelSize::new(10.0).ok_or("a voxel needs a length")?;
    let mut set = ParticleSet::new("scene", Grid::new([side as usize; 3], size));
    for _ in 0..filaments {
        let start: [f64; 3] = std::array::from_fn(|_| rng.random_range(0.0..side));
        let direction: [f64; 3] = rng.sample(UnitSphere);
        for n in 0..60 {
            let [x, y, z] = std::array::from_fn(|axis| {
                start[axis]
                    + 5.0 * f64::from(n) * direction[axis]
                    + rng.sample::<f64, _>(StandardNormal)
            });
            set.items.push(Particle::at(VoxelPos::xyz(x, y, z)));
        }
    }
    while set.len() < count {
        let [x, y, z] = std::array::from_fn(|_| rng.random_range(0.0..side));
        set.items.push(Particle::at(VoxelPos::xyz(x, y, z)));
    }
    Ok(set)
}

/// Seconds of all threads of this process so far, 0 where the system does not say.
fn cpu_seconds() -> f64 {
    let facts = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = facts.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks
        .filter_map(|word| word.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}
