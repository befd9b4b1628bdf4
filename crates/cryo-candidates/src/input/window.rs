use std::ops::Range;

use ndarray::{Array3, ArrayViewMut3, Axis, parallel::prelude::*, s};

use crate::{Error, PlaneSource};

/// Planes that are asked for at a time, so that a source's own copies stay small.
const PIECE: usize = 16;

/// Reads planes, several pieces at once, with the error that says which.
pub(crate) fn read(
    source: &dyn PlaneSource,
    planes: Range<usize>,
    mut out: ArrayViewMut3<'_, f32>,
) -> Result<(), Error> {
    let pieces = out.axis_chunks_iter_mut(Axis(0), PIECE).into_par_iter();
    let read: Vec<Result<(), Error>> = pieces
        .enumerate()
        .map(|(number, piece)| {
            let first = planes.start + number * PIECE;
            let end = first + piece.len_of(Axis(0));
            let read = source.read_planes(first..end, piece);
            read.map_err(|source| Error::Source {
                first,
                last: end - 1,
                source,
            })
        })
        .collect();
    read.into_iter().collect()
}

/// A volume cut into chunks of planes, each with what lies within reach of it.
pub(crate) struct Windows {
    depth: usize,
    reach: usize,
    chunk: usize,
    buffer: Array3<f32>,
}

impl Windows {
    /// Chunks of `chunk` planes with `reach` more to either side, as far as there are any.
    pub(crate) fn new(shape: [usize; 3], chunk: usize, reach: usize) -> Self {
        let [depth, height, width] = shape;
        let chunk = chunk.clamp(1, depth);
        let largest = depth.min(chunk + 2 * reach);
        Self {
            depth,
            reach,
            chunk,
            buffer: Array3::zeros((largest, height, width)),
        }
    }

    /// The chunks, in order.
    pub(crate) fn chunks(&self) -> Chunks {
        Chunks {
            next: 0,
            depth: self.depth,
            chunk: self.chunk,
        }
    }

    /// The planes of a chunk's window, and the memory for them.
    pub(crate) fn window(
        &mut self,
        chunk: &Range<usize>,
    ) -> (Range<usize>, ArrayViewMut3<'_, f32>) {
        let planes = chunk.start.saturating_sub(self.reach)..self.depth.min(chunk.end + self.reach);
        let length = planes.len();
        (planes, self.buffer.slice_mut(s![..length, .., ..]))
    }
}

/// Consecutive ranges of planes.
pub(crate) struct Chunks {
    next: usize,
    depth: usize,
    chunk: usize,
}

impl Chunks {
    /// There is no other chunk.
    pub(crate) fn stop(&mut self) {
        self.next = self.depth;
    }
}

impl Iterator for Chunks {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let start = self.next;
        self.next = self.depth.min(start + self.chunk);
        (start < self.depth).then_some(start..self.next)
    }
}
