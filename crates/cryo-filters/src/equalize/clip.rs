/// Gray levels between which a mapping chooses: 14 bits, as scikit-image.
pub(super) const LEVELS: usize = 1 << 14;

/// Cuts counts above `limit` and spreads what was cut over the other bins, by scikit-image's `clip_histogram` (after K. Zuiderveld,
/// Graphics Gems IV, 1994, chapter VIII.5).
pub(super) fn clip_histogram(counts: &mut [i64], limit: i64) {
    let mut excess: i64 = counts.iter().map(|&count| (count - limit).max(0)).sum();
    let share = excess / counts.len() as i64;
    let upper = limit - share;
    for count in counts.iter_mut() {
        if *count < upper {
            excess -= share;
            *count += share;
        }
        // Also what the share has just lifted there.
        if *count >= upper {
            excess -= (limit - *count).max(0);
            *count = limit;
        }
    }
    while excess > 0 {
        let before = excess;
        for first in 0..counts.len() {
            let free = counts.iter().filter(|&&count| count < limit).count() as i64;
            let step = (free / excess).max(1) as usize;
            for count in counts[first..]
                .iter_mut()
                .step_by(step)
                .filter(|count| **count < limit)
            {
                *count += 1;
                excess -= 1;
            }
            if excess <= 0 {
                break;
            }
        }
        if excess == before {
            break;
        }
    }
}

/// The gray level of each bin, from the cumulative counts.
pub(super) fn mapping(counts: &[i64], voxels: usize) -> Vec<u16> {
    let highest = (LEVELS - 1) as f64;
    let factor = highest / voxels as f64;
    let mut sum = 0;
    let level = |&count: &i64| {
        sum += count;
        (sum as f64 * factor).min(highest) as u16
    };
    counts.iter().map(level).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipping_matches_skimage() {
        // scikit-image 0.26.0: `skimage.exposure._adapthist.clip_histogram`; the last round may give out too much.
        for (mut counts, limit, expected) in [
            (
                vec![40, 0, 3, 7, 1, 0, 0, 2],
                9,
                vec![9, 5, 9, 9, 6, 5, 5, 7],
            ),
            (
                vec![5, 0, 30, 0, 1, 0, 9, 2, 0, 0, 4],
                6,
                vec![6, 4, 6, 3, 5, 3, 6, 6, 3, 3, 6],
            ),
        ] {
            clip_histogram(&mut counts, limit);
            assert_eq!(counts, expected);
        }
    }
}
