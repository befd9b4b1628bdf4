use cryo_train::Precision;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::{neighbourhood_agreement, pca};
use crate::{
    AugmentParams, Error, Model, ViewIndex, ViewSource, augment,
    embed::{Looks, rows},
    error::require,
};

/// How the yardstick is taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct YardstickParams {
    /// Items looked at, spread evenly; all of them where there are fewer.
    pub sample: usize,
    /// Neighbours that are compared.
    pub neighbours: usize,
    /// Components of the principal component analysis.
    pub components: usize,
    /// As of the embedding: 1, 4 or 8.
    pub orientations: usize,
    /// Seed of the changes between the two looks.
    pub seed: u64,
    /// In which numbers convolutions are computed.
    pub precision: Precision,
}

impl Default for YardstickParams {
    fn default() -> Self {
        Self {
            sample: 2000,
            neighbours: 10,
            components: 50,
            orientations: 1,
            seed: 42,
            precision: Precision::Auto,
        }
    }
}

/// Whether an item keeps its neighbours when it is seen once more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Yardstick {
    /// Items that were looked at twice.
    pub items: usize,
    /// [`neighbourhood_agreement`] of the network's embeddings of the two looks.
    pub learned: f64,
    /// The same of the principal components of the same crops, without any learning.
    pub pca: f64,
    /// What unrelated embeddings have.
    pub chance: f64,
}

impl Yardstick {
    /// Whether learning gained anything.
    #[must_use]
    pub fn gained(&self) -> bool {
        self.learned > self.pca
    }
}

/// Compares the network with a principal component analysis of the raw crops, without labels.
///
/// Every item is looked at twice: changed at random by `changes` (those of training, as a rule), the second
/// time as variant 1 where the source has one. What both looks have in common is the item; noise, turn
/// and shift differ. High agreement is necessary for a good embedding, not sufficient: a network that
/// tells apart only sizes agrees with itself, too.
///
/// # Errors
/// [`Error::Shape`], [`Error::TooFew`] unless there are more items than neighbours, [`Error::Source`].
pub fn yardstick(
    model: &Model,
    source: &dyn ViewSource,
    changes: &AugmentParams,
    params: &YardstickParams,
) -> Result<Yardstick, Error> {
    let shape = source.shape();
    model.check(shape)?;
    changes.validate()?;
    require(params.sample > 1, "sample", "at least 2", params.sample)?;
    let step = shape.items.div_ceil(params.sample).max(1);
    let items: Vec<usize> = (0..shape.items).step_by(step).collect();
    if items.len() <= params.neighbours {
        let expected = params.neighbours + 1;
        let got = items.len();
        return Err(Error::TooFew { expected, got });
    }
    let looks = [0, 1].map(|which| look(model, source, changes, params, &items, which));
    let [first, second] = looks;
    let ((first, raw_first), (second, raw_second)) = (first?, second?);
    let raw = ndarray::concatenate![ndarray::Axis(0), raw_first, raw_second];
    let scores = pca(raw.view(), params.components)?;
    let (pca_first, pca_second) = scores.view().split_at(ndarray::Axis(0), items.len());
    let k = params.neighbours;
    Ok(Yardstick {
        items: items.len(),
        learned: neighbourhood_agreement(first.view(), second.view(), k)?,
        pca: neighbourhood_agreement(pca_first, pca_second, k)?,
        chance: k as f64 / (items.len() - 1) as f64,
    })
}

const BATCH: usize = 256;

/// Embedding and flattened crop of every item, changed at random.
fn look(
    model: &Model,
    source: &dyn ViewSource,
    changes: &AugmentParams,
    params: &YardstickParams,
    items: &[usize],
    which: usize,
) -> Result<(Array2<f32>, Array2<f32>), Error> {
    let _guard = tch::no_grad_guard();
    let shape = source.shape();
    let variant = which.min(shape.variants - 1);
    let crop = model.config().input.crop;
    let looks = Looks {
        orientations: params.orientations,
        batch: BATCH,
        kind: model.kind(params.precision)?,
    };
    let (mut embedded, mut raw, mut buffer) = (Vec::new(), Vec::new(), Vec::new());
    for (index, items) in items.chunks(BATCH).enumerate() {
        let views: Vec<_> = items
            .iter()
            .map(|&item| ViewIndex { item, variant })
            .collect();
        buffer.resize(views.len() * shape.view_len(), 0.0);
        source.fill(&views, &mut buffer)?;
        let images = model.prepare(&buffer)?;
        let index = (2 * index + which) as u64;
        let images = augment(&images, crop, changes, params.seed, index)?;
        let [embedding, _] = looks.outputs(model, &images)?;
        let numbers = |tensor: &Tensor| -> Result<Vec<f32>, Error> {
            Ok(Vec::try_from(
                &tensor.f_to(tch::Device::Cpu)?.f_flatten(0, -1)?,
            )?)
        };
        embedded.extend(numbers(&embedding)?);
        raw.extend(numbers(&images)?);
    }
    let array = |values: Vec<f32>| rows(items.len(), values.len() / items.len(), values);
    Ok((array(embedded), array(raw)))
}
