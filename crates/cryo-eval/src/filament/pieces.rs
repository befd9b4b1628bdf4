use cryo_core::AngstromPos;

use crate::{cells::Cells, error::Error};

/// Most pieces that one side is cut into.
const MAX_PIECES: usize = 10_000_000;

/// A short straight part of a filament.
pub(crate) struct Piece {
    start: AngstromPos,
    end: AngstromPos,
    pub(crate) filament: usize,
}

impl Piece {
    pub(crate) fn length(&self) -> f64 {
        self.start.distance_to(self.end)
    }

    pub(crate) fn middle(&self) -> AngstromPos {
        between(self.start, self.end, 0.5)
    }

    fn distance_to(&self, position: AngstromPos) -> f64 {
        let along = difference(self.end, self.start);
        let to = difference(position, self.start);
        let squared = dot(along, along);
        let fraction = if squared > 0.0 {
            (dot(to, along) / squared).clamp(0.0, 1.0)
        } else {
            0.0
        };
        between(self.start, self.end, fraction).distance_to(position)
    }
}

/// The curves of one side, searchable.
pub(crate) struct Pieces {
    pub(crate) all: Vec<Piece>,
    cells: Cells,
    radius: f64,
}

impl Pieces {
    /// Cuts the segments of every curve into pieces of at most `step`; a curve of one point is a piece of no length.
    pub(crate) fn new(curves: &[Vec<AngstromPos>], step: f64, radius: f64) -> Result<Self, Error> {
        let mut all = Vec::new();
        for (filament, curve) in curves.iter().enumerate() {
            if let [only] = curve[..] {
                all.push(Piece {
                    start: only,
                    end: only,
                    filament,
                });
            }
            for (start, end) in curve.iter().zip(curve.iter().skip(1)) {
                let count = (start.distance_to(*end) / step).ceil().max(1.0);
                if count > (MAX_PIECES - all.len()) as f64 {
                    return Err(Error::TooMany {
                        what: "pieces of filaments",
                        field: "step_angstrom",
                        limit: MAX_PIECES,
                    });
                }
                let at = |number: usize| between(*start, *end, number as f64 / count);
                all.extend((0..count as usize).map(|number| Piece {
                    start: at(number),
                    end: at(number + 1),
                    filament,
                }));
            }
        }
        let middles: Vec<_> = all.iter().map(Piece::middle).collect();
        // A piece reaches half its length from its middle.
        let cells = Cells::new(&middles, radius + step / 2.0);
        Ok(Self { all, cells, radius })
    }

    /// Distance and number of the nearest filament within the radius.
    pub(crate) fn nearest(&self, position: AngstromPos) -> Option<(f64, usize)> {
        let mut nearest: Option<(f64, usize)> = None;
        self.cells.near(position, |number| {
            let piece = &self.all[number];
            let found = (piece.distance_to(position), piece.filament);
            if found.0 <= self.radius && nearest.is_none_or(|known| found < known) {
                nearest = Some(found);
            }
        });
        nearest
    }
}

fn difference(to: AngstromPos, from: AngstromPos) -> [f64; 3] {
    [to.z - from.z, to.y - from.y, to.x - from.x]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// The place at a fraction of the way.
fn between(start: AngstromPos, end: AngstromPos, fraction: f64) -> AngstromPos {
    let [z, y, x] = difference(end, start);
    AngstromPos::zyx(
        start.z + fraction * z,
        start.y + fraction * y,
        start.x + fraction * x,
    )
}
