//! What the two learning commands share.

use std::path::Path;

use cryo_train::{EpochReport, keep_freed_memory, take_free_cores};

use crate::{exit::Failure, options::Common};

/// Removes what killed runs have left half-written in the folder of a run, which one program at a time writes.
pub(crate) fn tidy(run: &Path) -> Result<(), Failure> {
    for folder in [run, &run.join("report"), &run.join("epochs")] {
        cryo_io::discard_abandoned(folder, |_| true)?;
    }
    Ok(())
}

/// What the program takes with libtorch at work, beside what it works on; measured.
pub(crate) const PROGRAM: u64 = 240 << 20;

/// The same where it does not train.
pub(crate) const IDLE: u64 = 200 << 20;

/// Bytes for a reader.
pub(crate) fn gibibytes(bytes: u64) -> String {
    format!("{:.2} GiB", bytes as f64 / f64::from(1 << 30))
}

/// Time for a reader who plans the day.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 90.0 => format!("{:.0} s", seconds.max(1.0)),
        seconds if seconds < 600.0 => format!("{:.1} min", seconds / 60.0),
        seconds if seconds < 5400.0 => format!("{:.0} min", seconds / 60.0),
        seconds => format!("{:.1} h", seconds / 3600.0),
    }
}

/// An error with all its causes.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        message = format!("{message}: {inner}");
        source = inner.source();
    }
    message
}

/// The failure that an error of training, of a checkpoint or of the device is.
pub(crate) fn train_failure(error: &cryo_train::Error, message: String) -> Failure {
    use cryo_train::Error;
    match error {
        Error::Parameter { .. } | Error::DeviceName { .. } => Failure::Usage(message),
        Error::DeviceUnavailable { .. } | Error::Io { .. } | Error::Torch(_) => {
            Failure::Resources(message)
        }
        _ => Failure::Input(message),
    }
}

/// Sets up the process for a network: on the CPU it gets the threads that the user wants, else as many as there are cores
/// that other programs leave.
pub(crate) fn set_up(common: &Common) {
    keep_freed_memory();
    if let Some(threads) = common.threads {
        tch::set_num_threads(i32::try_from(threads).unwrap_or(i32::MAX));
        return;
    }
    // A device that is not there is told where it is needed.
    if !matches!(common.device.resolve(), Ok(tch::Device::Cpu)) {
        return;
    }
    let all = tch::get_num_threads();
    let free = take_free_cores();
    if i32::try_from(free) != Ok(all) {
        common.say(&format!(
            "{free} free cores for {all} threads, as other programs are busy or this job may use no more: the network gets \
             {free}, as one thread that waits for a core keeps all waiting; --threads {all} takes all"
        ));
    }
}

/// What an epoch's report warns of.
pub(crate) fn say_warnings(report: &EpochReport, common: &Common) {
    for warning in &report.warnings {
        common.say(&format!("warning: {warning}"));
    }
}
