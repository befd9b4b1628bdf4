use std::collections::BTreeMap;

use crate::error::Error;

/// How well clusters agree with known classes.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LabelScores {
    /// Points.
    pub n_points: usize,
    /// Distinct classes.
    pub n_classes: usize,
    /// Distinct clusters.
    pub n_clusters: usize,
    /// Part of the points that belong to the most frequent class of their cluster, above 0 to 1. It never
    /// falls when a cluster is divided, so compare it at equal numbers of clusters.
    pub purity: f64,
    /// Mutual information over the arithmetic mean of the two entropies, from 0 to 1; 1 if there is one
    /// class and one cluster.
    pub normalized_mutual_information: f64,
    /// Rand index adjusted for chance (Hubert and Arabie 1985, doi 10.1007/BF01908075), from −0.5 to 1;
    /// 0 is expected of random clusters.
    pub adjusted_rand_index: f64,
}

/// Purity, normalized mutual information and adjusted Rand index of `clusters` against `classes`.
///
/// Label `n` of either belongs to point `n`; what the labels are called does not matter. Points that a
/// clustering calls noise are one more cluster here: leave them out of both lists to score the others.
/// Values are those of scikit-learn's `normalized_mutual_info_score` (`average_method="arithmetic"`)
/// and `adjusted_rand_score`.
///
/// # Errors
/// [`Error::LengthMismatch`], and [`Error::TooFew`] without points.
///
/// # Examples
/// ```
/// let scores = cryo_eval::compare_labels(&["a", "a", "b", "b"], &[7, 7, 7, 9])?;
/// assert_eq!(scores.purity, 0.75);
/// assert_eq!(scores.adjusted_rand_index, 0.0);
/// # Ok::<(), cryo_eval::Error>(())
/// ```
pub fn compare_labels<A: Ord, B: Ord>(classes: &[A], clusters: &[B]) -> Result<LabelScores, Error> {
    if classes.len() != clusters.len() {
        return Err(Error::LengthMismatch {
            what: "labels of clusters",
            expected: classes.len(),
            got: clusters.len(),
        });
    }
    if classes.is_empty() {
        return Err(Error::TooFew {
            what: "points",
            expected: 1,
            got: 0,
        });
    }
    // Cluster first, so that the classes of one cluster follow each other.
    let mut both: BTreeMap<(&B, &A), u64> = BTreeMap::new();
    let (mut by_class, mut by_cluster) = (BTreeMap::new(), BTreeMap::new());
    for (class, cluster) in classes.iter().zip(clusters) {
        *both.entry((cluster, class)).or_default() += 1;
        *by_class.entry(class).or_insert(0_u64) += 1;
        by_cluster.entry(cluster).or_insert((0_u64, 0_u64)).0 += 1;
    }
    for (&(cluster, _), &count) in &both {
        if let Some((_, most)) = by_cluster.get_mut(cluster) {
            *most = count.max(*most);
        }
    }
    let n = classes.len() as f64;
    let pure: u64 = by_cluster.values().map(|(_, most)| most).sum();
    let cluster_sizes: Vec<u64> = by_cluster.values().map(|(size, _)| *size).collect();
    let class_sizes: Vec<u64> = by_class.values().copied().collect();
    let information: f64 = both
        .iter()
        .map(|((cluster, class), &count)| {
            let (of_class, of_cluster) = (by_class[class] as f64, by_cluster[cluster].0 as f64);
            let count = count as f64;
            count / n * (count * n / (of_class * of_cluster)).ln()
        })
        .sum();
    let entropies = entropy(&class_sizes, n) + entropy(&cluster_sizes, n);
    let normalized_mutual_information = if class_sizes.len() == 1 && cluster_sizes.len() == 1 {
        1.0
    } else if information <= f64::EPSILON {
        0.0
    } else {
        (2.0 * information / entropies).min(1.0)
    };
    let cells: Vec<u64> = both.values().copied().collect();
    Ok(LabelScores {
        n_points: classes.len(),
        n_classes: class_sizes.len(),
        n_clusters: cluster_sizes.len(),
        purity: pure as f64 / n,
        normalized_mutual_information,
        adjusted_rand_index: adjusted_rand_index(&cells, &class_sizes, &cluster_sizes),
    })
}

fn entropy(sizes: &[u64], n: f64) -> f64 {
    let terms = sizes.iter().map(|&size| size as f64 / n);
    -terms.map(|part| part * part.ln()).sum::<f64>()
}

/// From the numbers of ordered pairs that are together in both, in one, in none.
fn adjusted_rand_index(cells: &[u64], classes: &[u64], clusters: &[u64]) -> f64 {
    let squares =
        |sizes: &[u64]| -> u128 { sizes.iter().map(|&size| u128::from(size).pow(2)).sum() };
    let n = u128::from(classes.iter().sum::<u64>());
    let (together, in_class, in_cluster) = (squares(cells), squares(classes), squares(clusters));
    let only_class = (in_class - together) as f64;
    let only_cluster = (in_cluster - together) as f64;
    let in_none = (n * n + together - in_class - in_cluster) as f64;
    let in_both = (together - n) as f64;
    if in_class == together && in_cluster == together {
        return 1.0;
    }
    let agreement = in_both * in_none - only_class * only_cluster;
    let class_pairs = (in_both + only_class) * (only_class + in_none);
    let cluster_pairs = (in_both + only_cluster) * (only_cluster + in_none);
    2.0 * agreement / (class_pairs + cluster_pairs)
}
