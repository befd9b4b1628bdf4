use std::{fmt, str::FromStr};

use crate::{Error, cuda};

/// Which device the user wants to compute on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DeviceChoice {
    /// The first CUDA device where there is one, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The CUDA device of that index, and no other.
    Cuda(usize),
}

impl DeviceChoice {
    /// The device, after loading libtorch's CUDA half where that lies beside its CPU half.
    ///
    /// This is the only place that looks at the machine.
    ///
    /// # Errors
    /// [`Error::DeviceUnavailable`] if a CUDA device was asked for that is not there.
    pub fn resolve(self) -> Result<tch::Device, Error> {
        let Self::Cuda(wanted) = self else {
            let found = if self == Self::Auto {
                cuda::devices().0
            } else {
                0
            };
            return Ok(if found > 0 {
                tch::Device::Cuda(0)
            } else {
                tch::Device::Cpu
            });
        };
        let (found, reason) = cuda::devices();
        if wanted < found {
            return Ok(tch::Device::Cuda(wanted));
        }
        let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
        Err(Error::DeviceUnavailable {
            wanted,
            found,
            reason,
        })
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

impl FromStr for DeviceChoice {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let unknown = || Error::DeviceName {
            got: name.to_owned(),
        };
        match name {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            _ => {
                let index = name.strip_prefix("cuda:").ok_or_else(unknown)?;
                index.parse().map(Self::Cuda).map_err(|_| unknown())
            }
        }
    }
}

/// The version of libtorch that this is built with; torch-sys refuses any other.
pub const LIBTORCH_VERSION: &str = "2.11.0";
