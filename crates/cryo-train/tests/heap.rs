//! The heap is the process', and other threads have their own: this is a process of one thread (`harness = false`).

use std::{fs, path::Path};

use tch::{Device, Kind, Tensor};

/// Pages that this process had to be given so far.
fn faults() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("read");
    let after_name = stat.rsplit(')').next().expect("the rest");
    let minor = after_name.split_whitespace().nth(7).expect("a number");
    minor.parse().expect("a number")
}

fn main() {
    if cfg!(all(target_os = "linux", target_env = "gnu")) {
        freed_memory_is_there_for_the_next_time();
    }
}

fn freed_memory_is_there_for_the_next_time() {
    cryo_train::keep_freed_memory();
    // Blocks of 2 and of 20 MiB.
    let step = || [512 << 10, 5 << 20].map(|n| Tensor::ones([n], (Kind::Float, Device::Cpu)));
    drop(step());
    let before = faults();
    for _ in 0..5 {
        drop(step());
    }
    let taken = faults() - before;
    // Else 28,160 pages of 4 KiB.
    assert!(taken < 2_500, "{taken} pages");

    if Path::new("/sys/kernel/mm/transparent_hugepage").exists() {
        let maps = fs::read_to_string("/proc/self/smaps").expect("read");
        let advised = maps.lines().any(|line| {
            line.starts_with("VmFlags:") && line.split_whitespace().any(|flag| flag == "hg")
        });
        assert!(advised, "no part of the heap is for huge pages");
    }
}
