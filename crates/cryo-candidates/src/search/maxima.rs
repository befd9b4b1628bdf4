use ndarray::{ArrayView2, ArrayView3};

use super::Neighbourhood;

/// Three planes, of which the outer ones may be missing.
pub(crate) struct Around<'a> {
    planes: [Option<ArrayView2<'a, f32>>; 3],
}

impl<'a> Around<'a> {
    /// The planes about `plane` of `volume`; where an end of the volume is no end of the data, more planes must be there.
    pub(crate) fn new(volume: ArrayView3<'a, f32>, plane: usize) -> Self {
        let at = |place: Option<usize>| {
            let place = place.filter(|&place| place < volume.shape()[0])?;
            Some(volume.index_axis_move(ndarray::Axis(0), place))
        };
        Self {
            planes: [
                at(plane.checked_sub(1)),
                at(Some(plane)),
                at(Some(plane + 1)),
            ],
        }
    }

    fn middle(&self) -> &ArrayView2<'a, f32> {
        self.planes[1].as_ref().expect("the plane itself is there")
    }

    fn row(&self, plane: usize, y: Option<usize>) -> Option<&'a [f32]> {
        let plane = self.planes[plane]?;
        let y = y.filter(|&y| y < plane.nrows())?;
        plane.index_axis_move(ndarray::Axis(0), y).to_slice()
    }

    /// The value `[dz, dy, dx]` steps from `(y, x)`, each −1, 0 or 1; `None` outside.
    pub(crate) fn value(&self, y: usize, x: usize, [dz, dy, dx]: [isize; 3]) -> Option<f32> {
        let plane = self.planes[(1 + dz) as usize].as_ref()?;
        let (y, x) = (y.checked_add_signed(dy)?, x.checked_add_signed(dx)?);
        plane.get((y, x)).copied()
    }

    /// Calls `visit` with the places `y, x` of the middle plane that are above 0 and exceed their neighbours, in the order of memory.
    ///
    /// Of equal neighbours the first in memory counts.
    pub(crate) fn maxima(&self, neighbourhood: Neighbourhood, mut visit: impl FnMut(usize, usize)) {
        let (height, width) = self.middle().dim();
        let planes = match neighbourhood {
            Neighbourhood::Volume => 0..3,
            Neighbourhood::Plane => 1..2,
        };
        let mut beside = vec![0.0_f32; width];
        for y in 0..height {
            let centre = self.row(1, Some(y)).expect("the row is in the plane");
            // Nothing below 0 counts, so 0 can stand for what is missing.
            beside.fill(0.0);
            for plane in planes.clone() {
                for other in [y.checked_sub(1), Some(y), Some(y + 1)] {
                    if (plane, other) == (1, Some(y)) {
                        continue;
                    }
                    if let Some(row) = self.row(plane, other) {
                        for (largest, &value) in beside.iter_mut().zip(row) {
                            *largest = if value > *largest { value } else { *largest };
                        }
                    }
                }
            }
            for x in 0..width {
                let value = centre[x];
                if value <= 0.0 || value < beside[x] {
                    continue;
                }
                let exceeds = |x: usize| value >= beside[x] && value >= centre[x];
                if (x == 0 || exceeds(x - 1))
                    && (x + 1 == width || exceeds(x + 1))
                    && self.is_first(y, x, value, neighbourhood)
                {
                    visit(y, x);
                }
            }
        }
    }

    /// Whether no neighbour before this voxel in memory has its value.
    fn is_first(&self, y: usize, x: usize, value: f32, neighbourhood: Neighbourhood) -> bool {
        let planes = match neighbourhood {
            Neighbourhood::Volume => -1..=0,
            Neighbourhood::Plane => 0..=0,
        };
        for dz in planes {
            for dy in -1..=1 {
                for dx in -1..=1 {
                    if [dz, dy, dx] < [0, 0, 0] && self.value(y, x, [dz, dy, dx]) == Some(value) {
                        return false;
                    }
                }
            }
        }
        true
    }
}
