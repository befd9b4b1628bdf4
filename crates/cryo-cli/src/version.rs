use cryo_train::{DeviceChoice, LIBTORCH_VERSION};

use crate::{
    exit::{self, Failure, Outcome},
    options::Common,
};

pub(crate) fn print(common: &Common) -> Result<Outcome, Failure> {
    let device = device(common.device)?;
    let version = env!("CARGO_PKG_VERSION");
    exit::print(&format!(
        "cryo {version}\nlibtorch {LIBTORCH_VERSION}\ndevice {device}\n"
    ))?;
    Ok(Outcome::Done)
}

fn device(choice: DeviceChoice) -> Result<String, Failure> {
    let device = choice
        .resolve()
        .map_err(|error| Failure::Resources(error.to_string()))?;
    // As --device names it.
    let taken = match device {
        tch::Device::Cuda(index) => DeviceChoice::Cuda(index),
        _ => DeviceChoice::Cpu,
    };
    Ok(taken.to_string())
}
