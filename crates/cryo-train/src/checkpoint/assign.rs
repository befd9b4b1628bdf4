use std::fmt;

use tch::Tensor;

use super::NamedTensors;

/// How names of saved tensors are compared with those of a network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum LoadMode {
    /// The same names, all of them, in the same shapes.
    #[default]
    Strict,
    /// Saved names that begin with `from` are taken, with `to` instead; all that begin with `to` in the
    /// network must be there.
    Prefix {
        /// Of the saved names.
        from: String,
        /// Of the network's.
        to: String,
    },
}

/// Everything in which saved tensors differ from a network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Differences {
    /// In the network, but not saved.
    pub missing: Vec<String>,
    /// Saved, but not in the network.
    pub unexpected: Vec<String>,
    /// In both, in different shapes: name, expected, got.
    pub shapes: Vec<(String, Vec<i64>, Vec<i64>)>,
}

impl Differences {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.shapes.is_empty()
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        for (name, expected, got) in &self.shapes {
            parts.push(format!("{name}: expected {expected:?}, got {got:?}"));
        }
        if !self.missing.is_empty() {
            parts.push(format!("missing {}", self.missing.join(", ")));
        }
        if !self.unexpected.is_empty() {
            parts.push(format!("unexpected {}", self.unexpected.join(", ")));
        }
        f.write_str(&parts.join("; "))
    }
}

/// What was taken over, and what was left as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Assigned {
    /// Names in the network that got saved values.
    pub taken: Vec<String>,
    /// Saved names that were not asked for.
    pub left: Vec<String>,
}

/// Copies saved tensors into those of a network.
///
/// # Errors
/// Every difference; nothing is changed then.
///
/// # Examples
/// ```
/// use cryo_train::{LoadMode, NamedTensors, assign};
/// use tch::{Kind, Device, Tensor};
///
/// let weight = Tensor::zeros([2], (Kind::Float, Device::Cpu));
/// let network = [("weight".to_owned(), weight.shallow_clone())];
/// let saved: NamedTensors = [("weight", Tensor::from_slice(&[1.0_f32, 2.0]))].into_iter().collect();
/// assign(&network, &saved, &LoadMode::Strict).unwrap();
/// assert_eq!(weight.double_value(&[1]), 2.0);
///
/// let other: NamedTensors = [("bias", Tensor::from_slice(&[1.0_f32]))].into_iter().collect();
/// let differences = assign(&network, &other, &LoadMode::Strict).unwrap_err();
/// assert_eq!(differences.to_string(), "missing weight; unexpected bias");
/// ```
pub fn assign(
    network: &[(String, Tensor)],
    saved: &NamedTensors,
    mode: &LoadMode,
) -> Result<Assigned, Box<Differences>> {
    let (from, to) = match mode {
        LoadMode::Strict => ("", ""),
        LoadMode::Prefix { from, to } => (from.as_str(), to.as_str()),
    };
    let mut differences = Differences::default();
    let mut assigned = Assigned::default();
    let mut copies = Vec::new();
    for (name, target) in network {
        let Some(rest) = name.strip_prefix(to) else {
            continue;
        };
        match saved.get(&format!("{from}{rest}")) {
            None => differences.missing.push(name.clone()),
            Some(tensor) if tensor.size() == target.size() => copies.push((name, target, tensor)),
            Some(tensor) => {
                let shapes = (name.clone(), target.size(), tensor.size());
                differences.shapes.push(shapes);
            }
        }
    }
    for name in saved.names() {
        let wanted = name.strip_prefix(from).map(|rest| format!("{to}{rest}"));
        match wanted {
            None => assigned.left.push(name.to_owned()),
            Some(wanted) if network.iter().any(|(known, _)| *known == wanted) => {}
            Some(_) => differences.unexpected.push(name.to_owned()),
        }
    }
    if !differences.is_empty() {
        return Err(Box::new(differences));
    }
    let _guard = tch::no_grad_guard();
    for (name, target, tensor) in copies {
        target.shallow_clone().copy_(tensor);
        assigned.taken.push(name.clone());
    }
    Ok(assigned)
}
