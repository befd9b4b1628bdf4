//! Parameters and reports can be sent to other threads and kept.

use cryo_train::{
    AdamParams, CheckpointDir, Differences, EpochReport, Error, LossScaler, Manifest, NamedTensors,
    Optimizer, OptimizerParams, Precision, Schedule,
};

#[test]
fn public_types_have_autotraits() {
    fn is_plain<T: Send + Sync + Unpin + Clone + std::fmt::Debug + PartialEq + 'static>() {}
    fn can_move<T: Send + 'static>() {}
    is_plain::<AdamParams>();
    is_plain::<CheckpointDir>();
    is_plain::<Differences>();
    is_plain::<EpochReport>();
    is_plain::<LossScaler>();
    is_plain::<Manifest>();
    is_plain::<OptimizerParams>();
    is_plain::<Precision>();
    is_plain::<Schedule>();
    can_move::<NamedTensors>();
    can_move::<Optimizer>();
    can_move::<Error>();
}
