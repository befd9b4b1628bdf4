use ndarray::{Array2, ArrayView2};

use crate::{Error, error::require, matrix::checked};

/// A layout `[n, c]` with the wide empty bands of each axis narrowed: to `share`, above 0 and at most 1, of what is
/// occupied of the axis.
///
/// On a UMAP map the distance of two islands means nothing, but it can leave most of a picture empty. Every axis is
/// stretched piece by piece: the order along it stays, and so do distances within what no band divides. 0.1 suits
/// maps. Time n log n for each axis.
///
/// # Errors
/// [`Error::Parameter`], [`Error::NotFinite`].
///
/// # Examples
/// ```
/// let layout = ndarray::array![[0.0], [1.0], [2.0], [102.0], [103.0], [104.0]];
/// let closed = cryo_embed_viz::without_gaps(layout.view(), 0.5)?;
/// // Four units are occupied.
/// assert_eq!(closed.column(0).to_vec(), [0.0, 1.0, 2.0, 4.0, 5.0, 6.0]);
/// # Ok::<(), cryo_embed_viz::Error>(())
/// ```
pub fn without_gaps(layout: ArrayView2<'_, f32>, share: f64) -> Result<Array2<f32>, Error> {
    let valid = share > 0.0 && share <= 1.0;
    require(valid, "share", "above 0 and at most 1", share)?;
    let mut closed = checked(layout)?.into_owned();
    for mut axis in closed.columns_mut() {
        let mut order: Vec<usize> = (0..axis.len()).collect();
        order.sort_by(|&a, &b| axis[a].total_cmp(&axis[b]));
        let step = |pair: &[usize]| f64::from(axis[pair[1]]) - f64::from(axis[pair[0]]);
        let steps: Vec<f64> = order.windows(2).map(step).collect();
        let band = share * steps.iter().sum::<f64>();
        let occupied: f64 = steps.iter().filter(|step| **step < band).sum();
        // Where everything lies at a few places there is nothing to compare with.
        let most = if occupied > 0.0 {
            share * occupied
        } else {
            f64::INFINITY
        };
        let Some(&first) = order.first() else {
            continue;
        };
        let mut place = f64::from(axis[first]);
        for (step, &index) in steps.iter().zip(&order[1..]) {
            place += if *step < band { *step } else { step.min(most) };
            axis[index] = place as f32;
        }
    }
    Ok(closed)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_map_without_bands_stays() {
        let layout = array![[0.0, 5.0], [1.0, -2.0], [2.5, 1.0], [3.0, 2.0], [4.0, 3.0]];
        let closed = without_gaps(layout.view(), 0.9).unwrap();
        assert_eq!(closed, layout);
        let same = array![[7.0, 1.0], [7.0, 1.0]];
        assert_eq!(without_gaps(same.view(), 0.1).unwrap(), same);
        let none = Array2::<f32>::zeros((0, 2));
        assert_eq!(without_gaps(none.view(), 0.1).unwrap(), none);
    }

    #[test]
    fn order_and_inner_distances_stay() {
        let layout = Array2::from_shape_fn((200, 2), |(row, axis)| {
            let island = if row % 3 == 0 { 1000.0 } else { 0.0 };
            (island + ((row * 37 + axis * 11) % 101) as f32) * 0.25
        });
        let closed = without_gaps(layout.view(), 0.1).unwrap();
        for axis in 0..2 {
            for a in 0..200 {
                for b in 0..200 {
                    let (was, is) = (
                        layout[[a, axis]] - layout[[b, axis]],
                        closed[[a, axis]] - closed[[b, axis]],
                    );
                    assert_eq!(was > 0.0, is > 0.0);
                    if a % 3 == 0 && b % 3 == 0 {
                        assert!((was - is).abs() < 1e-3);
                    }
                }
            }
            let extent = closed.column(axis).iter().copied().fold(0.0, f32::max);
            assert!(extent < 60.0, "{extent}");
        }
    }

    #[test]
    fn what_cannot_be_is_told() {
        assert!(without_gaps(array![[1.0_f32]].view(), 0.0).is_err());
        assert!(without_gaps(array![[f32::NAN]].view(), 0.1).is_err());
    }
}
