//! How many of libtorch's threads a machine that others work on, too, bears.
//!
//! libtorch's threads wait for each other after every operation, thousands of times a step. One whose core is held by
//! another program keeps all waiting until the system pauses that program: a step may take a hundred times as long.

use std::{collections::BTreeSet, fs, thread, time::Duration};

/// How long the machine is watched: ten ticks of the system's clock a core.
const WATCHED: Duration = Duration::from_millis(100);

/// Cores that this process may use and that other programs leave it, at least 1, seen over a tenth of a second; `None`
/// where the system does not say (Linux does).
///
/// ```
/// if let Some(cores) = cryo_train::free_cores() {
///     assert!(cores >= 1);
/// }
/// ```
#[must_use]
pub fn free_cores() -> Option<usize> {
    let allowed = allowed(&fs::read_to_string("/proc/self/status").ok()?)?;
    let before = Seen::now(&allowed)?;
    thread::sleep(WATCHED);
    let free = Seen::now(&allowed)?.free_since(&before, allowed.len())?;
    let quota = thread::available_parallelism().map_or(allowed.len(), usize::from);
    Some(free.min(quota))
}

/// Sets libtorch's threads to as many as there are free cores, if it has more; returns those it has then.
///
/// For the whole process, and for work on the CPU. Sums differ by rounding between numbers of threads.
pub fn take_free_cores() -> usize {
    let has = usize::try_from(tch::get_num_threads()).map_or(1, |threads| threads.max(1));
    match free_cores() {
        Some(free) if free < has => {
            tch::set_num_threads(i32::try_from(free).unwrap_or(i32::MAX));
            free
        }
        _ => has,
    }
}

/// Ticks of the system's clock that were spent, by anybody and by this process.
struct Seen {
    all: u64,
    idle: u64,
    own: u64,
}

impl Seen {
    fn now(allowed: &BTreeSet<usize>) -> Option<Self> {
        let (all, idle) = machine(&fs::read_to_string("/proc/stat").ok()?, allowed)?;
        let own = own(&fs::read_to_string("/proc/self/stat").ok()?)?;
        Some(Self { all, idle, own })
    }

    /// Of so many `cores`, those that others left, to the nearest, but at least 1.
    fn free_since(&self, before: &Self, cores: usize) -> Option<usize> {
        let all = self.all.checked_sub(before.all).filter(|&all| all > 0)?;
        let idle = self.idle.saturating_sub(before.idle);
        let own = self.own.saturating_sub(before.own);
        let left = (idle + own).min(all) as f64 / all as f64;
        Some(((left * cores as f64).round() as usize).max(1))
    }
}

/// Numbers of the cores that this process may run on, from /proc/self/status.
fn allowed(status: &str) -> Option<BTreeSet<usize>> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    let mut cores = BTreeSet::new();
    for part in line.trim().split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        cores.extend(first.parse::<usize>().ok()?..=last.parse().ok()?);
    }
    (!cores.is_empty()).then_some(cores)
}

/// All ticks and idle ones of the cores in `allowed`, from /proc/stat: user, nice, system, idle, waiting for disks,
/// interrupts, soft ones, stolen by other virtual machines; guests' are in user's.
fn machine(stat: &str, allowed: &BTreeSet<usize>) -> Option<(u64, u64)> {
    let mut sums = (0, 0);
    for line in stat.lines() {
        let mut words = line.split_ascii_whitespace();
        let core = words.next().and_then(|word| word.strip_prefix("cpu"));
        let Some(core) = core.and_then(|core| core.parse().ok()) else {
            continue;
        };
        if allowed.contains(&core) {
            let ticks: Vec<u64> = words.take(8).map_while(|word| word.parse().ok()).collect();
            sums.0 += ticks.iter().sum::<u64>();
            sums.1 += ticks.get(3)? + ticks.get(4)?;
        }
    }
    (sums.0 > 0).then_some(sums)
}

/// Ticks of this process, from /proc/self/stat; its second word is a name in brackets, with anything in it.
fn own(stat: &str) -> Option<u64> {
    let mut words = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    Some(words.next()?.parse::<u64>().ok()? + words.next()?.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "cpu  1 1 1 1 1 1 1 1 0 0\ncpu0 100 0 10 800 5 0 1 4 0 0\ncpu1 900 0 50 30 0 0 0 0 0 0\ncpu12 7 0 0 3 1 0 0 0 0 0\nintr 5 5\n";

    #[test]
    fn only_cores_that_the_process_may_use_count() {
        let cores = allowed("Name:\tcryo\nCpus_allowed_list:\t0-1,12\n").expect("three");
        assert_eq!(cores, BTreeSet::from([0, 1, 12]));
        assert_eq!(machine(STAT, &cores), Some((920 + 980 + 11, 805 + 30 + 4)));
        assert_eq!(machine(STAT, &BTreeSet::from([12])), Some((11, 4)));
        assert_eq!(machine(STAT, &BTreeSet::from([3])), None);
        assert_eq!(allowed("Cpus_allowed_list:\tall\n"), None);
    }

    #[test]
    fn a_name_with_brackets_is_no_number() {
        let stat = "42 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 250 30 0 0 20 0 4 0 99";
        assert_eq!(own(stat), Some(280));
        assert_eq!(own("42 cryo S 1"), None);
    }

    #[test]
    fn what_this_process_takes_is_free_to_it() {
        let before = Seen {
            all: 1000,
            idle: 500,
            own: 7,
        };
        let free = |idle: u64, own: u64, cores| {
            let now = Seen {
                all: 1100,
                idle: 500 + idle,
                own: 7 + own,
            };
            now.free_since(&before, cores)
        };
        assert_eq!(free(50, 0, 2), Some(1));
        assert_eq!(free(0, 50, 2), Some(1));
        assert_eq!(free(40, 60, 2), Some(2));
        assert_eq!(free(80, 0, 2), Some(2), "a core in part");
        assert_eq!(free(0, 0, 4), Some(1), "never none");
        assert_eq!(before.free_since(&before, 2), None, "too short a time");
    }
}
