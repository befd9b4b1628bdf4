mod adam;
mod flat;
mod params;
mod sgd;

use tch::{Kind, Tensor};

use crate::{Differences, Error, LossScaler, NamedTensors};
use flat::Flat;

pub use params::{AdamParams, LarsParams, OptimizerParams, SgdParams};

/// One parameter of the network and what the optimizer remembers of it.
struct Entry {
    name: String,
    tensor: Tensor,
    /// In the order of [`OptimizerParams::slots`]; empty before the first gradient.
    slots: Vec<Tensor>,
}

/// Stochastic gradient descent or Adam, with state that can be saved.
///
/// libtorch's own optimizers keep their state where it cannot be reached from Rust.
/// Values are PyTorch's to rounding, which golden data checks.
///
/// Parameters, gradients and what is remembered lie in one row of memory each, so a step is a dozen operations
/// whatever the number of tensors: a GPU is not kept waiting for hundreds of small ones.
pub struct Optimizer {
    params: OptimizerParams,
    entries: Vec<Entry>,
    flat: Option<Flat>,
    steps: i64,
}

impl Optimizer {
    /// An optimizer of the named tensors, which need gradients and are of one kind on one device. Shares the tensors, and
    /// keeps their order.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    ///
    /// # Examples
    /// ```
    /// use cryo_train::{Optimizer, OptimizerParams, SgdParams};
    /// use tch::{Kind, Tensor};
    ///
    /// let weight = Tensor::from_slice(&[3.0_f32]).set_requires_grad(true);
    /// let params = OptimizerParams::Sgd(SgdParams::default());
    /// let mut optimizer = Optimizer::new(params, [("weight".to_owned(), weight.shallow_clone())])?;
    /// optimizer.backward(&weight.square().sum(Kind::Float))?;
    /// optimizer.step(0.25)?; // 3 − 0.25 · 2 · 3
    /// assert_eq!(weight.double_value(&[0]), 1.5);
    /// # Ok::<(), cryo_train::Error>(())
    /// ```
    pub fn new(
        params: OptimizerParams,
        tensors: impl IntoIterator<Item = (String, Tensor)>,
    ) -> Result<Self, Error> {
        params.validate()?;
        let entry = |(name, tensor)| Entry {
            name,
            tensor,
            slots: Vec::new(),
        };
        Ok(Self {
            params,
            entries: tensors.into_iter().map(entry).collect(),
            flat: None,
            steps: 0,
        })
    }

    /// Takes the gradient of `loss`, a scalar, instead of the one before. The tensors' own `grad` stays as it is.
    ///
    /// # Errors
    /// [`Error::Torch`], for example where the loss depends on none of the tensors.
    pub fn backward(&mut self, loss: &Tensor) -> Result<(), Error> {
        let tensors: Vec<&Tensor> = self.entries.iter().map(|entry| &entry.tensor).collect();
        let gradients = Tensor::f_run_backward(&[loss], &tensors, false, false)?;
        let _guard = tch::no_grad_guard();
        let reached: Vec<bool> = gradients.iter().map(Tensor::defined).collect();
        let mut flat = match self.flat.take() {
            Some(flat) if flat.is_of(&reached) => flat,
            _ => Flat::new(&self.params, &mut self.entries, &reached)?,
        };
        flat.take(&gradients)?;
        self.flat = Some(flat);
        Ok(())
    }

    /// One step down the gradient of `loss`, a scalar: scaled where there is a `scaler`, which has bad steps left out, and
    /// with gradients of at most the length `clip`. What `read` makes of the loss comes back; it is called once the work is
    /// under way, since to read values waits for the device, and where it fails no tensor changes.
    ///
    /// # Errors
    /// [`Error::Torch`], and those of `read`.
    pub fn descend<T, E: From<Error>>(
        &mut self,
        loss: &Tensor,
        rate: f64,
        mut scaler: Option<&mut LossScaler>,
        clip: Option<f64>,
        read: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        match &scaler {
            Some(scaler) => self.backward(&scaler.scaled(loss)?)?,
            None => self.backward(loss)?,
        }
        let read = read()?;
        let usable = match &mut scaler {
            Some(scaler) => scaler.unscale(self)?,
            None => true,
        };
        if let Some(limit) = clip {
            self.clip_gradients(limit)?;
        }
        if usable {
            self.step(rate)?;
        }
        Ok(read)
    }

    /// Changes every tensor that the last loss depended on, at that learning rate.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn step(&mut self, rate: f64) -> Result<(), Error> {
        let _guard = tch::no_grad_guard();
        self.steps += 1;
        let Some(flat) = &mut self.flat else {
            return Ok(());
        };
        for part in flat.parts() {
            match &self.params {
                OptimizerParams::Sgd(params) => sgd::update(params, part, rate)?,
                OptimizerParams::Adam(params) => adam::update(params, part, rate, self.steps)?,
            }
        }
        Ok(())
    }

    /// The gradients that the last [`backward`](Self::backward) took, by the tensors' names.
    pub fn gradients(&self) -> impl Iterator<Item = (&str, Tensor)> {
        let flat = self.flat.iter();
        flat.flat_map(Flat::gradients)
            .map(|(entry, gradient)| (self.entries[entry].name.as_str(), gradient))
    }

    /// The length of all gradients taken as one vector.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn gradient_norm(&self) -> Result<f64, Error> {
        let _guard = tch::no_grad_guard();
        Ok(match &self.flat {
            Some(flat) => flat.gradient().f_norm()?.f_double_value(&[])?,
            None => 0.0,
        })
    }

    /// Shortens the gradients so that, taken as one vector, they are at most `limit` long; returns their
    /// length before (Pascanu et al. 2013, arXiv 1211.5063; values as PyTorch's `clip_grad_norm_`).
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn clip_gradients(&mut self, limit: f64) -> Result<f64, Error> {
        let norm = self.gradient_norm()?;
        let factor = limit / (norm + 1e-6);
        if factor < 1.0 {
            self.scale_gradients(factor)?;
        }
        Ok(norm)
    }

    /// Multiplies every gradient.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn scale_gradients(&mut self, factor: f64) -> Result<(), Error> {
        let _guard = tch::no_grad_guard();
        if let Some(flat) = &self.flat {
            let _ = flat.gradient().f_mul_scalar_(factor)?;
        }
        Ok(())
    }

    /// What must be saved to go on as if nothing had happened: `NAME.SLOT` for every parameter, with
    /// PyTorch's names of the slots, and `step`.
    #[must_use]
    pub fn state(&self) -> NamedTensors {
        let mut state = NamedTensors::default();
        state.insert("step", Tensor::from_slice(&[self.steps]));
        for entry in &self.entries {
            for (slot, tensor) in self.params.slots().iter().zip(&entry.slots) {
                state.insert(
                    format!("{}.{slot}", entry.name),
                    tensor.detach().to_device(tch::Device::Cpu),
                );
            }
        }
        state
    }

    /// Takes over a saved state.
    ///
    /// A parameter without state has never had a gradient, which is no difference.
    ///
    /// # Errors
    /// The differences in names and shapes; nothing is changed then.
    pub fn load_state(&mut self, state: &NamedTensors) -> Result<(), Box<Differences>> {
        let mut differences = Differences::default();
        let mut known = vec!["step".to_owned()];
        let mut loaded = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let mut slots = Vec::new();
            for slot in self.params.slots() {
                let name = format!("{}.{slot}", entry.name);
                if let Some(tensor) = state.get(&name) {
                    if tensor.size() == entry.tensor.size() {
                        slots.push(tensor.to_device(entry.tensor.device()).to_kind(Kind::Float));
                    } else {
                        let (expected, got) = (entry.tensor.size(), tensor.size());
                        differences.shapes.push((name.clone(), expected, got));
                    }
                }
                known.push(name);
            }
            if !slots.is_empty() && slots.len() < self.params.slots().len() {
                differences.missing.push(entry.name.clone());
            }
            loaded.push(slots);
        }
        let unknown = state
            .names()
            .filter(|name| !known.iter().any(|k| k == name));
        differences.unexpected = unknown.map(str::to_owned).collect();
        match state.get("step") {
            Some(step) if differences.is_empty() => {
                self.steps = step.int64_value(&[0]);
                for (entry, slots) in self.entries.iter_mut().zip(loaded) {
                    entry.slots = slots.iter().map(Tensor::copy).collect();
                }
                self.flat = None;
                return Ok(());
            }
            Some(_) => {}
            None => differences.missing.push("step".to_owned()),
        }
        Err(Box::new(differences))
    }
}
