//! The rules that every entry function applies to its arrays.

use ndarray::{Array, ArrayView, CowArray, Dimension};

use crate::{Boundary, Error};

/// Refuses an array without values.
pub(crate) fn not_empty<D: Dimension>(array: &ArrayView<'_, f32, D>) -> Result<(), Error> {
    if array.is_empty() {
        return Err(Error::Empty {
            shape: array.shape().to_vec(),
        });
    }
    Ok(())
}

/// Refuses an output that does not have the shape of the input.
pub(crate) fn same_shape(
    name: &'static str,
    expected: &[usize],
    got: &[usize],
) -> Result<(), Error> {
    if expected != got {
        return Err(Error::Shape {
            name,
            expected: expected.to_vec(),
            got: got.to_vec(),
        });
    }
    Ok(())
}

/// The error that names the first value that is not finite; [`Error::Empty`] cannot happen after [`not_empty`].
pub(crate) fn first_not_finite<D: Dimension>(array: &ArrayView<'_, f32, D>) -> Option<Error> {
    let position = array.iter().position(|value| !value.is_finite())?;
    let value = *array.iter().nth(position)?;
    let mut rest = position;
    let mut index = vec![0; array.ndim()];
    for (place, &length) in index.iter_mut().zip(array.shape()).rev() {
        *place = rest % length;
        rest /= length;
    }
    Some(Error::NotFinite { index, value })
}

/// A parameter that breaks its rule.
pub(crate) fn parameter(name: &'static str, got: f64, rule: &'static str) -> Error {
    Error::Parameter { name, got, rule }
}

/// Refuses a constant beyond the edge that is not finite.
pub(crate) fn boundary(boundary: Boundary) -> Result<(), Error> {
    match boundary {
        Boundary::Constant(value) if !value.is_finite() => Err(parameter(
            "boundary constant",
            value.into(),
            "expected finite",
        )),
        _ => Ok(()),
    }
}

/// The values in logical order.
pub(crate) fn slice<'a, D: Dimension>(packed: &'a CowArray<'_, f32, D>) -> &'a [f32] {
    packed
        .as_slice()
        .expect("made by as_standard_layout, which is contiguous")
}

/// The values of an array that was just made, in logical order.
pub(crate) fn fresh_slice<T, D: Dimension>(fresh: &mut Array<T, D>) -> &mut [T] {
    fresh
        .as_slice_mut()
        .expect("a fresh array has standard layout")
}
