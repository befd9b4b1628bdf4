use serde::{Deserialize, Serialize};

use crate::{Error, ViewIndex, ViewSource};

/// Mean and standard deviation of each channel over the data set that a model learned from.
///
/// They are part of the model, so that the embedding of a particle does not depend on the list that it
/// comes in. (The reference computes them anew for every list, spec K.1.9.)
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Normalization {
    /// One a channel.
    pub mean: Vec<f32>,
    /// One a channel, above 0.
    pub std: Vec<f32>,
}

/// Views looked at, spread evenly over the set.
const SAMPLE: usize = 20_000;
/// Views read at a time; sums are taken in this order.
const BLOCK: usize = 256;

impl Normalization {
    /// Leaves values as they are.
    #[must_use]
    pub fn identity(channels: usize) -> Self {
        Self {
            mean: vec![0.0; channels],
            std: vec![1.0; channels],
        }
    }

    /// That of variant 0 of at most 20,000 items, spread evenly.
    ///
    /// A channel that is constant is only shifted.
    ///
    /// # Errors
    /// [`Error::Constant`] if every channel is, [`Error::NonFinite`], [`Error::Source`].
    pub fn of(source: &dyn ViewSource) -> Result<Self, Error> {
        let shape = source.shape();
        let [channels, height, width] = shape.view;
        let step = shape.items.div_ceil(SAMPLE).max(1);
        let items: Vec<usize> = (0..shape.items).step_by(step).collect();
        let mut sums = vec![[0.0_f64; 2]; channels];
        let mut shift: Option<Vec<f64>> = None;
        let mut buffer = Vec::new();
        for block in items.chunks(BLOCK) {
            let views: Vec<_> = block
                .iter()
                .map(|&item| ViewIndex { item, variant: 0 })
                .collect();
            buffer.resize(views.len() * shape.view_len(), 0.0);
            source.fill(&views, &mut buffer)?;
            if let Some(at) = buffer.iter().position(|value| !value.is_finite()) {
                let view = block[at / shape.view_len()];
                let value = buffer[at];
                return Err(Error::NonFinite { view, value });
            }
            // Sums of differences from the first values, or a large offset would swallow the deviations.
            let shift = shift.get_or_insert_with(|| {
                (0..channels)
                    .map(|c| f64::from(buffer[c * height * width]))
                    .collect()
            });
            for (index, values) in buffer.chunks_exact(height * width).enumerate() {
                let channel = index % channels;
                for &value in values {
                    let value = f64::from(value) - shift[channel];
                    sums[channel][0] += value;
                    sums[channel][1] += value * value;
                }
            }
        }
        let count = (items.len() * height * width) as f64;
        let shift = shift.unwrap_or_default();
        let mut result = Self::identity(channels);
        let mut varies = false;
        for (channel, ([sum, squares], shift)) in sums.into_iter().zip(shift).enumerate() {
            let mean = sum / count;
            let variance = (squares - sum * mean) / (count - 1.0).max(1.0);
            result.mean[channel] = (mean + shift) as f32;
            let std = variance.max(0.0).sqrt();
            if std > 1e-7 * (mean + shift).abs() && std > f64::from(f32::MIN_POSITIVE) {
                result.std[channel] = std as f32;
                varies = true;
            }
        }
        if varies {
            Ok(result)
        } else {
            Err(Error::Constant { views: items.len() })
        }
    }
}
