//! Results can be sent to other threads and kept.

use cryo_embed_viz::{
    Assignment, Classes, ClassifyParams, Curve, Delivery, Error, FuzzyGraph, GreyRange, Grouping,
    Image, KMeans, KMeansParams, LandscapeParams, MapParams, MatrixParams, NeighbourIndex,
    NeighbourParams, Neighbours, Page, PageData, PageParams, PageTomogram, Pca, Scene, Series,
    SlicesParams, Stability, Umap, UmapParams,
};

#[test]
fn public_types_have_autotraits() {
    fn has_autotraits<T: Send + Sync + Unpin + std::fmt::Debug + 'static>() {}
    fn can_be_compared<T: Send + Sync + Unpin + Clone + std::fmt::Debug + PartialEq + 'static>() {}
    can_be_compared::<Assignment>();
    can_be_compared::<Classes>();
    can_be_compared::<ClassifyParams>();
    can_be_compared::<Curve>();
    can_be_compared::<Delivery>();
    can_be_compared::<FuzzyGraph>();
    can_be_compared::<GreyRange>();
    can_be_compared::<Grouping>();
    can_be_compared::<Image>();
    can_be_compared::<KMeans>();
    can_be_compared::<KMeansParams>();
    can_be_compared::<LandscapeParams>();
    can_be_compared::<MapParams>();
    can_be_compared::<MatrixParams>();
    can_be_compared::<NeighbourParams>();
    can_be_compared::<Neighbours>();
    can_be_compared::<PageParams>();
    can_be_compared::<PageTomogram>();
    can_be_compared::<Pca>();
    can_be_compared::<Scene>();
    can_be_compared::<Series>();
    can_be_compared::<SlicesParams>();
    can_be_compared::<Stability>();
    can_be_compared::<UmapParams>();
    has_autotraits::<Error>();
    has_autotraits::<NeighbourIndex>();
    has_autotraits::<Page<'static>>();
    has_autotraits::<PageData<'static>>();
    has_autotraits::<Umap>();
}
