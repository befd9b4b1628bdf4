use nalgebra::DMatrix;

/// The column of each row in the rotation of `modes` `[n, h]` that is nearest to a matrix of zeros and ones
/// (Yu and Shi 2003, doi 10.1109/ICCV.2003.1238361).
pub(super) fn discretize(mut modes: DMatrix<f64>) -> Vec<usize> {
    const ROUNDS: usize = 50;
    let (n, h) = modes.shape();
    for mut row in modes.row_iter_mut() {
        let length = row.norm();
        if length > 0.0 {
            row /= length;
        }
    }
    let mut rotation = corners(&modes);
    let mut labels = vec![0; n];
    let mut last = f64::NEG_INFINITY;
    for _ in 0..ROUNDS {
        let turned = &modes * &rotation;
        for (label, row) in labels.iter_mut().zip(turned.row_iter()) {
            *label = (0..h).fold(0, |best, column| {
                if row[column] > row[best] {
                    column
                } else {
                    best
                }
            });
        }
        let mut fit = DMatrix::<f64>::zeros(h, h);
        for (row, &label) in labels.iter().enumerate() {
            for column in 0..h {
                fit[(label, column)] += modes[(row, column)];
            }
        }
        let Some(parts) = fit.try_svd(true, true, f64::EPSILON, 10_000) else {
            return labels;
        };
        let (Some(u), Some(vt)) = (parts.u, parts.v_t) else {
            return labels;
        };
        let agreement: f64 = parts.singular_values.sum();
        if (agreement - last).abs() <= f64::EPSILON * agreement {
            break;
        }
        last = agreement;
        rotation = vt.transpose() * u.transpose();
    }
    labels
}

/// Rows of `modes` as orthogonal to each other as there are: the start of the paper, from row 0.
fn corners(modes: &DMatrix<f64>) -> DMatrix<f64> {
    let (n, h) = modes.shape();
    let mut rotation = DMatrix::zeros(h, h);
    let mut overlap = vec![0.0; n];
    let mut row = 0;
    for column in 0..h {
        rotation.set_column(column, &modes.row(row).transpose());
        for (sum, other) in overlap.iter_mut().zip(modes.row_iter()) {
            *sum += other.dot(&modes.row(row)).abs();
        }
        row = (0..n).fold(0, |best, row| {
            if overlap[row] < overlap[best] {
                row
            } else {
                best
            }
        });
    }
    rotation
}
