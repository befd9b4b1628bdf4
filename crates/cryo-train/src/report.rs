use serde::{Deserialize, Serialize};

/// What one epoch was like; training hands it to its callback, and it goes into the checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// Epochs done, from 1.
    pub epoch: u64,
    /// Steps done since training began.
    pub step: u64,
    /// Learning rate of the last step.
    pub rate: f64,
    /// Means over the epoch: the loss first, then its terms and what else is watched.
    pub losses: Vec<(String, f64)>,
    /// What the user should know, for example that the network collapses.
    pub warnings: Vec<String>,
    /// Seconds of wall clock.
    pub seconds: f64,
    /// Items learned from, per second of wall clock.
    pub items_per_second: f64,
    /// Most memory that the process has had so far, in bytes; `None` where the system does not say.
    pub peak_memory_bytes: Option<u64>,
}

impl EpochReport {
    /// The mean called `name`.
    #[must_use]
    pub fn loss(&self, name: &str) -> Option<f64> {
        let mut losses = self.losses.iter();
        losses
            .find(|(other, _)| other == name)
            .map(|(_, value)| *value)
    }
}

/// Most memory that this process has had resident, in bytes, where the system says (Linux).
#[must_use]
pub fn peak_memory_bytes() -> Option<u64> {
    let facts = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = facts.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}
