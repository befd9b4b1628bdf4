//! Results can be sent to other threads and kept.

use cryo_candidates::{
    CandidateParams, Error, LazyViews, LeftOut, Peak, PeakParams, PreprocessParams, SearchReport,
    SliceViewParams, TiltAngleCheck, TiltAngleParams, TiltViewParams, ViewNormalization, ViewSet,
    ViewStatistics,
};

#[test]
fn public_types_have_autotraits() {
    fn has_autotraits<T: Send + Sync + Unpin + Clone + std::fmt::Debug + PartialEq + 'static>() {}
    has_autotraits::<SliceViewParams>();
    has_autotraits::<TiltViewParams>();
    has_autotraits::<TiltAngleParams>();
    has_autotraits::<TiltAngleCheck>();
    has_autotraits::<ViewNormalization>();
    has_autotraits::<ViewStatistics>();
    has_autotraits::<ViewSet>();
    has_autotraits::<ViewSet<u8>>();
    has_autotraits::<LeftOut>();
    has_autotraits::<CandidateParams>();
    has_autotraits::<PreprocessParams>();
    has_autotraits::<SearchReport>();
    has_autotraits::<Peak>();
    has_autotraits::<PeakParams>();
    fn is_error<T: std::error::Error + Send + Sync + 'static>() {}
    is_error::<Error>();
    fn is_shared<T: Send + Sync + Unpin>() {}
    is_shared::<LazyViews<'_>>();
}
