mod adam;
mod params;
mod sgd;

use tch::{Kind, Tensor};

use crate::{Differences, Error, NamedTensors};

pub use params::{AdamParams, LarsParams, OptimizerParams, SgdParams};

/// One parameter of the network and what the optimizer remembers of it.
struct Entry {
    name: String,
    tensor: Tensor,
    /// In the order of [`OptimizerParams::slots`]; empty before the first step.
    slots: Vec<Tensor>,
}

impl Entry {
    /// No weight decay and no layer-wise rate where vectors are exempt.
    fn is_exempt(&self, exempt_vectors: bool) -> bool {
        exempt_vectors && self.tensor.dim() <= 1
    }
}

/// Stochastic gradient descent or Adam, with state that can be saved.
///
/// libtorch's own optimizers keep their state where it cannot be reached from Rust.
/// Values are PyTorch's to rounding, which golden data checks.
pub struct Optimizer {
    params: OptimizerParams,
    entries: Vec<Entry>,
    steps: i64,
}

impl Optimizer {
    /// An optimizer of the named tensors, which need gradients. Shares the tensors, and keeps their order.
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
    /// weight.square().sum(Kind::Float).backward();
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
            steps: 0,
        })
    }

    /// Changes every tensor that has a gradient, at that learning rate.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn step(&mut self, rate: f64) -> Result<(), Error> {
        let _guard = tch::no_grad_guard();
        self.steps += 1;
        for entry in &mut self.entries {
            let gradient = entry.tensor.f_grad()?;
            if !gradient.defined() {
                continue;
            }
            match &self.params {
                OptimizerParams::Sgd(params) => sgd::update(params, entry, gradient, rate)?,
                OptimizerParams::Adam(params) => {
                    adam::update(params, entry, &gradient, rate, self.steps)?;
                }
            }
        }
        Ok(())
    }

    /// Sets every gradient to 0.
    pub fn zero_gradients(&mut self) {
        for entry in &mut self.entries {
            entry.tensor.zero_grad();
        }
    }

    /// The length of all gradients taken as one vector.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn gradient_norm(&self) -> Result<f64, Error> {
        let _guard = tch::no_grad_guard();
        let norms = self
            .gradients()?
            .iter()
            .map(Tensor::f_norm)
            .collect::<Result<Vec<_>, _>>()?;
        if norms.is_empty() {
            return Ok(0.0);
        }
        Ok(Tensor::f_stack(&norms, 0)?.f_norm()?.f_double_value(&[])?)
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
        for mut gradient in self.gradients()? {
            let _ = gradient.f_mul_scalar_(factor)?;
        }
        Ok(())
    }

    fn gradients(&self) -> Result<Vec<Tensor>, Error> {
        let mut gradients = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let gradient = entry.tensor.f_grad()?;
            if gradient.defined() {
                gradients.push(gradient);
            }
        }
        Ok(gradients)
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
                return Ok(());
            }
            Some(_) => {}
            None => differences.missing.push("step".to_owned()),
        }
        Err(Box::new(differences))
    }
}
