//! Results can be sent to other threads and kept.

use cryo_candidates::{
    Error, LazyViews, LeftOut, SliceViewParams, TiltAngleCheck, TiltAngleParams, TiltViewParams,
    ViewNormalization, ViewSet, ViewStatistics,
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
    has_autotraits::<Error>();
    fn is_shared<T: Send + Sync + Unpin>() {}
    is_shared::<LazyViews<'_>>();
}
