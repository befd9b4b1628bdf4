use std::path::Path;

use cryo_train::{Checkpoint, LoadMode, Manifest, NamedTensors, SCHEMA, assign, nn::Mode};
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use crate::{
    Calibration, Error, NetworkConfig, Spectrum,
    error::require,
    network::{Network, Outputs},
};

/// A class of particles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassConfig {
    /// Its name.
    pub name: String,
    /// Diameter of a particle in ångström.
    pub diameter_angstrom: f64,
}

/// What a model looks for, on which grid, and with which network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// The network.
    pub network: NetworkConfig,
    /// Edge of its voxels in ångström; tomograms with other voxels are resampled.
    pub voxel_angstrom: f64,
    /// The classes, as many as the network has.
    pub classes: Vec<ClassConfig>,
    /// Whether the particles are points along tubes.
    pub tubular: bool,
}

/// Voxels across the smallest particle in the recommended grid.
const ACROSS: f64 = 12.0;

impl ModelConfig {
    /// The recommended network on a grid in which the smallest particle is 12 voxels across, or on the tomogram's, of
    /// `voxel_angstrom`, where that is coarser.
    #[must_use]
    pub fn recommended(classes: Vec<ClassConfig>, voxel_angstrom: f64) -> Self {
        let diameters = classes.iter().map(|class| class.diameter_angstrom);
        let wanted = diameters.fold(f64::INFINITY, f64::min) / ACROSS;
        Self {
            network: NetworkConfig::recommended(classes.len()),
            voxel_angstrom: voxel_angstrom.max(wanted),
            classes,
            tubular: false,
        }
    }

    /// Of a particle of each class, in ångström.
    pub(crate) fn radii(&self) -> Vec<f64> {
        let diameters = self.classes.iter().map(|class| class.diameter_angstrom);
        diameters.map(|diameter| diameter / 2.0).collect()
    }

    /// Voxels across a particle of a class.
    pub(crate) fn diameter_vox(&self, class: usize) -> f64 {
        self.classes[class].diameter_angstrom / self.voxel_angstrom
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn validate(&self) -> Result<(), Error> {
        self.network.validate()?;
        let voxel = self.voxel_angstrom;
        let valid = voxel.is_finite() && voxel > 0.0;
        require(valid, "voxel_angstrom", "above 0", voxel)?;
        let expected = format!("{} classes, as many as the network's", self.network.classes);
        let count = self.classes.len();
        require(count == self.network.classes, "classes", expected, count)?;
        for class in 0..count {
            let across = self.diameter_vox(class);
            let valid = across.is_finite() && (2.0..=512.0).contains(&across);
            let expected = format!(
                "2 to 512 voxels of {voxel:.2} Å, {:.0} to {:.0} Å",
                2.0 * voxel,
                512.0 * voxel
            );
            let got = format!("{} Å", self.classes[class].diameter_angstrom);
            require(valid, "diameter_angstrom", expected, got)?;
        }
        Ok(())
    }
}

/// What a checkpoint says of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Saved {
    model: ModelConfig,
    calibration: Option<Vec<Calibration>>,
    #[serde(default)]
    spectrum: Option<Spectrum>,
}

/// A localization network with all that it needs to find particles in a tomogram.
pub struct Model {
    config: ModelConfig,
    network: Network,
    calibration: Option<Vec<Calibration>>,
    spectrum: Option<Spectrum>,
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
    /// use cryo_pu_localize::{ClassConfig, Model, ModelConfig, NetworkConfig};
    /// let classes = vec![ClassConfig { name: "ribosome".into(), diameter_angstrom: 250.0 }];
    /// let network = NetworkConfig { head_bias: false, ..NetworkConfig::cet_pick(1, 4) };
    /// let config = ModelConfig { network, ..ModelConfig::recommended(classes, 10.0) };
    /// let model = Model::new(&config, 42, tch::Device::Cpu)?;
    /// assert_eq!(model.parameters(), 1_991_504); // spec G.3
    /// # Ok::<(), cryo_pu_localize::Error>(())
    /// ```
    pub fn new(config: &ModelConfig, seed: u64, device: Device) -> Result<Self, Error> {
        config.validate()?;
        Ok(Self {
            network: Network::new(&config.network, FIRST, seed, device),
            config: config.clone(),
            calibration: None,
            spectrum: None,
            device,
        })
    }

    /// What it looks for.
    #[must_use]
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// How its scores are read, for each class; absent before [`fit`](crate::fit).
    #[must_use]
    pub fn calibration(&self) -> Option<&[Calibration]> {
        self.calibration.as_deref()
    }

    /// Whether its threshold is one of means over mirror images.
    pub(crate) fn reads_mirrors(&self) -> bool {
        let mut all = self.calibration.iter().flatten();
        all.any(|calibration| calibration.mirrors)
    }

    /// To which spectrum tomograms are filtered before the network looks at them: that of those learned from, where it was
    /// wanted ([`FitParams::matching`](crate::FitParams::matching)).
    #[must_use]
    pub fn spectrum(&self) -> Option<&Spectrum> {
        self.spectrum.as_ref()
    }

    pub(crate) fn set_spectrum(&mut self, spectrum: Option<Spectrum>) {
        self.spectrum = spectrum;
    }

    pub(crate) fn set_calibration(&mut self, calibration: Vec<Calibration>) {
        self.calibration = Some(calibration);
    }

    /// Where its tensors are.
    #[must_use]
    pub fn device(&self) -> Device {
        self.device
    }

    /// How many numbers are learned.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.trained().map(|(_, tensor)| tensor.numel()).sum()
    }

    /// All tensors by name; running statistics are among them.
    pub fn tensors(&self) -> &[(String, Tensor)] {
        self.network.tensors()
    }

    pub(crate) fn trained(&self) -> impl Iterator<Item = &(String, Tensor)> {
        self.tensors()
            .iter()
            .filter(|(_, tensor)| tensor.requires_grad())
    }

    /// What the network makes of samples `[n, z, y, x]` of normalized values on its grid, with the running batch
    /// statistics and without gradients.
    ///
    /// # Errors
    /// [`Error::Parameter`] for another number of axes.
    pub fn outputs(&self, samples: &Tensor) -> Result<Outputs, Error> {
        let axes = samples.dim();
        require(axes == 4, "samples", "[n, z, y, x]", format!("{axes} axes"))?;
        let _guard = tch::no_grad_guard();
        Ok(self.forward(samples, false, Kind::Float))
    }

    pub(crate) fn forward(&self, samples: &Tensor, train: bool, kind: Kind) -> Outputs {
        self.network.forward(samples, Mode { train, kind })
    }

    /// The contrastive features of some voxels; see [`Network::project`].
    pub(crate) fn project(&self, outputs: &Outputs, voxels: &Tensor, kind: Kind) -> Option<Tensor> {
        self.network.project(outputs, voxels, kind)
    }

    /// The model as a checkpoint without what an optimizer remembers.
    ///
    /// # Errors
    /// [`Error::OtherModel`] where the configuration has numbers that JSON has not.
    pub fn to_checkpoint(&self) -> Result<Checkpoint, Error> {
        let saved = Saved {
            model: self.config.clone(),
            calibration: self.calibration.clone(),
            spectrum: self.spectrum.clone(),
        };
        let config = serde_json::to_value(&saved).map_err(|error| Error::OtherModel {
            path: Path::new("").to_owned(),
            expected: "finite numbers in the configuration".into(),
            got: error.to_string(),
        })?;
        let copy = |(name, tensor): &(String, Tensor)| {
            (name.clone(), tensor.detach().to_device(Device::Cpu).copy())
        };
        Ok(Checkpoint {
            model: self.tensors().iter().map(copy).collect(),
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
            let expected = "a localization model of cryo-pu-localize";
            return Err(other(expected, format!("one of {name}")));
        }
        let saved: Saved = serde_json::from_value(checkpoint.manifest.config.clone())
            .map_err(|error| other("the architecture in manifest.json", error.to_string()))?;
        let mut model = Self::new(&saved.model, 0, device)?;
        model.calibration = saved.calibration;
        model.spectrum = saved.spectrum;
        assign(model.tensors(), &checkpoint.model, &LoadMode::Strict).map_err(|differences| {
            cryo_train::Error::Mismatch {
                path: path.to_owned(),
                differences,
            }
        })?;
        Ok(model)
    }
}

/// Probability that heat maps begin with.
const FIRST: f64 = 0.01;
