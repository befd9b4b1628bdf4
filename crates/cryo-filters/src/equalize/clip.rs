/// Gray levels between which a mapping chooses: 14 bits, as scikit-image.
pub(super) const LEVELS: usize = 1 << 14;

/// Cuts counts above `limit` and spreads what was cut over the other bins, by scikit-image's `clip_histogram` (after K. Zuiderveld,
/// Graphics Gems IV, 1994, chapter VIII.5).
pub(super) fn clip_histogram(counts: &mut [i64], limit: i64) {
    let mut excess: i64 = counts.iter().map(|&count| (count - limit).max(0)).sum();
    let share = excess / counts.len() as i64;
    let upper = limit - share;
    for count in counts.iter_mut() {
        if *count >= upper {
            excess -= (limit - *count).max(0);
            *count = limit;
        } else {
            excess -= share;
            *count += share;
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
    fn clipping_keeps_the_sum_where_there_is_room() {
        let mut counts = [40, 0, 3, 7, 1, 0, 0, 2];
        clip_histogram(&mut counts, 9);
        assert_eq!(counts.iter().sum::<i64>(), 53);
        assert_eq!(counts.iter().max(), Some(&9));
    }
}
