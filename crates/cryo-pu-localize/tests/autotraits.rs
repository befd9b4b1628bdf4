//! Parameters and results can be sent to other threads and kept.

use cryo_pu_localize::{
    Annotation, AugmentParams, Calibration, ClassConfig, ContrastParams, Error, Fit, FitParams,
    HeatMap, LocalizeParams, Model, ModelConfig, NetworkConfig, Objective, PredictParams, Prior,
    Reading, SplatParams, Threshold,
};

#[test]
fn public_types_have_autotraits() {
    fn is_plain<T: Send + Sync + Unpin + Clone + std::fmt::Debug + PartialEq + 'static>() {}
    fn can_move<T: Send + 'static>() {}
    is_plain::<Annotation>();
    is_plain::<AugmentParams>();
    is_plain::<Calibration>();
    is_plain::<ClassConfig>();
    is_plain::<ContrastParams>();
    is_plain::<FitParams>();
    is_plain::<LocalizeParams>();
    is_plain::<ModelConfig>();
    is_plain::<NetworkConfig>();
    is_plain::<Objective>();
    is_plain::<PredictParams>();
    is_plain::<Prior>();
    is_plain::<Reading>();
    is_plain::<SplatParams>();
    is_plain::<Threshold>();
    can_move::<Fit>();
    can_move::<HeatMap>();
    can_move::<Model>();
    can_move::<Error>();
}
