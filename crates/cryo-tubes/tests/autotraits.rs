//! Results can be sent to other threads and kept.

use cryo_tubes::{Dropped, Error, PaperParams, Tracing, Tube, TubeParams, TubePoint};

#[test]
fn public_types_have_autotraits() {
    fn has_autotraits<T: Send + Sync + Unpin + Clone + std::fmt::Debug + PartialEq + 'static>() {}
    has_autotraits::<TubeParams>();
    has_autotraits::<PaperParams>();
    has_autotraits::<Tube>();
    has_autotraits::<TubePoint>();
    has_autotraits::<Tracing>();
    has_autotraits::<Dropped>();
    has_autotraits::<Error>();
    let params = TubeParams {
        min_points: 1,
        ..TubeParams::default()
    };
    let error: Box<dyn std::error::Error + Send + Sync> = Box::new(params.validate().unwrap_err());
    assert!(error.source().is_none());
}
