use bytemuck::Zeroable;
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
    let mut values = zeroed(count.unwrap_or(usize::MAX), max_bytes)?;
    if !values.is_empty() {
        fill(source, decoder, place, &mut values)?;
    }
    Array3::from_shape_vec(place.shape, values)
        .map_err(|error| Error::unexpected("box", "a shape of its voxels", error.to_string()))
}

/// New values, unless they need more than allowed or than there is.
pub(super) fn zeroed<T: Zeroable>(count: usize, max_bytes: u64) -> Result<Vec<T>, Error> {
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
    let mut values =
        bytemuck::allocation::try_zeroed_vec(count).map_err(|()| over(isize::MAX as u64))?;
    kernel_hints::use_huge_pages(&mut values);
    Ok(values)
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
    values: &mut [T],
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
                    part.copy_from_slice(&row[place.start[2]..][..box_columns]);
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
        let runs = values.par_chunks_mut(RUN).enumerate();
        return runs.try_for_each_init(Vec::new, |scratch, (index, part)| {
            run(first, index, RUN, part, scratch)
        });
    }
    let column_offset = (place.start[2] * voxel_bytes) as u64;
    let span = (box_rows - 1) * row_bytes + box_columns * voxel_bytes;
    let sections = values.par_chunks_mut(box_rows * box_columns).enumerate();
    sections.try_for_each_init(Vec::new, |scratch, (section, part)| {
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
