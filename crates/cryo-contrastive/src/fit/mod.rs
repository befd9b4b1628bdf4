mod pairs;
mod params;
mod trainer;

use std::ops::ControlFlow;

use cryo_train::EpochReport;

use crate::{Error, Model, ViewSource};

pub use pairs::Pairs;
pub use params::FitParams;
pub use trainer::Trainer;

/// A network that has learned.
pub struct Fit {
    /// The network.
    pub model: Model,
    /// One report an epoch.
    pub history: Vec<EpochReport>,
}

/// Trains `model` on the views of `source`, without labels.
///
/// Every epoch shows every item at most once, in pairs of views that are changed at random and that the
/// objective draws together. `on_epoch` gets a report after each; with [`ControlFlow::Break`] training ends
/// there, and the network so far is returned. Fewer items than a batch make a smaller batch. The
/// result depends on the seed, not on the number of threads that cut views; libtorch's own threads change
/// it by rounding. Use [`Trainer`] to save checkpoints on the way and to resume.
///
/// # Errors
/// [`Error::Parameter`], [`Error::Shape`], [`Error::TooFew`] below 8 items, [`Error::Constant`],
/// [`Error::NonFinite`], [`Error::Source`]; [`cryo_train::Error::NotFinite`] when training diverges.
///
/// # Examples
/// ```
/// use std::ops::ControlFlow;
/// use cryo_contrastive::{EmbedParams, FitParams, Model, ModelConfig, embed, fit};
/// use ndarray::Array4;
///
/// let views = Array4::from_shape_fn((32, 4, 24, 24), |(n, c, y, x)| ((n * 7 + c + y * y * (n % 3) + x) as f32).sin());
/// let model = Model::new(&ModelConfig::recommended(4, 24, 10), 42, tch::Device::Cpu)?;
/// let params = FitParams { batch_size: 16, ..FitParams::recommended(1) };
/// let fitted = fit(&views.view(), model, &params, &mut |report| {
///     assert!(report.loss("loss").is_some());
///     ControlFlow::Continue(())
/// })?;
/// let embedding = embed(&fitted.model, &views.view(), &EmbedParams::default(), &())?;
/// assert_eq!(embedding.embedding.dim(), (32, 128));
/// # Ok::<(), cryo_contrastive::Error>(())
/// ```
pub fn fit(
    source: &dyn ViewSource,
    model: Model,
    params: &FitParams,
    on_epoch: &mut dyn FnMut(&EpochReport) -> ControlFlow<()>,
) -> Result<Fit, Error> {
    let mut trainer = Trainer::new(source, model, params)?;
    while !trainer.is_done() {
        let report = trainer.epoch()?;
        if on_epoch(&report).is_break() {
            break;
        }
    }
    trainer.into_fit()
}
