use std::{borrow::Cow, collections::BTreeMap, path::Path};

use safetensors::{Dtype, SafeTensors, View};
use tch::{Device, Kind, Tensor};

use crate::Error;

/// Tensors by name, in the order of names.
#[derive(Debug, Default)]
pub struct NamedTensors(BTreeMap<String, Tensor>);

impl NamedTensors {
    /// Adds or replaces a tensor.
    pub fn insert(&mut self, name: impl Into<String>, tensor: Tensor) {
        self.0.insert(name.into(), tensor);
    }

    /// The tensor of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.0.get(name)
    }

    /// Takes the tensor of that name out.
    pub fn remove(&mut self, name: &str) -> Option<Tensor> {
        self.0.remove(name)
    }

    /// The names, ascending.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Names and tensors, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.0.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes of a safetensors file: f32 and i64 tensors as they are, other floats as f32.
    ///
    /// # Errors
    /// [`Error::Damaged`] with `path` where the format cannot hold a tensor.
    pub fn to_bytes(&self, path: &Path) -> Result<Vec<u8>, Error> {
        let saved = self
            .0
            .iter()
            .map(|(name, tensor)| (name, Saved::of(tensor)));
        safetensors::serialize(saved, None).map_err(|error| damaged(path, &error))
    }

    /// The tensors of the bytes of a safetensors file, on the CPU: floats as f32, integers as i64.
    ///
    /// # Errors
    /// [`Error::Damaged`] with `path` where the bytes are cut off or are no such file.
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self, Error> {
        let file = SafeTensors::deserialize(bytes).map_err(|error| damaged(path, &error))?;
        let mut tensors = Self::default();
        for (name, view) in file.iter() {
            let size: Vec<i64> = view.shape().iter().map(|&extent| extent as i64).collect();
            let (kind, wanted) = match view.dtype() {
                Dtype::F32 => (Kind::Float, Kind::Float),
                Dtype::F64 => (Kind::Double, Kind::Double),
                Dtype::F16 => (Kind::Half, Kind::Float),
                Dtype::BF16 => (Kind::BFloat16, Kind::Float),
                Dtype::I64 => (Kind::Int64, Kind::Int64),
                other => {
                    let reason = format!("tensor {name}: expected floats or i64, got {other:?}");
                    return Err(Error::Damaged {
                        path: path.to_owned(),
                        reason,
                    });
                }
            };
            let tensor = Tensor::f_from_data_size(view.data(), &size, kind)?;
            tensors.insert(name, tensor.f_to_kind(wanted)?);
        }
        Ok(tensors)
    }
}

impl<N: Into<String>> FromIterator<(N, Tensor)> for NamedTensors {
    fn from_iter<I: IntoIterator<Item = (N, Tensor)>>(iter: I) -> Self {
        Self(iter.into_iter().map(|(name, t)| (name.into(), t)).collect())
    }
}

fn damaged(path: &Path, error: &safetensors::SafeTensorError) -> Error {
    Error::Damaged {
        path: path.to_owned(),
        reason: format!(
            "expected a whole safetensors file, got one that is cut off or damaged ({error}); take an earlier \
             checkpoint"
        ),
    }
}

/// A tensor as bytes on the CPU.
struct Saved {
    shape: Vec<usize>,
    dtype: Dtype,
    bytes: Vec<u8>,
}

impl Saved {
    fn of(tensor: &Tensor) -> Self {
        let (dtype, kind) = match tensor.kind() {
            Kind::Int64 => (Dtype::I64, Kind::Int64),
            Kind::Double => (Dtype::F64, Kind::Double),
            _ => (Dtype::F32, Kind::Float),
        };
        let tensor = tensor
            .detach()
            .to_device(Device::Cpu)
            .to_kind(kind)
            .contiguous();
        let mut bytes = vec![0; tensor.numel() * kind.elt_size_in_bytes()];
        tensor.copy_data_u8(&mut bytes, tensor.numel());
        Self {
            shape: tensor
                .size()
                .iter()
                .map(|&extent| extent as usize)
                .collect(),
            dtype,
            bytes,
        }
    }
}

impl View for Saved {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}
