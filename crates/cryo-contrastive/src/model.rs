use std::path::Path;

use cryo_train::{
    Checkpoint, LoadMode, Manifest, NamedTensors, Precision, SCHEMA, assign, nn::Mode,
};
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use crate::{
    Error, ModelConfig, Normalization, Outputs, ViewShape, ViewSource, network::Network,
    whitening::Whitening,
};

/// What a checkpoint says of the architecture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Saved {
    model: ModelConfig,
    normalization: Normalization,
}

/// An exploration network with all that it needs to embed views: architecture, weights, normalization, whitening.
pub struct Model {
    config: ModelConfig,
    normalization: Normalization,
    whitening: Option<Whitening>,
    network: Network,
    device: Device,
}

impl Model {
    /// A network with random weights: those of `seed`, the same on every device.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    ///
    /// # Examples
    /// ```
    /// use cryo_contrastive::{Model, ModelConfig};
    /// let model = Model::new(&ModelConfig::paper_2d3d(36), 42, tch::Device::Cpu)?;
    /// assert_eq!(model.parameters(), 2_922_432);
    /// # Ok::<(), cryo_contrastive::Error>(())
    /// ```
    pub fn new(config: &ModelConfig, seed: u64, device: Device) -> Result<Self, Error> {
        config.validate()?;
        Ok(Self {
            normalization: Normalization::identity(config.input.view[0]),
            whitening: None,
            network: Network::new(config, seed, device),
            config: config.clone(),
            device,
        })
    }

    /// The architecture.
    #[must_use]
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// Of the views that it learned from; the identity before.
    #[must_use]
    pub fn normalization(&self) -> &Normalization {
        &self.normalization
    }

    /// Where its tensors are.
    #[must_use]
    pub fn device(&self) -> Device {
        self.device
    }

    /// How many numbers are learned.
    #[must_use]
    pub fn parameters(&self) -> usize {
        let learned = self.trained();
        learned.map(|(_, tensor)| tensor.numel()).sum()
    }

    /// All tensors by PyTorch's names (`layer1.0.conv1.weight`); running statistics are among them.
    pub fn tensors(&self) -> &[(String, Tensor)] {
        self.network.tensors()
    }

    pub(crate) fn trained(&self) -> impl Iterator<Item = &(String, Tensor)> {
        self.tensors()
            .iter()
            .filter(|(_, tensor)| tensor.requires_grad())
    }

    pub(crate) fn set_normalization(&mut self, normalization: Normalization) {
        self.normalization = normalization;
    }

    /// Measures the whitening of the embedding, where the configuration has one, on what the model has learned from.
    pub(crate) fn measure_whitening(
        &mut self,
        source: &dyn ViewSource,
        precision: Precision,
    ) -> Result<(), Error> {
        self.whitening = None;
        if self.config.whitened {
            self.whitening = Whitening::of(self, source, self.kind(precision)?)?;
        }
        Ok(())
    }

    /// An embedding `[n, d]` as it is handed out.
    pub(crate) fn whiten(&self, embedding: Tensor) -> Result<Tensor, Error> {
        match &self.whitening {
            Some(whitening) => whitening.apply(&embedding),
            None => Ok(embedding),
        }
    }

    pub(crate) fn check(&self, shape: ViewShape) -> Result<(), Error> {
        let expected = self.config.input.view;
        if shape.view == expected {
            return Ok(());
        }
        Err(Error::Shape {
            expected,
            got: shape.view,
        })
    }

    /// `[n, c, edge, edge]` on the device, normalized and binned, from views one after another.
    pub(crate) fn prepare(&self, views: &[f32]) -> Result<Tensor, Error> {
        let [channels, height, width] = self.config.input.view.map(|extent| extent as i64);
        let per_channel = |values: &[f32]| -> Result<Tensor, Error> {
            Ok(Tensor::f_from_slice(values)?
                .f_view([1, channels, 1, 1])?
                .f_to(self.device)?)
        };
        let images = Tensor::f_from_slice(views)?
            .f_view([-1, channels, height, width])?
            .f_to(self.device)?
            .f_sub(&per_channel(&self.normalization.mean)?)?
            .f_div(&per_channel(&self.normalization.std)?)?;
        let bin = self.config.input.bin.map(|edge| edge as i64);
        if bin == [1; 3] {
            return Ok(images);
        }
        let binned = images
            .f_unsqueeze(1)?
            .f_avg_pool3d(bin, bin, [0, 0, 0], false, true, None)?;
        Ok(binned.f_squeeze_dim(1)?)
    }

    /// The centre that the network sees.
    pub(crate) fn centre(&self, images: &Tensor) -> Result<Tensor, Error> {
        let crop = self.config.input.crop as i64;
        let start = (images.size()[2] - crop) / 2;
        Ok(images.f_narrow(2, start, crop)?.f_narrow(3, start, crop)?)
    }

    /// What the network makes of images of the crop's size, with the running batch statistics and without
    /// gradients.
    ///
    /// # Errors
    /// [`Error::Parameter`] for images of another size.
    pub fn outputs(&self, images: &Tensor) -> Result<Outputs, Error> {
        self.check_images(images)?;
        let _guard = tch::no_grad_guard();
        Ok(self.forward(images, false, Kind::Float))
    }

    /// What the network makes of images of the crop's size while it learns: with the statistics of the batch,
    /// which update the running ones, and with gradients.
    ///
    /// # Errors
    /// [`Error::Parameter`] for images of another size.
    pub fn training_outputs(&self, images: &Tensor) -> Result<Outputs, Error> {
        self.check_images(images)?;
        Ok(self.forward(images, true, Kind::Float))
    }

    fn check_images(&self, images: &Tensor) -> Result<(), Error> {
        let expected = [
            self.config.input.binned()[0],
            self.config.input.crop,
            self.config.input.crop,
        ];
        let size = images.size();
        let fits = size.len() == 4 && size[1..].iter().zip(expected).all(|(&a, b)| a == b as i64);
        crate::error::require(
            fits,
            "images",
            format!("[n, {expected:?}]"),
            format!("{size:?}"),
        )
    }

    pub(crate) fn forward(&self, images: &Tensor, train: bool, kind: Kind) -> Outputs {
        self.network.forward(images, Mode { train, kind })
    }

    pub(crate) fn named(&self) -> NamedTensors {
        let copy = |(name, tensor): &(String, Tensor)| {
            (name.clone(), tensor.detach().to_device(Device::Cpu).copy())
        };
        let mut all: NamedTensors = self.tensors().iter().map(copy).collect();
        if let Some(whitening) = &self.whitening {
            whitening.save_into(&mut all);
        }
        all
    }

    /// The model as a checkpoint without what an optimizer remembers.
    ///
    /// # Errors
    /// [`Error::Train`] where the configuration cannot be written.
    pub fn to_checkpoint(&self) -> Result<Checkpoint, Error> {
        let saved = Saved {
            model: self.config.clone(),
            normalization: self.normalization.clone(),
        };
        let config = serde_json::to_value(&saved).map_err(|error| Error::OtherModel {
            path: Path::new("").to_owned(),
            expected: "finite numbers in the configuration".into(),
            got: error.to_string(),
        })?;
        Ok(Checkpoint {
            model: self.named(),
            optimizer: NamedTensors::default(),
            manifest: Manifest {
                schema: SCHEMA,
                crate_name: env!("CARGO_PKG_NAME").into(),
                crate_version: env!("CARGO_PKG_VERSION").into(),
                config,
                params: serde_json::Value::Null,
                seed: 0,
                epoch: 0,
                step: 0,
                history: Vec::new(),
            },
        })
    }

    /// The model of a checkpoint folder.
    ///
    /// # Errors
    /// [`Error::OtherModel`] for a checkpoint of another crate; [`cryo_train::Error::Mismatch`] with every
    /// difference, [`cryo_train::Error::Damaged`], [`cryo_train::Error::NoCheckpoint`].
    pub fn load(path: &Path, device: Device) -> Result<Self, Error> {
        Self::from_checkpoint(&Checkpoint::load(path)?, path, device)
    }

    /// The model of a checkpoint that was read from `path`.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn from_checkpoint(
        checkpoint: &Checkpoint,
        path: &Path,
        device: Device,
    ) -> Result<Self, Error> {
        let other = |expected: &str, got: String| Error::OtherModel {
            path: path.to_owned(),
            expected: expected.to_owned(),
            got,
        };
        let name = &checkpoint.manifest.crate_name;
        if name != env!("CARGO_PKG_NAME") {
            let expected = "an exploration model of cryo-contrastive";
            return Err(other(expected, format!("one of {name}")));
        }
        let saved: Saved = serde_json::from_value(checkpoint.manifest.config.clone())
            .map_err(|error| other("the architecture in manifest.json", error.to_string()))?;
        let mut model = Self::new(&saved.model, 0, device)?;
        let channels = saved.model.input.view[0];
        let normalization = saved.normalization;
        if normalization.mean.len() != channels || normalization.std.len() != channels {
            let got = normalization.mean.len().to_string();
            return Err(other("one mean and deviation a channel", got));
        }
        model.normalization = normalization;
        model.assign(&Whitening::without(&checkpoint.model), path)?;
        let length = model.config.embedding_len();
        let whitening = Whitening::read(&checkpoint.model, length, device);
        model.whitening = whitening.map_err(|got| {
            let expected = format!("a shift and a map of an embedding of {length} numbers");
            other(&expected, got)
        })?;
        Ok(model)
    }

    pub(crate) fn assign(&self, tensors: &NamedTensors, path: &Path) -> Result<(), Error> {
        assign(self.tensors(), tensors, &LoadMode::Strict).map_err(|differences| {
            cryo_train::Error::Mismatch {
                path: path.to_owned(),
                differences,
            }
        })?;
        Ok(())
    }

    pub(crate) fn kind(&self, precision: Precision) -> Result<Kind, Error> {
        Ok(precision.kind(self.device)?)
    }
}
