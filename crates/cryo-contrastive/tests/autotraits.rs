//! Parameters and results can be sent to other threads and kept.

use cryo_contrastive::{
    AugmentParams, CollapseMonitor, EmbedParams, Embedding, Error, Fit, FitParams, Model,
    ModelConfig, Normalization, Objective, Pretrained, ViewShape, Yardstick,
};

#[test]
fn public_types_have_autotraits() {
    fn is_plain<T: Send + Sync + Unpin + Clone + std::fmt::Debug + PartialEq + 'static>() {}
    fn can_move<T: Send + 'static>() {}
    is_plain::<AugmentParams>();
    is_plain::<CollapseMonitor>();
    is_plain::<EmbedParams>();
    is_plain::<Embedding>();
    is_plain::<FitParams>();
    is_plain::<ModelConfig>();
    is_plain::<Normalization>();
    is_plain::<Objective>();
    is_plain::<Pretrained>();
    is_plain::<ViewShape>();
    is_plain::<Yardstick>();
    can_move::<Fit>();
    can_move::<Model>();
    can_move::<Error>();
}
