/// Longer kernels are refused: a sigma of thousands of voxels is a slip of the unit.
pub(super) const LONGEST_RADIUS: usize = 32_768;

/// Voxels from the centre to the last weight, rounded as scipy rounds.
pub(super) fn radius(sigma: f64, truncate: f64) -> usize {
    (truncate * sigma + 0.5) as usize
}

/// The Gaussian's weights from the centre to its end; with their mirror image they sum to 1.
pub(super) fn half_kernel(sigma: f64, truncate: f64) -> Vec<f32> {
    normalized(sigma, truncate)
        .into_iter()
        .map(|weight| weight as f32)
        .collect()
}

/// The weights of the Gaussian's second derivative, `(x^2 / sigma^4 - 1 / sigma^2) g(x)`.
pub(super) fn half_second_derivative(sigma: f64, truncate: f64) -> Vec<f32> {
    let inverse = sigma.powi(-2);
    let factor = |x: usize| (x as f64).powi(2) * inverse * inverse - inverse;
    let weights = normalized(sigma, truncate).into_iter().enumerate();
    weights
        .map(|(x, weight)| (factor(x) * weight) as f32)
        .collect()
}

fn normalized(sigma: f64, truncate: f64) -> Vec<f64> {
    // Below this even the nearest neighbour's weight is zero; the rule also keeps 0/0 away.
    if sigma < 1e-15 {
        return vec![1.0];
    }
    let weight = |x: usize| (-0.5 * (x as f64 / sigma).powi(2)).exp();
    let weights: Vec<f64> = (0..=radius(sigma, truncate)).map(weight).collect();
    let sum = 2.0 * weights.iter().sum::<f64>() - weights[0];
    weights.into_iter().map(|weight| weight / sum).collect()
}
