use std::{fs, path::Path};

/// Memory in bytes that this process may still take, where the system says (Linux): what is available on the machine, or
/// less where a control group, of a batch system or a container, is limited.
///
/// ```
/// if let Some(bytes) = cryo_train::free_memory_bytes() {
///     assert!(bytes > 0);
/// }
/// ```
#[must_use]
pub fn free_memory_bytes() -> Option<u64> {
    let machine = available(&fs::read_to_string("/proc/meminfo").ok()?)?;
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let allowed = left_in_groups(&groups, Path::new("/sys/fs/cgroup"));
    Some(allowed.map_or(machine, |allowed| allowed.min(machine)))
}

fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

/// Names of the files that say limit and use, and of the part of the use that is given back on demand.
struct Files {
    limit: &'static str,
    used: &'static str,
    cache: &'static str,
}

const VERSION_1: Files = Files {
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    cache: "total_cache",
};

const VERSION_2: Files = Files {
    limit: "memory.max",
    used: "memory.current",
    cache: "file",
};

/// The least that a limited group and those above it leave; `None` where no group is limited. `groups` is
/// /proc/self/cgroup, a line `number:controllers:path` each.
fn left_in_groups(groups: &str, mounted: &Path) -> Option<u64> {
    let of_line = |line: &str| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        let (top, files) = if controllers.is_empty() {
            (mounted.to_owned(), VERSION_2)
        } else {
            controllers.split(',').find(|name| *name == "memory")?;
            (mounted.join("memory"), VERSION_1)
        };
        let group = top.join(path.trim_start_matches('/'));
        let inside = |folder: &&Path| folder.starts_with(&top);
        let above = group.ancestors().take_while(inside);
        above.filter_map(|folder| left(folder, &files)).min()
    };
    groups.lines().filter_map(of_line).min()
}

fn left(folder: &Path, files: &Files) -> Option<u64> {
    let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let number = |name: &str| read(name)?.trim().parse::<u64>().ok();
    // "max" is no number, and no limit.
    let limit = number(files.limit)?;
    let used = number(files.used)?;
    let stat = read("memory.stat").unwrap_or_default();
    let cache = stat.lines().find_map(|line| {
        let (name, bytes) = line.split_once(' ')?;
        (name == files.cache).then(|| bytes.trim().parse::<u64>().ok())?
    });
    Some(limit.saturating_sub(used.saturating_sub(cache.unwrap_or(0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(at: &Path, files: &[(&str, &str)]) {
        fs::create_dir_all(at).expect("made");
        for (name, text) in files {
            fs::write(at.join(name), text).expect("written");
        }
    }

    #[test]
    fn the_tightest_group_counts_and_its_cache_does_not() {
        let place = tempfile::tempdir().expect("a folder");
        let job = place.path().join("slurm/job_7");
        let of_job = [
            ("memory.max", "1000\n"),
            ("memory.current", "700\n"),
            ("memory.stat", "anon 300\nfile 400\n"),
        ];
        group(&job, &of_job);
        group(
            &job.join("step_0"),
            &[("memory.max", "max\n"), ("memory.current", "700\n")],
        );
        assert_eq!(
            left_in_groups("0::/slurm/job_7/step_0\n", place.path()),
            Some(700)
        );
        group(
            &place.path().join("slurm"),
            &[("memory.max", "900\n"), ("memory.current", "850\n")],
        );
        assert_eq!(
            left_in_groups("0::/slurm/job_7/step_0\n", place.path()),
            Some(50)
        );
        assert_eq!(left_in_groups("0::/elsewhere\n", place.path()), None);
    }

    #[test]
    fn the_first_version_is_known_too() {
        let place = tempfile::tempdir().expect("a folder");
        let files = [
            ("memory.limit_in_bytes", "5000\n"),
            ("memory.usage_in_bytes", "6000\n"),
            ("memory.stat", "cache 1\ntotal_cache 2000\n"),
        ];
        group(&place.path().join("memory/job"), &files);
        let groups = "5:cpu,cpuacct:/job\n4:memory:/job\n0::/job\n";
        assert_eq!(left_in_groups(groups, place.path()), Some(1000));
    }

    #[test]
    fn the_machine_is_asked_in_kibibytes() {
        let meminfo = "MemTotal:  10 kB\nMemAvailable:     7 kB\n";
        assert_eq!(available(meminfo), Some(7 << 10));
    }
}
