//! Results can be sent to other threads and kept.

use cryo_eval::{
    Error, EvaluateParams, Evaluation, FilamentEvaluation, FilamentParams, LabelScores, Match,
};

#[test]
fn public_types_have_autotraits() {
    fn has_autotraits<T: Send + Sync + Unpin + Clone + std::fmt::Debug + PartialEq + 'static>() {}
    has_autotraits::<Match>();
    has_autotraits::<EvaluateParams>();
    has_autotraits::<Evaluation>();
    has_autotraits::<FilamentParams>();
    has_autotraits::<FilamentEvaluation>();
    has_autotraits::<LabelScores>();
    has_autotraits::<Error>();
    let error: Box<dyn std::error::Error + Send + Sync> =
        Box::new(EvaluateParams::new(0.0).validate().unwrap_err());
    assert!(error.source().is_none());
}
