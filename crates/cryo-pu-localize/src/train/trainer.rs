use std::{ops::ControlFlow, path::Path, time::Instant};

use cryo_core::Progress;
use cryo_train::{
    Checkpoint, EpochReport, LossScaler, Optimizer, Pace, check_finite, peak_memory_bytes,
    prefetch, stream_rng,
};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use tch::{Kind, Tensor};

use super::{
    AugmentParams, FitParams, Sampler,
    fields::{Split, split},
    sampler::{Coarser, Field},
    views::{chosen, contrastive, mirror, mirrored},
};
use crate::{
    AnnotatedTomogram, Error, Expected, Model, PredictParams, Spectrum, calibrate_on,
    data::{Prepared, density_warning, prepare, surrogate_noise},
    loss::consistency,
    loss::positive_negative_focal,
    network::Outputs,
};

/// A network that has learned.
pub struct Fit {
    /// The network.
    pub model: Model,
    /// One report an epoch.
    pub history: Vec<EpochReport>,
}

/// Trains `model` on the annotations of `tomograms` and on what is unlabelled in them.
///
/// `on_epoch` gets a report after each epoch; with [`ControlFlow::Break`] training ends there. Then the scores of all
/// peaks in the tomograms are read for the threshold (see [`Calibration`](crate::Calibration)). The result depends on
/// the seed; libtorch's own threads change it by rounding. Use [`Trainer`] to save checkpoints and to resume.
///
/// # Errors
/// [`Error::Parameter`], [`Error::Outside`], [`Error::TooFew`] for a class without two annotations, [`Error::Small`],
/// [`Error::NotFinite`], [`Error::Constant`]; [`cryo_train::Error::NotFinite`] when training diverges.
///
/// # Examples
/// ```
/// use std::ops::ControlFlow;
/// use cryo_core::{Grid, Volume, VoxelPos, VoxelSize};
/// use cryo_pu_localize::{AnnotatedTomogram, Annotation, ClassConfig, FitParams, Model, ModelConfig, fit};
/// use ndarray::Array3;
///
/// let centres = [[6, 20, 20], [9, 40, 12], [8, 14, 44]];
/// let data = Array3::from_shape_fn((16, 56, 60), |(z, y, x)| {
///     let near = |c: &[usize; 3]| c[0].abs_diff(z).pow(2) + c[1].abs_diff(y).pow(2) + c[2].abs_diff(x).pow(2) < 25;
///     ((z * 31 + y * 17 + x * 7) as f32).sin() - 4.0 * f32::from(centres.iter().any(near))
/// });
/// let volume = Volume::new(data, Grid::new([16, 56, 60], VoxelSize::new(20.0).expect("above 0")))?;
/// let at = |&[z, y, x]: &[usize; 3]| Annotation {
///     position: VoxelPos { x: x as f64, y: y as f64, z: z as f64 },
///     class: Some(0),
/// };
/// let tomogram = AnnotatedTomogram {
///     name: "TS_01".into(),
///     volume: volume.view(),
///     mask: None,
///     annotations: centres.iter().map(at).collect(),
/// };
/// let classes = vec![ClassConfig { name: "ball".into(), diameter_angstrom: 200.0 }];
/// let model = Model::new(&ModelConfig::recommended(classes, 20.0), 42, tch::Device::Cpu)?;
/// let params = FitParams { epochs: 1, steps_per_epoch: Some(2), sample: [5, 32, 32], ..FitParams::recommended() };
/// let fitted = fit(&[tomogram], model, &params, &mut |report| {
///     assert!(report.loss("loss").is_some());
///     ControlFlow::Continue(())
/// })?;
/// assert!(fitted.model.calibration().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fit(
    tomograms: &[AnnotatedTomogram<'_>],
    model: Model,
    params: &FitParams,
    on_epoch: &mut dyn FnMut(&EpochReport) -> ControlFlow<()>,
) -> Result<Fit, Error> {
    let mut trainer = Trainer::new(tomograms, model, params)?;
    while !trainer.is_done() {
        let report = trainer.epoch()?;
        if on_epoch(&report).is_break() {
            break;
        }
    }
    trainer.finish()
}

/// Training that can be watched, saved and resumed epoch by epoch.
pub struct Trainer {
    model: Model,
    params: FitParams,
    sampler: Sampler,
    held_out: Option<Sampler>,
    expected: Vec<Expected>,
    optimizer: Optimizer,
    scaler: Option<LossScaler>,
    kind: Kind,
    steps: u64,
    epoch: u64,
    step: u64,
    history: Vec<EpochReport>,
    warnings: Vec<String>,
    pace: Option<Pace>,
}

impl Trainer {
    /// Training from the beginning.
    ///
    /// # Errors
    /// As [`fit`].
    pub fn new(
        tomograms: &[AnnotatedTomogram<'_>],
        mut model: Model,
        params: &FitParams,
    ) -> Result<Self, Error> {
        params.validate(&model.config().network)?;
        let (prepared, spectrum) = matched(tomograms, &model, params)?;
        model.set_spectrum(spectrum);
        let fields = fields(tomograms, prepared, &model, params)?;
        let warnings = warnings(&fields, tomograms, &model)?;
        let Split { train, held_out } = split(fields, model.config(), params)?;
        let annotations: usize = train.iter().map(|field| field.places.len()).sum();
        let sampler = sampler(train, &model, params);
        let expected = super::fields::expected(&sampler, model.config(), params);
        let shared = model
            .trained()
            .map(|(name, tensor)| (name.clone(), tensor.shallow_clone()));
        let kind = params.precision.kind(model.device())?;
        Ok(Self {
            optimizer: Optimizer::new(params.optimizer.clone(), shared)?,
            scaler: LossScaler::new(kind),
            kind,
            steps: params.steps_per_epoch.unwrap_or(annotations as u64).max(1),
            held_out: held_out.map(|fields| Sampler {
                augment: super::AugmentParams::none(),
                near: 1.0,
                views: 1,
                ..self::sampler(fields, &model, params)
            }),
            sampler,
            expected,
            model,
            params: params.clone(),
            epoch: 0,
            step: 0,
            history: Vec::new(),
            warnings,
            pace: None,
        })
    }

    /// Training that goes on where the checkpoint folder `path` was written, as if it had never stopped, on the same
    /// tomograms.
    ///
    /// # Errors
    /// As [`Model::load`] and [`fit`]; [`cryo_train::Error::Mismatch`] for the optimizer.
    pub fn resume(
        tomograms: &[AnnotatedTomogram<'_>],
        path: &Path,
        device: tch::Device,
    ) -> Result<Self, Error> {
        let mut checkpoint = Checkpoint::load(path)?;
        let model = Model::from_checkpoint(&checkpoint, path, device)?;
        let params: FitParams = serde_json::from_value(checkpoint.manifest.params.clone())
            .map_err(|error| Error::OtherModel {
                path: path.to_owned(),
                expected: "parameters of training in manifest.json".into(),
                got: error.to_string(),
            })?;
        let mut trainer = Self::new(tomograms, model, &params)?;
        if let Some(scaler) = &mut trainer.scaler {
            scaler.take_from(&mut checkpoint.optimizer);
        }
        trainer
            .optimizer
            .load_state(&checkpoint.optimizer)
            .map_err(|differences| cryo_train::Error::Mismatch {
                path: path.join("optimizer.safetensors"),
                differences,
            })?;
        trainer.epoch = checkpoint.manifest.epoch;
        trainer.step = checkpoint.manifest.step;
        trainer.history = checkpoint.manifest.history;
        Ok(trainer)
    }

    /// The network so far.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// How it is trained.
    #[must_use]
    pub fn params(&self) -> &FitParams {
        &self.params
    }

    /// What is odd about the annotations: for example that few of them lie on density, and in which order of the columns
    /// more would.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// One report for each epoch so far.
    #[must_use]
    pub fn history(&self) -> &[EpochReport] {
        &self.history
    }

    /// Whether all epochs are done, or the held-out annotations say that more do not help.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let patience = self.params.patience.unwrap_or(u64::MAX);
        self.epoch >= self.params.epochs || self.epochs_since_best() > patience
    }

    fn epochs_since_best(&self) -> u64 {
        let losses = self.history.iter().map(|report| report.loss(HELD_OUT));
        let losses: Vec<f64> = losses.map(|loss| loss.unwrap_or(f64::INFINITY)).collect();
        let best = (0..losses.len()).min_by(|&a, &b| losses[a].total_cmp(&losses[b]));
        best.map_or(0, |best| (losses.len() - 1 - best) as u64)
    }

    /// Has training on the CPU go on with fewer of libtorch's threads once other programs hold cores that they wait for;
    /// the report of the epoch says so. See [`Pace`].
    pub fn share_cores(&mut self) {
        self.pace = (self.model.device() == tch::Device::Cpu).then(Pace::default);
    }

    /// The network, its history, and all that is needed to go on.
    ///
    /// # Errors
    /// [`Error::OtherModel`] where the configuration has numbers that JSON has not.
    pub fn checkpoint(&self) -> Result<Checkpoint, Error> {
        let mut checkpoint = self.model.to_checkpoint()?;
        checkpoint.optimizer = self.optimizer.state();
        if let Some(scaler) = &self.scaler {
            scaler.save_into(&mut checkpoint.optimizer);
        }
        let manifest = &mut checkpoint.manifest;
        manifest.params = serde_json::to_value(&self.params).unwrap_or_default();
        manifest.seed = self.params.seed;
        manifest.epoch = self.epoch;
        manifest.step = self.step;
        manifest.history.clone_from(&self.history);
        Ok(checkpoint)
    }

    /// Reads the scores of all peaks for the threshold, and hands the network over.
    ///
    /// # Errors
    /// [`Error::Torch`], [`Error::Peaks`].
    pub fn finish(self) -> Result<Fit, Error> {
        self.finish_with(&())
    }

    /// The same, telling `progress` of each tomogram and asking it whether to go on.
    ///
    /// # Errors
    /// As [`finish`](Self::finish); [`Error::Cancelled`], after which a checkpoint is where to begin again.
    pub fn finish_with(mut self, progress: &dyn Progress) -> Result<Fit, Error> {
        // Only training needs these, and heat maps take their memory.
        for field in &mut self.sampler.fields {
            (field.coarser, field.noise) = (None, None);
        }
        let held_out = self.held_out.as_ref().map(|sampler| &sampler.fields[..]);
        let fields = &self.sampler.fields;
        let params = PredictParams {
            mirrors: Some(self.params.mirrors),
            precision: self.params.precision,
            ..PredictParams::default()
        };
        let likeness = self.params.likeness;
        let calibration = calibrate_on(&self.model, fields, held_out, &params, likeness, progress)?;
        self.model.set_calibration(calibration);
        Ok(Fit {
            model: self.model,
            history: self.history,
        })
    }

    /// Trains for one epoch.
    ///
    /// # Errors
    /// [`cryo_train::Error::NotFinite`], [`Error::Torch`].
    pub fn epoch(&mut self) -> Result<EpochReport, Error> {
        self.epoch_unless(&|| false)?.ok_or(Error::Cancelled)
    }

    /// The same, unless `stops` says so before a step. Then nothing comes back, and the epoch is half done: go on from the
    /// checkpoint before.
    ///
    /// # Errors
    /// As [`epoch`](Self::epoch).
    pub fn epoch_unless(&mut self, stops: &dyn Fn() -> bool) -> Result<Option<EpochReport>, Error> {
        let begun = Instant::now();
        let batch = self.params.batch_size as u64;
        let batches: Vec<u64> = (self.step..self.step + self.steps).collect();
        let length = self.sampler.length();
        let twice = self.params.samples_seen_twice();
        let mut sums: Vec<(&'static str, f64)> = Vec::new();
        let (mut rate, mut stopped) = (0.0, false);
        let mut warnings = Vec::new();
        let sampler = std::mem::replace(&mut self.sampler, Sampler::empty());
        let result = prefetch(
            &batches,
            |_| length * batch as usize,
            |step, out| {
                let samples = out.par_chunks_exact_mut(length).enumerate();
                samples.for_each(|(number, out)| {
                    let views = if number < twice { sampler.views } else { 1 };
                    sampler.fill(step * batch + number as u64, views, out);
                });
                Ok(())
            },
            |step, numbers| {
                stopped = stops();
                if stopped {
                    return Ok(ControlFlow::Break(()));
                }
                let within = (step - batches[0]) as f64 / self.steps as f64;
                rate = self.params.schedule.at(self.epoch as f64 + within);
                let began = Instant::now();
                let terms = self.train(&sampler, numbers, rate)?;
                let pace = self.pace.as_mut();
                let took = began.elapsed().as_secs_f64();
                warnings.extend(pace.and_then(|pace| pace.step(self.step, took)));
                if sums.is_empty() {
                    sums = terms.iter().map(|(name, _)| (*name, 0.0)).collect();
                }
                sums.iter_mut()
                    .zip(&terms)
                    .for_each(|(sum, term)| sum.1 += term.1);
                Ok::<_, Error>(ControlFlow::Continue(()))
            },
        );
        self.sampler = sampler;
        result?;
        if stopped {
            return Ok(None);
        }
        self.epoch += 1;
        let mean = |(name, sum): (&str, f64)| (name.to_owned(), sum / self.steps as f64);
        let mut losses: Vec<(String, f64)> = sums.into_iter().map(mean).collect();
        if let Some(held_out) = &self.held_out {
            losses.push((HELD_OUT.to_owned(), self.validate(held_out)?));
        }
        let seconds = begun.elapsed().as_secs_f64();
        let report = EpochReport {
            epoch: self.epoch,
            step: self.step,
            rate,
            losses,
            warnings,
            seconds,
            items_per_second: (self.steps * batch) as f64 / seconds.max(1e-9),
            peak_memory_bytes: peak_memory_bytes(),
        };
        self.history.push(report.clone());
        Ok(Some(report))
    }

    /// One step; returns the loss and its terms.
    fn train(
        &mut self,
        sampler: &Sampler,
        numbers: &[f32],
        rate: f64,
    ) -> Result<Vec<(&'static str, f64)>, Error> {
        let [samples, target] = tensors(sampler, numbers, self.model.device())?;
        let terms = self.terms(&samples, &target)?;
        let total = Tensor::f_stack(&terms.iter().map(|(_, term)| term).collect::<Vec<_>>(), 0)?
            .f_sum(Kind::Float)?;
        let mut read = vec![("loss", total.shallow_clone())];
        read.extend(terms);
        let values: Vec<Tensor> = (read.iter())
            .map(|(_, term)| term.f_to_kind(Kind::Double))
            .collect::<Result<_, _>>()?;
        let values = Tensor::f_stack(&values, 0)?;
        let step = self.step;
        let read = || {
            let values = Vec::<f64>::try_from(&values)?;
            let read: Vec<_> = read.iter().map(|(name, _)| *name).zip(values).collect();
            check_finite(step, rate, &read)?;
            Ok(read)
        };
        let (scaler, clip) = (self.scaler.as_mut(), self.params.clip);
        let read = self.optimizer.descend(&total, rate, scaler, clip, read);
        self.step += 1;
        read
    }

    /// The weighted terms of samples `[n, views, z, y, x]`.
    fn terms(
        &self,
        samples: &Tensor,
        target: &Tensor,
    ) -> Result<Vec<(&'static str, Tensor)>, Error> {
        let view = |number| samples.f_select(1, number);
        let first = self.model.forward(&view(0)?, true, self.kind);
        let objective = &self.params.objective;
        let mut terms = vec![(
            "localization",
            objective.loss(&first.logits, target, &self.expected)?,
        )];
        if self.params.views() == 1 {
            return Ok(terms);
        }
        let twice = |tensor: &Tensor| {
            let count = self.params.samples_seen_twice() as i64;
            tensor.f_narrow(0, 0, count.min(tensor.size()[0]))
        };
        let again = mirror(&twice(&view(1)?)?, self.step)?;
        let mut second = self.model.forward(&again, true, self.kind);
        second.logits = mirror(&second.logits, self.step)?;
        let first_logits = twice(&first.logits)?;
        if self.params.consistency > 0.0 {
            let term = consistency(&first_logits, &second.logits)?;
            terms.push(("consistency", term * self.params.consistency));
        }
        if let Some(params) = &self.params.contrast {
            let target = twice(target)?;
            let chosen = chosen(&target, params.rows, self.params.seed, self.step)?;
            let project = |view: &Outputs, voxels: &Tensor| {
                let features = self.model.project(view, voxels, self.kind);
                features.expect("checked: contrastive terms have their head")
            };
            let there = mirrored(&chosen, &target.size(), self.step)?;
            let features = [project(&first, &chosen), project(&second, &there)];
            let logits = [&first_logits, &second.logits];
            let found = contrastive(logits, features, &target, &chosen, params)?;
            terms.push(("supervised", found.supervised * params.supervised));
            terms.push(("unsupervised", found.unsupervised * params.unsupervised));
        }
        Ok(terms)
    }

    /// CornerNet's focal loss round the held-out annotations (spec G.4).
    fn validate(&self, held_out: &Sampler) -> Result<f64, Error> {
        let _guard = tch::no_grad_guard();
        let count: usize = held_out.fields.iter().map(|field| field.places.len()).sum();
        let mut numbers = vec![0.0; held_out.length()];
        let mut sum = 0.0;
        for number in 0..count {
            held_out.fill(number as u64, 1, &mut numbers);
            let [samples, target] = tensors(held_out, &numbers, self.model.device())?;
            let outputs = self
                .model
                .forward(&samples.f_select(1, 0)?, false, self.kind);
            let loss = positive_negative_focal(&outputs.logits, &target)?;
            sum += loss.f_double_value(&[])?;
        }
        Ok(sum / count.max(1) as f64)
    }
}

/// Name of the loss of the held-out annotations in a report.
const HELD_OUT: &str = "held_out";

/// Samples `[n, views, z, y, x]` and targets `[n, classes, z, y, x]` on the device.
fn tensors(sampler: &Sampler, numbers: &[f32], device: tch::Device) -> Result<[Tensor; 2], Error> {
    let [planes, height, width] = sampler.shape.map(|extent| extent as i64);
    let [_, rows, columns] = sampler.target_shape().map(|extent| extent as i64);
    let (views, classes) = (sampler.views as i64, sampler.classes as i64);
    let all = Tensor::f_from_slice(numbers)?
        .f_to(device)?
        .f_view([-1, sampler.length() as i64])?;
    let cut = views * planes * height * width;
    let samples = all.f_narrow(1, 0, cut)?;
    let targets = all.f_narrow(1, cut, classes * planes * rows * columns)?;
    Ok([
        samples.f_reshape([-1, views, planes, height, width])?,
        targets.f_reshape([-1, classes, planes, rows, columns])?,
    ])
}

fn sampler(fields: Vec<Field>, model: &Model, params: &FitParams) -> Sampler {
    let config = model.config();
    let classes = config.network.classes;
    Sampler {
        fields,
        shape: params.sample,
        stride: config.network.stride(),
        classes,
        sigma: (0..classes)
            .map(|class| config.diameter_vox(class) * params.splat.sigma_per_diameter)
            .collect(),
        splat: params.splat.clone(),
        augment: params.augment.clone(),
        near: params.near,
        views: params.views(),
        seed: params.seed,
    }
}

fn warnings(
    fields: &[Field],
    tomograms: &[AnnotatedTomogram<'_>],
    model: &Model,
) -> Result<Vec<String>, Error> {
    let config = model.config();
    if config.tubular {
        // The middle of a tube is hollow.
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for (field, tomogram) in fields.iter().zip(tomograms) {
        for (number, class) in config.classes.iter().enumerate() {
            let own = field
                .places
                .iter()
                .filter(|(_, other)| *other == Some(number));
            let places: Vec<[f64; 3]> = own.map(|(place, _)| *place).collect();
            let across = config.diameter_vox(number);
            found.extend(density_warning(
                &tomogram.name,
                &class.name,
                &field.prepared,
                &places,
                across,
            )?);
        }
    }
    Ok(found)
}

/// Prepared tomograms and the spectrum between theirs, which all of them have then; `None` where it is not wanted.
fn matched(
    tomograms: &[AnnotatedTomogram<'_>],
    model: &Model,
    params: &FitParams,
) -> Result<(Vec<Prepared>, Option<Spectrum>), Error> {
    let config = model.config();
    let ready = |tomogram: &AnnotatedTomogram<'_>| {
        tomogram.check(config.network.classes)?;
        let (volume, mask) = (&tomogram.volume, tomogram.mask);
        prepare(&tomogram.name, volume, mask, config.voxel_angstrom)
    };
    let mut prepared: Vec<Prepared> = tomograms.iter().map(ready).collect::<Result<_, _>>()?;
    if !params.matching || config.tubular {
        return Ok((prepared, None));
    }
    let of = |prepared| Spectrum::of(prepared, model.device());
    let all: Vec<Spectrum> = prepared.iter().map(of).collect::<Result<_, _>>()?;
    let between = Spectrum::between(&all);
    // One is its own.
    if let (Some(between), 2..) = (&between, prepared.len()) {
        for (prepared, tomogram) in prepared.iter_mut().zip(tomograms) {
            between.impose(&tomogram.name, prepared, model.device())?;
        }
    }
    Ok((prepared, between))
}

/// Prepared tomograms with their annotations and noise.
fn fields(
    tomograms: &[AnnotatedTomogram<'_>],
    prepared: Vec<Prepared>,
    model: &Model,
    params: &FitParams,
) -> Result<Vec<Field>, Error> {
    let config = model.config();
    let mut fields = Vec::with_capacity(tomograms.len());
    for (number, (tomogram, prepared)) in tomograms.iter().zip(prepared).enumerate() {
        let shape: [usize; 3] = std::array::from_fn(|axis| prepared.values.shape()[axis]);
        if (0..3).any(|axis| shape[axis] < params.sample[axis]) {
            return Err(Error::Small {
                tomogram: tomogram.name.clone(),
                voxel_angstrom: config.voxel_angstrom,
                expected: params.sample,
                got: shape,
            });
        }
        let noise = |prepared: &Prepared| -> Result<_, Error> {
            // The same for both, so that a part of either has the whole's strength.
            let mut rng = stream_rng(params.seed, "noise", number as u64);
            let white = || StandardNormal.sample(&mut rng);
            let wanted = params.augment.noise > 0.0;
            wanted.then(|| surrogate_noise(prepared, white)).transpose()
        };
        let coarser = if params.augment.coarser > 0.0 {
            let coarser = prepared.as_if_coarser(&tomogram.name, AugmentParams::COARSEST)?;
            Some(Coarser {
                noise: noise(&coarser)?,
                values: coarser.values,
            })
        } else {
            None
        };
        let place = |annotation: &crate::Annotation| {
            (prepared.place(annotation.position), annotation.class)
        };
        fields.push(Field {
            places: tomogram.annotations.iter().map(place).collect(),
            noise: noise(&prepared)?,
            coarser,
            prepared,
        });
    }
    Ok(fields)
}
