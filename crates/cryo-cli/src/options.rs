use std::{
    io::Write as _,
    path::PathBuf,
    str::FromStr,
    sync::atomic::{AtomicBool, Ordering},
};

use clap::{Args, ValueEnum};
use cryo_io::Overwrite;
use cryo_train::{DeviceChoice, free_memory_bytes};

use crate::{config, exit::Failure};

/// Options that every subcommand takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// Settings as TOML, one table per stage; a flag beats the file, the file beats the preset.
    #[arg(long, global = true, value_name = "FILE.toml")]
    pub(crate) config: Option<PathBuf>,

    /// Where values come from that neither a flag nor the file gives.
    #[arg(long, global = true, default_value = "recommended")]
    pub(crate) preset: Preset,

    /// Device for what learns: auto, cpu or cuda:N. A CUDA device that is absent is an error.
    #[arg(long, global = true, default_value = "auto", value_parser = DeviceChoice::from_str)]
    pub(crate) device: DeviceChoice,

    /// Threads to compute with [default: all cores; for a network those that other programs leave].
    /// Only a network's numbers depend on it, by rounding.
    #[arg(long, global = true, value_name = "N")]
    pub(crate) threads: Option<usize>,

    /// Seed of everything random [default: 42].
    #[arg(long, global = true, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Memory that may be used, in GiB [default: what the machine, or the batch job, has free]. What needs more is refused
    /// before it starts.
    #[arg(long, global = true, value_name = "GiB")]
    pub(crate) memory: Option<f64>,

    /// Say what would be done and what it would need, and do nothing.
    #[arg(long, global = true)]
    pub(crate) dry_run: bool,

    /// Keep what an earlier, stopped run has finished and do the rest.
    #[arg(long, global = true, conflicts_with = "overwrite")]
    pub(crate) resume: bool,

    /// Replace files that are there already.
    #[arg(long, global = true)]
    pub(crate) overwrite: bool,

    /// Do only part I of N, counted from 1; the unit is a tomogram.
    #[arg(long, global = true, value_name = "I/N")]
    pub(crate) shard: Option<Shard>,

    /// How progress is shown on standard error.
    #[arg(long, global = true, default_value = "auto")]
    pub(crate) progress: ProgressStyle,

    /// Also say what the run has to work with: threads, memory, seed.
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,

    /// Say nothing on standard error but errors.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
}

impl Common {
    pub(crate) fn overwrite(&self) -> Overwrite {
        if self.overwrite {
            Overwrite::Replace
        } else {
            Overwrite::Never
        }
    }

    /// Memory that may be used, in bytes.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let free = || free_memory_bytes().unwrap_or(8 << 30);
        self.memory
            .map_or_else(free, |gibibytes| (gibibytes * (1_u64 << 30) as f64) as u64)
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed.unwrap_or(42)
    }

    /// Tells the user something that is no result.
    pub(crate) fn say(&self, message: &str) {
        if self.quiet {
            return;
        }
        if self.progress == ProgressStyle::Json {
            tell(&serde_json::json!({ "message": message.trim() }).to_string());
        } else {
            tell(message);
        }
    }
}

/// Presets of the design: the project's own, the paper's, the reference code's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Preset {
    /// What the project's ablations found best.
    Recommended,
    /// The paper's values.
    Paper,
    /// The values of the reference code.
    CetPick,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressStyle {
    /// A bar on a terminal, lines where the output is piped.
    Auto,
    /// Lines.
    Plain,
    /// One JSON object a line.
    Json,
    /// Nothing.
    None,
}

/// Part `index` (from 1) of `count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shard {
    index: usize,
    count: usize,
}

impl Shard {
    /// Whether the item of that 0-based place belongs to this part.
    pub(crate) fn holds(self, item: usize) -> bool {
        item % self.count == self.index - 1
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(index, count)| {
            Some(Self {
                index: index.parse().ok()?,
                count: count.parse().ok()?,
            })
        });
        parts
            .filter(|shard| (1..=shard.count).contains(&shard.index))
            .ok_or_else(|| format!("expected I/N with 1 ≤ I ≤ N, got {text:?}"))
    }
}

/// A line on standard error; whether anybody still reads it does not matter.
pub(crate) fn tell(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Whether the user has asked to stop.
pub(crate) fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Completes the options, and sets up threads and the answer to Ctrl-C; a command that `polls` ends by
/// itself when [`is_interrupted`] says so.
pub(crate) fn prepare(common: &mut Common, polls: bool) -> Result<(), Failure> {
    config::complete(common)?;
    if common
        .memory
        .is_some_and(|memory| !(memory.is_finite() && memory > 0.0))
    {
        return Err(Failure::usage("--memory: expected a number of GiB above 0"));
    }
    if common.threads == Some(0) {
        return Err(Failure::usage("--threads: expected 1 or more"));
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(common.threads.unwrap_or(0))
        .build_global()
        .map_err(|error| Failure::Resources(format!("could not start threads: {error}")))?;
    if common.verbose {
        common.say(&format!(
            "cryo {}: {} threads, {:.1} GiB of memory may be used, seed {}",
            env!("CARGO_PKG_VERSION"),
            rayon::current_num_threads(),
            common.memory_bytes() as f64 / (1_u64 << 30) as f64,
            common.seed()
        ));
    }
    ctrlc::set_handler(move || {
        // A second time, the user means at once.
        if INTERRUPTED.swap(true, Ordering::Relaxed) || !polls {
            cryo_io::discard_unfinished();
            std::process::exit(130);
        }
    })
    .map_err(|error| Failure::Resources(format!("could not listen for Ctrl-C: {error}")))
}
