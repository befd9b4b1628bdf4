use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

use super::Init;
use crate::stream_rng;

/// Every tensor of a network under PyTorch's name.
pub struct Store {
    seed: u64,
    device: Device,
    tensors: Vec<(String, Tensor)>,
}

impl Store {
    /// An empty one; random numbers are those of `seed`, the same on every device.
    #[must_use]
    pub fn new(seed: u64, device: Device) -> Self {
        Self {
            seed,
            device,
            tensors: Vec::new(),
        }
    }

    /// All tensors, in the order in which they were made.
    pub fn tensors(&self) -> &[(String, Tensor)] {
        &self.tensors
    }

    /// Every tensor has random numbers of its own, so that adding a layer does not change the others.
    fn rng(&self) -> ChaCha8Rng {
        stream_rng(self.seed, "weights", self.tensors.len() as u64)
    }

    fn add(&mut self, name: String, tensor: &Tensor, trained: bool) -> Tensor {
        let tensor = tensor.to_device(self.device).set_requires_grad(trained);
        self.tensors.push((name, tensor.shallow_clone()));
        tensor
    }
}

/// A place in the tree of names.
pub struct Scope<'a> {
    store: &'a mut Store,
    prefix: String,
}

impl<'a> Scope<'a> {
    /// The root of the tree.
    pub fn root(store: &'a mut Store) -> Self {
        Self {
            store,
            prefix: String::new(),
        }
    }

    /// The place `name` below this one.
    pub fn sub(&mut self, name: &str) -> Scope<'_> {
        Scope {
            prefix: format!("{}{name}.", self.prefix),
            store: self.store,
        }
    }

    /// A tensor that is learned.
    pub fn weight(&mut self, name: &str, size: &[i64], init: Init) -> Tensor {
        let values = init.values(size, &mut self.store.rng());
        let tensor = Tensor::from_slice(&values).view(size);
        self.store
            .add(format!("{}{name}", self.prefix), &tensor, true)
    }

    /// A tensor that is only kept.
    pub fn buffer(&mut self, name: &str, size: i64, value: f64) -> Tensor {
        let tensor = Tensor::full([size], value, (Kind::Float, Device::Cpu));
        self.store
            .add(format!("{}{name}", self.prefix), &tensor, false)
    }
}
