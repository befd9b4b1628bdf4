use thiserror::Error;

/// Why something with libtorch did not work.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Parameter: no such device.
    #[error("expected the device auto, cpu, cuda or cuda:N, got {got:?}")]
    DeviceName {
        /// What was asked for.
        got: String,
    },
    /// Environment: the CUDA device that was asked for is not there.
    #[error("expected the device cuda:{wanted}, got {found} CUDA devices{reason}")]
    DeviceUnavailable {
        /// Index that was asked for.
        wanted: usize,
        /// Devices that libtorch sees.
        found: usize,
        /// Why there are none, where libtorch said; starts with ": ".
        reason: String,
    },
}
