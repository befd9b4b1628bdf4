//! Several ways to do one thing, timed in turns, so that all meet the same weather.

use std::time::Instant;

/// One way: its name and a job that returns its seconds.
pub struct Way<'a> {
    /// Name in the table.
    pub name: String,
    /// Does the job once and returns how long it took.
    pub run: Box<dyn FnMut() -> f64 + 'a>,
}

impl<'a> Way<'a> {
    /// A job that is timed as a whole.
    pub fn timed(name: &str, mut job: impl FnMut() + 'a) -> Self {
        let run = move || {
            let start = Instant::now();
            job();
            start.elapsed().as_secs_f64()
        };
        Self {
            name: name.to_owned(),
            run: Box::new(run),
        }
    }

    /// A job that times itself.
    pub fn self_timed(name: &str, run: impl FnMut() -> f64 + 'a) -> Self {
        Self {
            name: name.to_owned(),
            run: Box::new(run),
        }
    }
}

/// Seconds of one way.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// Name of the way.
    pub name: String,
    /// Fastest round.
    pub least: f64,
    /// Middle round.
    pub median: f64,
}

/// Runs every way once a round and returns their seconds, in order. The first round is not counted.
///
/// # Panics
/// If `rounds` is 0.
pub fn race(rounds: usize, ways: &mut [Way<'_>]) -> Vec<Timing> {
    assert!(rounds > 0, "a race has at least one round");
    let mut seconds = vec![Vec::with_capacity(rounds); ways.len()];
    for round in 0..=rounds {
        for (way, list) in ways.iter_mut().zip(&mut seconds) {
            let time = (way.run)();
            if round > 0 {
                list.push(time);
            }
        }
    }
    let timing = |(way, mut list): (&Way<'_>, Vec<f64>)| {
        list.sort_by(f64::total_cmp);
        Timing {
            name: way.name.clone(),
            least: list[0],
            median: list[list.len() / 2],
        }
    };
    ways.iter().zip(seconds).map(timing).collect()
}

/// A table of seconds, and how many times as fast as the first row each row is, by medians.
#[must_use]
pub fn table(title: &str, timings: &[Timing]) -> String {
    let mut text = format!(
        "\n### {title}\n\n| way | least s | median s | speed against the first |\n|---|---|---|---|\n"
    );
    for timing in timings {
        let ratio = timings[0].median / timing.median;
        let Timing {
            name,
            least,
            median,
        } = timing;
        text += &format!("| {name} | {least:.4} | {median:.4} | {ratio:.2} |\n");
    }
    text
}
