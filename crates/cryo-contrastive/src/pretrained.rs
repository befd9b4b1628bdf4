use std::path::Path;

use cryo_train::{LoadMode, NamedTensors, assign};
use tch::Tensor;

use crate::{Encoder, Error, Model, error::require};

/// What of a file with ImageNet weights went into a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pretrained {
    /// Tensors that were taken.
    pub taken: Vec<String>,
    /// Tensors of the file that the trunk has no use for: stem, `layer4`, classifier, batch counters.
    pub left: Vec<String>,
    /// Tensors of the network that keep their random start.
    pub random: Vec<String>,
}

/// Takes `bn1` and `layer1` to `layer3` of an ImageNet ResNet-18 as torchvision names them (spec E.1).
///
/// The file is the user's: `.safetensors`, `.ot`, or a `.pth`/`.pt` of a plain state dictionary. The stem is
/// 7×7 there and 3×3 here, so it stays random, as in the reference. The mapping is strict: a tensor of the
/// trunk that the file lacks or has in another shape is an error, and then nothing is taken.
///
/// # Errors
/// [`Error::Parameter`] for the compact encoder, [`Error::Weights`].
pub fn load_imagenet(model: &Model, path: &Path) -> Result<Pretrained, Error> {
    let fits = matches!(model.config().encoder, Encoder::ResNet18 { .. });
    require(fits, "encoder", "res_net18 for ImageNet weights", "compact")?;
    let wrong = |reason: String| Error::Weights {
        path: path.to_owned(),
        reason,
    };
    let saved = read(path)?;
    let is_trunk = |name: &str| {
        ["bn1.", "layer1.", "layer2.", "layer3."]
            .iter()
            .any(|prefix| name.starts_with(prefix))
    };
    let (trunk, rest): (Vec<_>, Vec<_>) =
        (model.tensors().iter()).partition(|(name, _)| is_trunk(name));
    let trunk: Vec<_> = trunk
        .iter()
        .map(|(name, tensor)| (name.clone(), tensor.shallow_clone()))
        .collect();
    let (mut wanted, mut left) = (NamedTensors::default(), Vec::new());
    for (name, tensor) in saved {
        // A network without normalized shortcuts has no place for theirs.
        if trunk.iter().any(|(known, _)| *known == name) {
            wanted.insert(name, tensor);
        } else {
            left.push(name);
        }
    }
    let assigned = assign(&trunk, &wanted, &LoadMode::Strict).map_err(|differences| {
        wrong(format!(
            "expected the tensors of torchvision's resnet18; {differences}"
        ))
    })?;
    Ok(Pretrained {
        taken: assigned.taken,
        left,
        random: rest.iter().map(|(name, _)| name.clone()).collect(),
    })
}

fn read(path: &Path) -> Result<Vec<(String, Tensor)>, Error> {
    let wrong = |reason: String| Error::Weights {
        path: path.to_owned(),
        reason,
    };
    let extension = path
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    match extension.as_str() {
        "safetensors" => {
            let bytes =
                std::fs::read(path).map_err(|error| wrong(format!("could not read: {error}")))?;
            let tensors = NamedTensors::from_bytes(&bytes, path)?;
            Ok(tensors
                .iter()
                .map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone()))
                .collect())
        }
        "ot" => Tensor::load_multi(path).map_err(|error| wrong(error.to_string())),
        "pth" | "pt" => Tensor::loadz_multi(path).map_err(|error| {
            wrong(format!(
                "expected a state dictionary that torch.save wrote: {error}"
            ))
        }),
        other => Err(wrong(format!(
            "expected .pth, .pt, .safetensors or .ot, got .{other}"
        ))),
    }
}
