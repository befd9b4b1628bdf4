use std::{borrow::Cow, io::Write};

use half::f16;
use rayon::prelude::*;

use super::{ByteOrder, Voxel};
use crate::Error;

/// A number that an f32 can be stored as.
pub(super) trait Encoded: Voxel {
    /// The nearest, `None` out of range.
    fn nearest(value: f32) -> Option<Self>;

    /// Smallest and largest value, for messages.
    const RANGE: (f32, f32);

    /// `values` as they are stored.
    fn encode(values: &[f32]) -> Result<Cow<'_, [Self]>, Error> {
        let encoded: Option<Vec<Self>> = values.par_iter().map(|&v| Self::nearest(v)).collect();
        match encoded {
            Some(encoded) => Ok(Cow::Owned(encoded)),
            None => Err(Self::out_of_range(values)),
        }
    }

    #[cold]
    fn out_of_range(values: &[f32]) -> Error {
        let bad = values.iter().find(|&&value| Self::nearest(value).is_none());
        let (low, high) = Self::RANGE;
        let expected = format!("values from {low} to {high} for mode {}", Self::MODE);
        let got = bad.map_or_else(String::new, f32::to_string);
        Error::unexpected("voxel", expected, got)
            .fix("choose a mode with a larger range, or scale the values")
    }
}

macro_rules! encoded {
    ($($integer:ty)*) => {$(
        impl Encoded for $integer {
            const RANGE: (f32, f32) = (<$integer>::MIN as f32, <$integer>::MAX as f32);

            fn nearest(value: f32) -> Option<Self> {
                let (low, high) = Self::RANGE;
                let rounded = value.round_ties_even();
                (rounded >= low && rounded <= high).then_some(rounded as $integer)
            }
        }
    )*};
}

encoded!(i8 i16 u16);

impl Encoded for f16 {
    const RANGE: (f32, f32) = (-65504.0, 65504.0);

    fn nearest(value: f32) -> Option<Self> {
        let nearest = f16::from_f32(value);
        (nearest.is_finite() || !value.is_finite()).then_some(nearest)
    }
}

impl Encoded for f32 {
    const RANGE: (f32, f32) = (f32::MIN, f32::MAX);

    fn nearest(value: f32) -> Option<Self> {
        Some(value)
    }

    fn encode(values: &[f32]) -> Result<Cow<'_, [Self]>, Error> {
        Ok(Cow::Borrowed(values))
    }
}

/// Values swapped at a time: a buffer that stays in the cache.
const SWAP: usize = 1 << 15;

/// Writes the bytes of `values`: as they lie in memory, where that is the order asked for.
pub(super) fn write_values<T: Voxel>(
    out: &mut (impl Write + ?Sized),
    values: &[T],
    order: ByteOrder,
) -> Result<(), Error> {
    let failed = |error| Error::io("write", error);
    if order == ByteOrder::NATIVE || size_of::<T>() == 1 {
        return out.write_all(bytemuck::cast_slice(values)).map_err(failed);
    }
    let mut swapped = Vec::with_capacity(values.len().min(SWAP));
    for part in values.chunks(SWAP) {
        swapped.clear();
        swapped.extend(part.iter().map(|value| value.swap_bytes()));
        out.write_all(bytemuck::cast_slice(&swapped))
            .map_err(failed)?;
    }
    Ok(())
}
