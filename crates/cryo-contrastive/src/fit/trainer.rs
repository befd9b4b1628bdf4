use std::{ops::ControlFlow, path::Path, time::Instant};

use cryo_train::{
    Checkpoint, EpochReport, LossScaler, Optimizer, Pace, check_finite, epoch_batches,
    peak_memory_bytes, prefetch,
};
use tch::{Kind, Tensor};

use super::{Fit, FitParams};
use crate::{
    CollapseMonitor, Error, HeadsConfig, Model, Normalization, Objective, Outputs, ViewIndex,
    ViewSource, augment, objective::Loss, output_std,
};

/// Fewer items than that are no data set: batch statistics of them mean nothing.
const LEAST: usize = 8;

/// Training that can be watched, saved and resumed epoch by epoch.
///
/// ```
/// use cryo_contrastive::{FitParams, Model, ModelConfig, Trainer};
/// use ndarray::Array4;
/// let views = Array4::from_shape_fn((16, 2, 20, 20), |(n, c, y, x)| ((n * n + c + y * 3 + x) as f32).cos());
/// let (source, device) = (views.view(), tch::Device::Cpu);
/// let config = ModelConfig::recommended(2, 20, 8);
/// let mut trainer = Trainer::new(&source, Model::new(&config, 1, device)?, &FitParams::recommended(2))?;
/// trainer.epoch()?;
/// let folder = std::env::temp_dir().join(format!("trainer-{}", std::process::id()));
/// trainer.checkpoint()?.save(&folder)?;
/// let mut resumed = Trainer::resume(&source, &folder, device)?;
/// resumed.epoch()?;
/// assert!(resumed.is_done());
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Trainer<'a> {
    source: &'a dyn ViewSource,
    model: Model,
    params: FitParams,
    optimizer: Optimizer,
    scaler: Option<LossScaler>,
    kind: Kind,
    monitor: CollapseMonitor,
    epoch: u64,
    step: u64,
    history: Vec<EpochReport>,
    pace: Option<Pace>,
}

impl<'a> Trainer<'a> {
    /// Training from the beginning; the normalization of the views becomes part of the model.
    ///
    /// # Errors
    /// As [`fit`](crate::fit).
    pub fn new(
        source: &'a dyn ViewSource,
        mut model: Model,
        params: &FitParams,
    ) -> Result<Self, Error> {
        params.validate(model.config())?;
        Self::check(source, &model, params)?;
        model.set_normalization(Normalization::of(source)?);
        Self::with(source, model, params)
    }

    /// Training that goes on where the checkpoint folder `path` was written, as if it had never stopped.
    ///
    /// # Errors
    /// As [`Model::load`] and [`fit`](crate::fit); [`cryo_train::Error::Mismatch`] for the optimizer.
    pub fn resume(
        source: &'a dyn ViewSource,
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
        params.validate(model.config())?;
        Self::check(source, &model, &params)?;
        let mut trainer = Self::with(source, model, &params)?;
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

    fn check(source: &dyn ViewSource, model: &Model, params: &FitParams) -> Result<(), Error> {
        let shape = source.shape();
        model.check(shape)?;
        params.pairs.check(shape)?;
        if shape.items < LEAST {
            return Err(Error::TooFew {
                expected: LEAST,
                got: shape.items,
            });
        }
        Ok(())
    }

    fn with(source: &'a dyn ViewSource, model: Model, params: &FitParams) -> Result<Self, Error> {
        let shared = model
            .trained()
            .map(|(name, tensor)| (name.clone(), tensor.shallow_clone()));
        let kind = model.kind(params.precision)?;
        Ok(Self {
            source,
            optimizer: Optimizer::new(params.optimizer.clone(), shared)?,
            scaler: LossScaler::new(kind),
            kind,
            monitor: CollapseMonitor::new(
                model.config().projected(),
                params.objective.can_collapse(),
            ),
            model,
            params: params.clone(),
            epoch: 0,
            step: 0,
            history: Vec::new(),
            pace: None,
        })
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

    /// One report for each epoch so far.
    #[must_use]
    pub fn history(&self) -> &[EpochReport] {
        &self.history
    }

    /// Whether all epochs are done.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.epoch >= self.params.epochs
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

    pub(super) fn into_fit(mut self) -> Result<Fit, Error> {
        if !self.is_done() {
            self.model
                .measure_whitening(self.source, self.params.precision)?;
        }
        Ok(Fit {
            model: self.model,
            history: self.history,
        })
    }

    /// Trains for one epoch.
    ///
    /// # Errors
    /// [`Error::Source`], [`cryo_train::Error::NotFinite`], [`Error::Torch`].
    pub fn epoch(&mut self) -> Result<EpochReport, Error> {
        self.epoch_unless(&|| false)?.ok_or(Error::Cancelled)
    }

    /// The same, unless `stops` says so before a step. Then nothing comes back, and the epoch is half done: go on from
    /// the checkpoint before.
    ///
    /// # Errors
    /// As [`epoch`](Self::epoch).
    pub fn epoch_unless(&mut self, stops: &dyn Fn() -> bool) -> Result<Option<EpochReport>, Error> {
        let begun = Instant::now();
        let shape = self.source.shape();
        let (seed, pairs, source) = (self.params.seed, self.params.pairs, self.source);
        let batches: Vec<Vec<ViewIndex>> =
            epoch_batches(shape.items, self.params.batch_size, seed, self.epoch)
                .iter()
                .zip(self.step..)
                .map(|(items, step)| pairs.draw(items, shape.variants, seed, step))
                .collect();
        let steps = batches.len().max(1);
        let mut means = Means::default();
        let (mut items, mut stopped) = (0, false);
        let mut warnings = Vec::new();
        prefetch(
            &batches,
            |views| views.len() * shape.view_len(),
            |views, out| source.fill(views, out),
            |views, numbers| {
                stopped = stops();
                if stopped {
                    return Ok(ControlFlow::Break(()));
                }
                let within = (means.count as f64) / steps as f64;
                let rate = self.params.schedule.at(self.epoch as f64 + within);
                let began = Instant::now();
                let terms = self.train(numbers, rate)?;
                let pace = self.pace.as_mut();
                let took = began.elapsed().as_secs_f64();
                warnings.extend(pace.and_then(|pace| pace.step(self.step, took)));
                means.add(&terms, rate);
                items += views.len() / 2;
                Ok::<_, Error>(ControlFlow::Continue(()))
            },
        )?;
        if stopped {
            return Ok(None);
        }
        self.epoch += 1;
        if self.is_done() {
            self.model
                .measure_whitening(self.source, self.params.precision)?;
        }
        let seconds = begun.elapsed().as_secs_f64();
        let losses = means.finish();
        let spread = losses.iter().find(|(name, _)| name == SPREAD);
        warnings.extend(spread.and_then(|(_, value)| self.monitor.warning(*value)));
        let report = EpochReport {
            epoch: self.epoch,
            step: self.step,
            rate: means.rate,
            losses,
            warnings,
            seconds,
            items_per_second: items as f64 / seconds.max(1e-9),
            peak_memory_bytes: peak_memory_bytes(),
        };
        self.history.push(report.clone());
        Ok(Some(report))
    }

    /// One step; returns the loss, its terms and the spread of the outputs.
    fn train(&mut self, numbers: &[f32], rate: f64) -> Result<Vec<(&'static str, f64)>, Error> {
        let [first, second] = self.both(numbers)?;
        let loss = self.params.objective.loss_with_terms(&first, &second)?;
        let step = self.step;
        let terms = || {
            let terms = read(&loss, &first)?;
            check_finite(step, rate, &terms)?;
            Ok(terms)
        };
        let (scaler, clip) = (self.scaler.as_mut(), self.params.clip);
        let terms = (self.optimizer).descend(&loss.total, rate, scaler, clip, terms);
        self.step += 1;
        terms
    }

    fn both(&self, numbers: &[f32]) -> Result<[Outputs; 2], Error> {
        let FitParams {
            seed,
            augment: [one, two],
            ..
        } = &self.params;
        let images = self.model.prepare(numbers)?;
        let (pairs, crop) = (images.size()[0] / 2, self.model.config().input.crop);
        let half = |start: i64, params, index: u64| {
            augment(
                &images.f_narrow(0, start, pairs)?,
                crop,
                params,
                *seed,
                index,
            )
        };
        let first = half(0, one, 2 * self.step)?;
        let second = half(pairs, two, 2 * self.step + 1)?;
        if matches!(self.model.config().heads, HeadsConfig::SimSiam { .. }) {
            // Batch statistics of each view of its own, as in the reference.
            return Ok([
                self.model.forward(&first, true, self.kind),
                self.model.forward(&second, true, self.kind),
            ]);
        }
        let both = Tensor::f_cat(&[first, second], 0)?;
        self.model.forward(&both, true, self.kind).halves()
    }

    /// The objective.
    #[must_use]
    pub fn objective(&self) -> &Objective {
        &self.params.objective
    }
}

/// Name of [`output_std`] among the losses of a report.
const SPREAD: &str = "output_std";

/// All terms in one transfer from the device.
fn read(loss: &Loss, outputs: &Outputs) -> Result<Vec<(&'static str, f64)>, Error> {
    let tensors: Vec<Tensor> = (loss.terms.iter())
        .map(|(_, tensor)| tensor.f_to_kind(Kind::Double))
        .collect::<Result<_, _>>()?;
    let values = Vec::<f64>::try_from(&Tensor::f_stack(&tensors, 0)?)?;
    let mut terms: Vec<_> = (loss.terms.iter().map(|(name, _)| *name))
        .zip(values)
        .collect();
    let watched = outputs.prediction.as_ref().unwrap_or(&outputs.projection);
    terms.push((SPREAD, output_std(watched)?));
    Ok(terms)
}

#[derive(Default)]
struct Means {
    sums: Vec<(&'static str, f64)>,
    count: u64,
    rate: f64,
}

impl Means {
    fn add(&mut self, terms: &[(&'static str, f64)], rate: f64) {
        if self.sums.is_empty() {
            self.sums = terms.iter().map(|(name, _)| (*name, 0.0)).collect();
        }
        for (sum, (_, value)) in self.sums.iter_mut().zip(terms) {
            sum.1 += value;
        }
        self.count += 1;
        self.rate = rate;
    }

    fn finish(&self) -> Vec<(String, f64)> {
        let mean = |(name, sum): &(&str, f64)| ((*name).to_owned(), sum / self.count.max(1) as f64);
        self.sums.iter().map(mean).collect()
    }
}
