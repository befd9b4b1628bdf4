//! linfa's traits give what our functions give.
#![cfg(feature = "linfa")]

mod common;

use common::blobs;
use cryo_embed_viz::{
    KMeansParams, Pca, Umap, UmapParams, kmeans,
    linfa_traits::{Clusters, Components},
};
use linfa::{
    DatasetBase,
    traits::{Fit, Predict, Transformer},
};

#[test]
fn a_linfa_user_can_drop_them_in() {
    let points = blobs(&[60, 40], 5, 12.0).points;
    let flat = points.iter().copied().collect();
    let records = ndarray16::Array2::from_shape_vec(points.dim(), flat).unwrap();
    let dataset = DatasetBase::from(records.clone());

    let model = Clusters::new(2).fit(&dataset).unwrap();
    let ours = kmeans(points.view(), 2, &KMeansParams::default(), &()).unwrap();
    assert_eq!(model, ours);
    let labels: Vec<u32> = model
        .predict(&dataset)
        .iter()
        .map(|label| *label as u32)
        .collect();
    assert_eq!(labels, ours.labels);

    let pca = Components { components: 3 }.fit(&dataset).unwrap();
    let placed = Transformer::transform(&pca, records.clone());
    let ours = Pca::fit(points.view(), 3)
        .unwrap()
        .transform(points.view())
        .unwrap();
    assert!(placed.iter().eq(ours.iter()));

    let params = UmapParams {
        neighbours: 10,
        ..UmapParams::default()
    };
    let map = params.fit(&dataset).unwrap();
    let ours = Umap::fit(points.view(), &params, &()).unwrap();
    assert_eq!(map.layout, ours.layout);
    let placed = Transformer::transform(&map, records);
    assert!(
        placed
            .iter()
            .eq(ours.transform(points.view(), &()).unwrap().iter())
    );

    // A transposed view is read by rows all the same.
    let turned = DatasetBase::from(dataset.records().t().to_owned());
    let back = DatasetBase::from(turned.records().t());
    assert_eq!(Clusters::new(2).fit(&back).unwrap(), model);
    assert!(Clusters::new(101).fit(&dataset).is_err());
}
