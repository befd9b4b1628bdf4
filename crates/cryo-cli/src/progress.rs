use std::{
    io::IsTerminal,
    sync::Mutex,
    time::{Duration, Instant},
};

use cryo_core::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle as BarStyle};

use crate::options::{Common, ProgressStyle, is_interrupted, tell};

/// Progress on standard error: a bar, lines, or JSON lines.
pub(crate) struct Report {
    style: ProgressStyle,
    stage: Mutex<Stage>,
}

struct Stage {
    name: String,
    steps: u64,
    done: u64,
    started: Instant,
    said: Instant,
    bar: Option<ProgressBar>,
}

const INTERVAL: Duration = Duration::from_secs(5);

impl Report {
    pub(crate) fn new(common: &Common) -> Self {
        let style = match common.progress {
            ProgressStyle::Auto if common.quiet => ProgressStyle::None,
            ProgressStyle::Auto if !std::io::stderr().is_terminal() => ProgressStyle::Plain,
            other => other,
        };
        let now = Instant::now();
        let stage = Stage {
            name: String::new(),
            steps: 0,
            done: 0,
            started: now,
            said: now,
            bar: None,
        };
        Self {
            style,
            stage: Mutex::new(stage),
        }
    }

    fn say(&self, stage: &Stage) {
        let elapsed = stage.started.elapsed().as_secs_f64();
        let left = (stage.done > 0)
            .then(|| elapsed / stage.done as f64 * stage.steps.saturating_sub(stage.done) as f64);
        match self.style {
            ProgressStyle::Json => {
                let line = serde_json::json!({
                    "stage": stage.name, "done": stage.done, "total": stage.steps,
                    "elapsed_s": elapsed, "remaining_s": left,
                });
                tell(&line.to_string());
            }
            ProgressStyle::Plain => {
                let left = left.map_or_else(String::new, |left| format!(", {left:.0} s left"));
                tell(&format!(
                    "{}: {}/{} ({elapsed:.0} s{left})",
                    stage.name, stage.done, stage.steps
                ));
            }
            ProgressStyle::Auto | ProgressStyle::None => {}
        }
    }
}

impl Progress for Report {
    fn begin(&self, name: &str, steps: u64) {
        let Ok(mut stage) = self.stage.lock() else {
            return;
        };
        if let Some(bar) = stage.bar.take() {
            bar.finish_and_clear();
        }
        let now = Instant::now();
        *stage = Stage {
            name: name.to_owned(),
            steps,
            done: 0,
            started: now,
            said: now,
            bar: None,
        };
        match self.style {
            ProgressStyle::Auto => {
                let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr());
                let template = "{msg:<24} [{bar:30}] {pos}/{len} {eta} left";
                if let Ok(style) = BarStyle::with_template(template) {
                    bar.set_style(style);
                }
                bar.set_message(name.to_owned());
                stage.bar = Some(bar);
            }
            ProgressStyle::Json => self.say(&stage),
            ProgressStyle::Plain | ProgressStyle::None => {}
        }
    }

    fn advance(&self, steps: u64) {
        let Ok(mut stage) = self.stage.lock() else {
            return;
        };
        stage.done += steps;
        if let Some(bar) = &stage.bar {
            bar.inc(steps);
        }
        let finished = stage.done >= stage.steps;
        if finished || stage.said.elapsed() > INTERVAL {
            stage.said = Instant::now();
            self.say(&stage);
        }
        if finished && let Some(bar) = stage.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn is_cancelled(&self) -> bool {
        is_interrupted()
    }
}
