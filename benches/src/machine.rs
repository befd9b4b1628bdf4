//! Facts of the machine that stand beside every figure.

use std::{fs, thread};

/// Model of the processor, number of cores, load of the last minute.
#[must_use]
pub fn describe() -> String {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let facts = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = facts
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, name)| name);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load
        .split_whitespace()
        .next()
        .unwrap_or("unknown")
        .to_owned();
    format!("{model}, {cores} cores, load {load}")
}

/// Highest resident memory of this process so far in bytes, `None` where the system does not say.
#[must_use]
pub fn peak_resident_bytes() -> Option<u64> {
    status("VmHWM:")
}

/// Resident memory of this process now in bytes, `None` where the system does not say.
#[must_use]
pub fn resident_bytes() -> Option<u64> {
    status("VmRSS:")
}

/// Seconds that all threads of this process have computed so far, `None` where the system does not say.
#[must_use]
pub fn cpu_seconds() -> Option<f64> {
    // Ticks are hundredths of a second on every Linux that we know.
    const TICKS: f64 = 100.0;
    let facts = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program may hold spaces; numbers begin after it.
    let (_, numbers) = facts.rsplit_once(')')?;
    let mut numbers = numbers.split_whitespace().skip(11);
    let user: f64 = numbers.next()?.parse().ok()?;
    let system: f64 = numbers.next()?.parse().ok()?;
    Some((user + system) / TICKS)
}

fn status(name: &str) -> Option<u64> {
    let facts = fs::read_to_string("/proc/self/status").ok()?;
    let line = facts.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}
