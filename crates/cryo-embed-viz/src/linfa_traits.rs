//! k-means, PCA and UMAP as linfa's `Fit`, `Predict` and `Transformer` (feature `linfa`).
//!
//! linfa has ndarray 0.16; records are copied across. Records are `f32`, `[n, d]`. linfa's `predict` and `transform`
//! return no error: they panic where ours return one.
//!
//! ```
//! use cryo_embed_viz::linfa_traits::Clusters;
//! use linfa::{DatasetBase, traits::{Fit, Predict}};
//! use ndarray16::array;
//!
//! let dataset = DatasetBase::from(array![[0.0_f32], [1.0], [10.0], [11.0]]);
//! let model = Clusters::new(2).fit(&dataset)?;
//! let labels = model.predict(&dataset);
//! assert_eq!(labels[0], labels[1]);
//! assert_ne!(labels[1], labels[2]);
//! # Ok::<(), cryo_embed_viz::Error>(())
//! ```

use linfa::{
    DatasetBase,
    traits::{Fit, PredictInplace, Transformer},
};
use ndarray::{Array2, ArrayView2};
use ndarray16 as old;

use crate::{Error, KMeans, KMeansParams, Pca, Umap, UmapParams, kmeans};

type Records<S> = old::ArrayBase<S, old::Ix2>;

/// Fits [`KMeans`].
#[derive(Debug, Clone, PartialEq)]
pub struct Clusters {
    /// Number of clusters.
    pub clusters: usize,
    /// How they are found.
    pub params: KMeansParams,
}

impl Clusters {
    /// So many clusters, everything else by default.
    #[must_use]
    pub fn new(clusters: usize) -> Self {
        Self {
            clusters,
            params: KMeansParams::default(),
        }
    }
}

/// Fits [`Pca`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Components {
    /// Number of components.
    pub components: usize,
}

fn from_linfa<S: old::Data<Elem = f32>>(records: &Records<S>) -> Array2<f32> {
    let standard = records.as_standard_layout();
    let flat = standard.iter().copied().collect();
    Array2::from_shape_vec(records.dim(), flat).expect("an array has as many entries as its shape")
}

fn to_linfa(array: ArrayView2<'_, f32>) -> old::Array2<f32> {
    let flat = array.iter().copied().collect();
    old::Array2::from_shape_vec(array.dim(), flat)
        .expect("an array has as many entries as its shape")
}

impl<S: old::Data<Elem = f32>, T> Fit<Records<S>, T, Error> for Clusters {
    type Object = KMeans;

    fn fit(&self, dataset: &DatasetBase<Records<S>, T>) -> Result<KMeans, Error> {
        kmeans(
            from_linfa(dataset.records()).view(),
            self.clusters,
            &self.params,
            &(),
        )
    }
}

impl<S: old::Data<Elem = f32>> PredictInplace<Records<S>, old::Array1<usize>> for KMeans {
    fn predict_inplace(&self, records: &Records<S>, labels: &mut old::Array1<usize>) {
        let found = self.nearest(from_linfa(records).view());
        let (found, _) =
            found.expect("records have as many columns as the fitted ones, all finite");
        for (to, from) in labels.iter_mut().zip(found) {
            *to = from as usize;
        }
    }

    fn default_target(&self, records: &Records<S>) -> old::Array1<usize> {
        old::Array1::zeros(records.nrows())
    }
}

impl<S: old::Data<Elem = f32>, T> Fit<Records<S>, T, Error> for Components {
    type Object = Pca;

    fn fit(&self, dataset: &DatasetBase<Records<S>, T>) -> Result<Pca, Error> {
        Pca::fit(from_linfa(dataset.records()).view(), self.components)
    }
}

impl<S: old::Data<Elem = f32>> Transformer<Records<S>, old::Array2<f32>> for Pca {
    fn transform(&self, records: Records<S>) -> old::Array2<f32> {
        let placed = Pca::transform(self, from_linfa(&records).view());
        let placed = placed.expect("records have as many columns as the fitted ones, all finite");
        to_linfa(placed.view())
    }
}

impl<S: old::Data<Elem = f32>, T> Fit<Records<S>, T, Error> for UmapParams {
    type Object = Umap;

    fn fit(&self, dataset: &DatasetBase<Records<S>, T>) -> Result<Umap, Error> {
        Umap::fit(from_linfa(dataset.records()).view(), self, &())
    }
}

impl<S: old::Data<Elem = f32>> Transformer<Records<S>, old::Array2<f32>> for Umap {
    fn transform(&self, records: Records<S>) -> old::Array2<f32> {
        let placed = Umap::transform(self, from_linfa(&records).view(), &());
        let placed = placed.expect("records have as many columns as the fitted ones, all finite");
        to_linfa(placed.view())
    }
}
