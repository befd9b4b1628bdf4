mod discretize;
mod outlier;
mod spectral;
mod ward;
mod width;

use cryo_core::Progress;
use ndarray::{Array2, ArrayView2};

use crate::{
    Error, KMeansParams,
    error::{require, require_at_least},
    kmeans,
    kmeans::nearest_centres,
    matrix::checked,
};
pub use outlier::Spread;
pub use width::blob_diameter;

/// Class of a point that is too far from every class.
pub const UNASSIGNED: u32 = 0;

/// Which centres of an over-clustering belong together.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Grouping {
    /// Ward's criterion (1963, doi 10.1080/01621459.1963.10500845): groups of small spread. It knows no scale
    /// and is the default.
    #[default]
    Ward,
    /// Normalized cut of affinities `exp(−gamma d²)` (Shi and Malik 2000, doi 10.1109/34.868688), made
    /// discrete as by Yu and Shi 2003 (doi 10.1109/ICCV.2003.1238361). The reference has gamma 1, which
    /// suits vectors whose distances are about 1 and no others.
    Spectral {
        /// Above 0, per squared unit of distance.
        gamma: f64,
    },
    /// The same with affinities `exp(−d² / (s t))`, s and t the distances of the two centres to their seventh
    /// neighbours (Zelnik-Manor and Perona 2004): the scale is that of the points.
    SelfTuning,
}

/// How points are divided into classes.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassifyParams {
    /// Centres of the over-clustering (k), many more than classes; 256 by default, as the reference. Fewer
    /// points than centres lower it to their number.
    pub clusters: usize,
    /// How the centres are joined; Ward by default.
    pub grouping: Grouping,
    /// Points whose outlier score is above it are [`UNASSIGNED`]; 2 by default, as nextPYP; `None` assigns all.
    pub most_outlying: Option<f64>,
    /// How centres are found; its seed is the seed of the whole.
    pub kmeans: KMeansParams,
}

impl Default for ClassifyParams {
    fn default() -> Self {
        Self {
            clusters: 256,
            grouping: Grouping::default(),
            most_outlying: Some(2.0),
            kmeans: KMeansParams::default(),
        }
    }
}

impl ClassifyParams {
    /// Nothing if all fields are in their ranges.
    ///
    /// # Errors
    /// [`Error::Parameter`] with the first field that is not.
    pub fn validate(&self) -> Result<(), Error> {
        let k = self.clusters;
        require(k >= 1, "clusters", "at least 1", k as f64)?;
        if let Grouping::Spectral { gamma } = self.grouping {
            let valid = gamma.is_finite() && gamma > 0.0;
            require(valid, "gamma", "a finite number above 0", gamma)?;
        }
        let most = self.most_outlying.unwrap_or(0.0);
        require(!most.is_nan(), "most_outlying", "a number", most)?;
        self.kmeans.validate()
    }
}

/// Classes of points, and what new points need to get theirs.
#[derive(Debug, Clone, PartialEq)]
pub struct Classes {
    /// `[k, d]`: centres of the over-clustering.
    pub centres: Array2<f32>,
    /// Class of each centre, from 1; the class with the most points is 1.
    pub class_of_centre: Vec<u32>,
    /// How far the points of each class lie from their centres; entry 0 is class 1.
    pub spreads: Vec<Spread>,
    /// Above this outlier score a point is [`UNASSIGNED`].
    pub most_outlying: Option<f64>,
}

/// The class of each of some points.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// From 1, or [`UNASSIGNED`].
    pub labels: Vec<u32>,
    /// The nearest class, also of those unassigned, from 1.
    pub nearest: Vec<u32>,
    /// How far each point is from its class's nearest centre, in robust standard deviations of that class;
    /// below 0 for points nearer than its median.
    pub outlier_scores: Vec<f32>,
}

impl Classes {
    /// Divides `points` `[n, d]` into `classes` (h) classes: over-clusters them into k, then joins the k
    /// centres into h groups.
    ///
    /// Fewer classes than asked for come out if fewer centres differ. The result does not depend on the
    /// number of threads.
    ///
    /// # Errors
    /// [`Error::Parameter`], [`Error::TooFew`] if there are fewer points than classes,
    /// [`Error::NotFinite`], [`Error::NoAffinity`] if the spectral gamma does not suit the points,
    /// [`Error::Cancelled`].
    ///
    /// # Examples
    /// ```
    /// use cryo_embed_viz::{Classes, ClassifyParams};
    /// let points = ndarray::array![[0.0], [1.0], [2.0], [50.0], [51.0]];
    /// let params = ClassifyParams { most_outlying: None, ..Default::default() };
    /// let classes = Classes::fit(points.view(), 2, &params, &())?;
    /// assert_eq!(classes.assign(points.view())?.labels, [1, 1, 1, 2, 2]);
    /// # Ok::<(), cryo_embed_viz::Error>(())
    /// ```
    pub fn fit(
        points: ArrayView2<'_, f32>,
        classes: usize,
        params: &ClassifyParams,
        progress: &dyn Progress,
    ) -> Result<Self, Error> {
        params.validate()?;
        require(classes >= 1, "classes", "at least 1", classes as f64)?;
        require_at_least("points, one for each class", classes, points.nrows())?;
        let k = params.clusters.min(points.nrows());
        let rule = "at most the number of clusters";
        require(classes <= k, "classes", rule, classes as f64)?;
        let found = kmeans(points, k, &params.kmeans, progress)?;
        Self::regroup(points, found.centres, classes, params)
    }

    /// The same with centres that are there already, as after [`Classes::fit`] with another number of classes.
    ///
    /// # Errors
    /// As [`Classes::fit`], and [`Error::Length`] if points and centres have different lengths.
    pub fn regroup(
        points: ArrayView2<'_, f32>,
        centres: Array2<f32>,
        classes: usize,
        params: &ClassifyParams,
    ) -> Result<Self, Error> {
        params.validate()?;
        let rule = "at least 1 and at most the number of centres";
        let valid = (1..=centres.nrows()).contains(&classes);
        require(valid, "classes", rule, classes as f64)?;
        let centres = checked(centres.view())?.into_owned();
        let (nearest, distances) = nearest_centres(points, centres.view())?;
        let groups = group_centres(centres.view(), classes, params.grouping)?;
        let class_of_centre = by_size(&groups, &nearest);
        let own: Vec<u32> = nearest
            .iter()
            .map(|&c| class_of_centre[c as usize])
            .collect();
        let h = class_of_centre.iter().copied().max().unwrap_or(0);
        let spreads = (1..=h)
            .map(|class| Spread::of(class, &own, &distances))
            .collect();
        Ok(Self {
            centres,
            class_of_centre,
            spreads,
            most_outlying: params.most_outlying,
        })
    }

    /// Number of classes.
    #[must_use]
    pub fn count(&self) -> usize {
        self.spreads.len()
    }

    /// The class of each row of `points` `[m, d]`, which need not be those that were fitted.
    ///
    /// A row's result does not depend on the other rows.
    ///
    /// # Errors
    /// [`Error::Length`] for another d, [`Error::NotFinite`].
    pub fn assign(&self, points: ArrayView2<'_, f32>) -> Result<Assignment, Error> {
        let (centres, distances) = nearest_centres(points, self.centres.view())?;
        let class = |centre: &u32| self.class_of_centre[*centre as usize];
        let nearest: Vec<u32> = centres.iter().map(class).collect();
        let scores = nearest.iter().zip(&distances);
        let outlier_scores: Vec<f32> = scores
            .map(|(&class, &d)| self.spreads[class as usize - 1].score(d))
            .collect();
        let most = self.most_outlying.unwrap_or(f64::INFINITY);
        let labels = nearest.iter().zip(&outlier_scores);
        let labels = labels.map(|(&class, &score)| {
            if f64::from(score) > most {
                UNASSIGNED
            } else {
                class
            }
        });
        Ok(Assignment {
            labels: labels.collect(),
            nearest,
            outlier_scores,
        })
    }
}

/// The group of each centre `[k, d]`, numbers from 0 without gaps.
///
/// # Errors
/// [`Error::Parameter`] if there are more groups than centres, [`Error::NotFinite`], [`Error::NoAffinity`].
pub fn group_centres(
    centres: ArrayView2<'_, f32>,
    groups: usize,
    grouping: Grouping,
) -> Result<Vec<u32>, Error> {
    let centres = checked(centres)?;
    let rule = "at least 1 and at most the number of centres";
    let valid = (1..=centres.nrows()).contains(&groups);
    require(valid, "groups", rule, groups as f64)?;
    match grouping {
        Grouping::Ward => Ok(ward::groups(centres.view(), groups)),
        Grouping::Spectral { gamma } => spectral::groups(centres.view(), groups, Some(gamma)),
        Grouping::SelfTuning => spectral::groups(centres.view(), groups, None),
    }
}

/// Classes from 1 by falling number of points, of equal ones by their first centre; groups without a point last.
fn by_size(groups: &[u32], nearest: &[u32]) -> Vec<u32> {
    let count = groups.iter().max().map_or(0, |most| *most as usize + 1);
    let mut sizes = vec![0_usize; count];
    for &centre in nearest {
        sizes[groups[centre as usize] as usize] += 1;
    }
    let first = |group: &usize| groups.iter().position(|g| *g as usize == *group);
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|group| (std::cmp::Reverse(sizes[*group]), first(group)));
    let mut class = vec![0; count];
    for (number, group) in (1..).zip(order) {
        class[group] = number;
    }
    groups.iter().map(|group| class[*group as usize]).collect()
}

/// Renames groups to 0, 1, ... in the order of their first member.
fn without_gaps(groups: impl Iterator<Item = usize>) -> Vec<u32> {
    let mut names = std::collections::BTreeMap::new();
    groups
        .map(|group| {
            let next = names.len() as u32;
            *names.entry(group).or_insert(next)
        })
        .collect()
}
