use std::ops::Range;

/// The planes from the first to the last that hold specimen.
///
/// Noise alone gives every plane's block means some variance; that of the emptiest twentieth stands for it. What exceeds it is structure;
/// from both ends planes are left out as long as their structure is below `share` of what the fullest tenth has at least.
/// Where the planes differ too little to tell specimen from noise all are kept.
pub(crate) fn specimen(block_variance: &[f64], share: f64) -> Range<usize> {
    let depth = block_variance.len();
    let measured: Vec<f64> = block_variance
        .iter()
        .copied()
        .filter(|&value| value > 0.0)
        .collect();
    if share == 0.0 || measured.len() < 8 {
        return 0..depth;
    }
    let smooth: Vec<f64> = (0..depth)
        .map(|z| {
            let near = &block_variance[z.saturating_sub(2)..depth.min(z + 3)];
            near.iter().sum::<f64>() / near.len() as f64
        })
        .collect();
    let mut sorted = smooth.clone();
    sorted.sort_by(f64::total_cmp);
    let (least, full) = (sorted[depth / 20], sorted[depth - 1 - depth / 10]);
    // Specimen through and through: the thinnest plane still has a good part of the usual structure.
    if least > 0.5 * full {
        return 0..depth;
    }
    let limit = least + share * (full - least);
    let filled = |&z: &usize| smooth[z] > limit;
    let first = (0..depth).find(filled).unwrap_or(0);
    let last = (0..depth).rev().find(filled).unwrap_or(depth - 1);
    // A particle at the end may be cut in half.
    first.saturating_sub(2)..depth.min(last + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thin_specimen_is_found() {
        let profile: Vec<f64> = (0..100)
            .map(|z| if (60..80).contains(&z) { 4.0 } else { 1.0 })
            .collect();
        let found = specimen(&profile, 0.15);
        assert!((56..=60).contains(&found.start) && (80..=84).contains(&found.end));
    }

    #[test]
    fn empty_ends_are_left_out() {
        let profile: Vec<f64> = (0..60)
            .map(|z| if (15..45).contains(&z) { 9.0 } else { 1.0 })
            .collect();
        let found = specimen(&profile, 0.15);
        assert!((11..=15).contains(&found.start) && (45..=49).contains(&found.end));
        assert_eq!(specimen(&profile, 0.0), 0..60);
        assert_eq!(specimen(&vec![1.0; 60], 0.15), 0..60);
    }
}
