use std::mem::MaybeUninit;

use bytemuck::{Pod, Zeroable};
use cryo_core::{Grid, Volume};
use ndarray::Array3;
use rayon::prelude::*;

use super::{
    Mode,
    decode::{Decoded, Decoder},
    kernel_hints,
    source::Source,
};
use crate::{Error, ErrorKind};

/// Voxels a task when whole sections are read: enough to keep the disk busy, and few enough for
/// several threads to share the page faults of a new array, which are most of the cost.
const RUN: usize = 1 << 18;

/// Rows of a section are read with what lies between them up to this many bytes: a call for each
/// costs more than copying so few.
const SPAN_BYTES: usize = 1 << 17;

/// A box of the file, all in sections, rows, columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Byte of the first voxel of the file.
    pub(super) offset: u64,
    /// Shape of the file.
    pub(super) whole: [usize; 3],
    /// First voxel of the box.
    pub(super) start: [usize; 3],
    /// Shape of the box.
    pub(super) shape: [usize; 3],
}

/// The box in file order. It must lie inside of the file, whose length must have been checked.
pub(super) fn array<T: Decoded>(
    source: &Source,
    decoder: &Decoder,
    place: Place,
    max_bytes: u64,
) -> Result<Array3<T>, Error> {
    let count = place
        .shape
        .iter()
        .try_fold(1_usize, |count, &n| count.checked_mul(n));
    let count = count.unwrap_or(usize::MAX);
    let mut values = reserved(count, max_bytes)?;
    if count > 0 {
        fill(
            source,
            decoder,
            place,
            &mut values.spare_capacity_mut()[..count],
        )?;
    }
    // SAFETY: the capacity is at least `count`, and `fill` has written every one of these values: its
    // chunks cover the slice, and each is read into whole or cleared first.
    #[allow(unsafe_code)]
    unsafe {
        values.set_len(count);
    }
    Array3::from_shape_vec(place.shape, values)
        .map_err(|error| Error::unexpected("box", "a shape of its voxels", error.to_string()))
}

/// New values of 0, unless they need more than allowed or than there is.
pub(super) fn zeroed<T: Zeroable + Clone>(count: usize, max_bytes: u64) -> Result<Vec<T>, Error> {
    let mut values = reserved(count, max_bytes)?;
    values.resize(count, T::zeroed());
    Ok(values)
}

/// Room for new values, unless they need more than allowed or than there is.
fn reserved<T>(count: usize, max_bytes: u64) -> Result<Vec<T>, Error> {
    let needed = (count as u64).saturating_mul(size_of::<T>() as u64);
    let over = |limit| {
        Error::new(ErrorKind::OverLimit {
            what: "the array".to_owned(),
            needed,
            limit,
        })
        .fix("read a part of the file, or raise max_bytes")
    };
    if needed > max_bytes {
        return Err(over(max_bytes));
    }
    let mut values = Vec::new();
    values
        .try_reserve_exact(count)
        .map_err(|_| over(isize::MAX as u64))?;
    kernel_hints::use_huge_pages(values.spare_capacity_mut());
    Ok(values)
}

/// The bytes of values that hold nothing yet.
#[allow(unsafe_code)]
fn bytes_of<T: Pod>(part: &mut [MaybeUninit<T>]) -> &mut [MaybeUninit<u8>] {
    let (start, length) = (part.as_mut_ptr().cast(), size_of_val(part));
    // SAFETY: the same memory under the same borrow; a byte has no alignment, and whatever bytes are
    // written are values of `T`, which is plain old data.
    unsafe { std::slice::from_raw_parts_mut(start, length) }
}

/// The part as zeros. They are written just before the part is read into, while it is in the cache:
/// zeros for the whole array at once would be a pass over memory of their own.
#[allow(unsafe_code)]
fn cleared<T: Zeroable>(part: &mut [MaybeUninit<T>]) -> &mut [T] {
    for value in part.iter_mut() {
        value.write(T::zeroed());
    }
    // SAFETY: every element was written just above.
    unsafe { part.assume_init_mut() }
}

pub(super) fn truncated(expected: u64, got: u64) -> Error {
    Error::new(ErrorKind::Truncated { expected, got })
        .fix("the file is cut, or its header is damaged; get it again")
}

pub(super) fn check_available(source: &Source, end: u64) -> Result<(), Error> {
    if source.len() < end {
        return Err(truncated(end, source.len()));
    }
    Ok(())
}

pub(super) fn volume(data: Array3<f32>, grid: Grid) -> Volume {
    Volume::new(data, grid).expect("the array was made in the shape of the grid")
}

fn fill<T: Decoded>(
    source: &Source,
    decoder: &Decoder,
    place: Place,
    values: &mut [MaybeUninit<T>],
) -> Result<(), Error> {
    let [_, rows, columns] = place.whole;
    let [_, box_rows, box_columns] = place.shape;
    // What the header declares was found to fit into the file, so nothing here overflows.
    let row_bytes = decoder.mode.row_bytes(columns).unwrap_or(usize::MAX);
    let row_offset = |section: usize, row: usize| {
        let row = (place.start[0] + section) * rows + place.start[1] + row;
        place.offset + (row * row_bytes) as u64
    };
    if decoder.mode == Mode::Packed4 {
        return values
            .par_chunks_mut(box_columns)
            .enumerate()
            .try_for_each_init(
                || (Vec::new(), Vec::new()),
                |(scratch, row), (index, part)| {
                    row.resize(columns, T::zeroed());
                    let offset = row_offset(index / box_rows, index % box_rows);
                    decoder.read_run(source, offset, row, scratch)?;
                    cleared(part).copy_from_slice(&row[place.start[2]..][..box_columns]);
                    Ok(())
                },
            );
    }
    let voxel_bytes = row_bytes / columns;
    let run = |first: u64, index: usize, run: usize, part: &mut [T], scratch: &mut Vec<u8>| {
        decoder.read_run(
            source,
            first + (index * run * voxel_bytes) as u64,
            part,
            scratch,
        )
    };
    if box_columns == columns && box_rows == rows {
        let first = row_offset(0, 0);
        if decoder.is_native::<T>() {
            let parts = values.par_chunks_mut(RUN).enumerate();
            return parts.try_for_each(|(index, part)| {
                let offset = first + (index * RUN * voxel_bytes) as u64;
                source.read_new_at(offset, bytes_of(part))
            });
        }
        let runs = values.par_chunks_mut(RUN).enumerate();
        return runs.try_for_each_init(Vec::new, |scratch, (index, part)| {
            run(first, index, RUN, cleared(part), scratch)
        });
    }
    let column_offset = (place.start[2] * voxel_bytes) as u64;
    let span = (box_rows - 1) * row_bytes + box_columns * voxel_bytes;
    let sections = values.par_chunks_mut(box_rows * box_columns).enumerate();
    sections.try_for_each_init(Vec::new, |scratch, (section, part)| {
        let part = cleared(part);
        let first = row_offset(section, 0) + column_offset;
        if box_columns == columns {
            return run(first, 0, 0, part, scratch);
        }
        let lines = part.chunks_exact_mut(box_columns).enumerate();
        if span > SPAN_BYTES {
            for (row, line) in lines {
                let offset = row_offset(section, row) + column_offset;
                decoder.read_run(source, offset, line, scratch)?;
            }
            return Ok(());
        }
        scratch.resize(span, 0);
        source.read_at(first, scratch)?;
        for (row, line) in lines {
            let start = row * row_bytes;
            T::decode(
                decoder,
                &scratch[start..start + box_columns * voxel_bytes],
                line,
            );
        }
        Ok(())
    })
}
