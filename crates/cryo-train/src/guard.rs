use crate::Error;

/// Refuses to go on with a loss that is NaN or infinite.
///
/// `terms` are the parts of the loss at `step`, `rate` the learning rate there.
///
/// # Errors
/// [`Error::NotFinite`] with every term and what to try.
///
/// ```
/// let terms = [("invariance", 0.5), ("variance", f64::NAN)];
/// let error = cryo_train::check_finite(12, 0.1, &terms).unwrap_err().to_string();
/// assert!(error.starts_with("step 12: ") && error.contains("variance = NaN"));
/// ```
pub fn check_finite(step: u64, rate: f64, terms: &[(&str, f64)]) -> Result<(), Error> {
    if terms.iter().all(|(_, value)| value.is_finite()) {
        return Ok(());
    }
    let advice = format!(
        "lower the learning rate (now {rate:.1e}), clip gradients, or compute in f32; if it happens at step \
         0, look for NaN or constant images in the input"
    );
    let terms = terms
        .iter()
        .map(|&(name, value)| (name.to_owned(), value))
        .collect();
    Err(Error::NotFinite {
        step,
        terms,
        advice,
    })
}
