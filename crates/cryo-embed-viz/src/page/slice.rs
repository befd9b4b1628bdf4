use ndarray::{ArrayView2, ArrayView3};

use crate::{Error, error::require};

/// Grey values between which slices of one tomogram are shown, so that all of its slices look alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GreyRange {
    /// What is shown as black.
    pub black: f32,
    /// What is shown as white.
    pub white: f32,
}

impl GreyRange {
    /// The range that leaves out `percent` of the finite voxels of `part` at either end; 0 to 0 if none is finite.
    ///
    /// At most about a million voxels are looked at, evenly spread in order.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless `percent` is from 0, below 50.
    ///
    /// # Examples
    /// ```
    /// let part = ndarray::Array3::from_shape_fn((4, 5, 5), |(z, y, x)| (z * 25 + y * 5 + x) as f32);
    /// let range = cryo_embed_viz::GreyRange::of(part.view(), 1.0)?;
    /// assert_eq!((range.black, range.white), (0.0, 99.0));
    /// # Ok::<(), cryo_embed_viz::Error>(())
    /// ```
    pub fn of(part: ArrayView3<'_, f32>, percent: f64) -> Result<Self, Error> {
        const MOST: usize = 1 << 20;
        let valid = (0.0..50.0).contains(&percent);
        require(valid, "percent", "a percentage from 0, below 50", percent)?;
        let step = part.len().div_ceil(MOST).max(1);
        let seen = part.iter().step_by(step).copied();
        let mut finite: Vec<f32> = seen.filter(|value| value.is_finite()).collect();
        if finite.is_empty() {
            return Ok(Self {
                black: 0.0,
                white: 0.0,
            });
        }
        let last = finite.len() - 1;
        let cut = (last as f64 * percent / 100.0) as usize;
        let black = *finite.select_nth_unstable_by(cut, f32::total_cmp).1;
        let white = *finite.select_nth_unstable_by(last - cut, f32::total_cmp).1;
        Ok(Self { black, white })
    }

    /// A slice `[y, x]` as a grey PNG, row 0 at the top; voxels that are not finite are black.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Png`].
    pub fn png(&self, slice: ArrayView2<'_, f32>) -> Result<Vec<u8>, Error> {
        if slice.is_empty() {
            let shape = slice.shape().to_vec();
            return Err(Error::Empty { shape });
        }
        let extent = self.white - self.black;
        let scale = if extent > 0.0 { 255.0 / extent } else { 0.0 };
        // NaN becomes 0.
        let level = |value: &f32| ((value - self.black) * scale).round().clamp(0.0, 255.0) as u8;
        let grey: Vec<u8> = slice.iter().map(level).collect();
        let (height, width) = slice.dim();
        super::atlas::encode(
            width,
            height,
            png::ColorType::Grayscale,
            png::BitDepth::Eight,
            &grey,
        )
    }
}
