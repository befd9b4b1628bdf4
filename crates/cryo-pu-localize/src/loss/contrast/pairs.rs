use tch::{Device, Kind, Tensor};

use crate::Error;

/// Vectors to the side of a tile of similarities: on a CPU it stays in the cache, elsewhere it keeps the device busy.
const fn side(device: Device) -> i64 {
    match device {
        Device::Cpu => 384,
        _ => 4096,
    }
}

/// The similarities exp((zᵢ·zⱼ − 1)/T) of some of the vectors, of length 1, with all: in tiles, and each pair once, as they
/// are the same both ways.
pub(super) struct Pairs {
    /// Numbers of the vectors: first those that are asked for.
    order: Tensor,
    /// The vectors in this order, and over T.
    z: Tensor,
    scaled: Tensor,
    asked: i64,
    temperature: f64,
}

/// Where a tile begins and how long it is.
#[derive(Clone, Copy)]
struct Span {
    start: i64,
    length: i64,
}

impl Span {
    fn of(self, tensor: &Tensor) -> Result<Tensor, Error> {
        Ok(tensor.f_narrow(0, self.start, self.length)?)
    }

    /// The spans of at most `side` that reach from one number to before another.
    fn all(start: i64, end: i64, side: i64) -> impl Iterator<Item = Self> {
        let starts = (start..end).step_by(side as usize);
        starts.map(move |start| Self {
            start,
            length: side.min(end - start),
        })
    }
}

impl Pairs {
    pub(super) fn new(z: &Tensor, asked: &Tensor, temperature: f64) -> Result<Self, Error> {
        let mut rest = Tensor::f_ones([z.size()[0]], (Kind::Bool, z.device()))?;
        let rest = rest.f_index_fill_(0, asked, 0)?.f_nonzero()?.f_view([-1])?;
        let order = Tensor::f_cat(&[asked, &rest], 0)?;
        let z = z.f_index_select(0, &order)?;
        Ok(Self {
            order,
            scaled: &z / temperature,
            z,
            asked: asked.size()[0],
            temperature,
        })
    }

    /// Goes through the tiles: rows, columns, similarities, with themselves `own`.
    fn tiles(
        &self,
        own: f64,
        visit: &mut dyn FnMut(Span, Span, Tensor) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (count, side) = (self.z.size()[0], side(self.z.device()));
        let room = Tensor::f_empty([side * side], (Kind::Float, self.z.device()))?;
        for rows in Span::all(0, self.asked, side) {
            let later = Span::all(rows.start + rows.length, count, side);
            for columns in std::iter::once(rows).chain(later) {
                let mut tile = room
                    .f_narrow(0, 0, rows.length * columns.length)?
                    .f_view([rows.length, columns.length])?;
                let turned = columns.of(&self.z)?.f_transpose(0, 1)?;
                let _ = rows.of(&self.scaled)?.f_mm_out(&tile, &turned)?;
                let _ = tile.f_sub_scalar_(1.0 / self.temperature)?.f_exp_()?;
                if columns.start == rows.start {
                    let _ = tile.f_diagonal(0, 0, 1)?.f_fill_(own)?;
                }
                visit(rows, columns, tile)?;
            }
        }
        Ok(())
    }

    /// Of each that is asked for, the sum over all, with itself 1.
    pub(super) fn sums(&self) -> Result<Tensor, Error> {
        let sums = Tensor::f_zeros([self.asked], (Kind::Float, self.z.device()))?;
        let add = |span: Span, tile: &Tensor, dim: i64| -> Result<(), Error> {
            let sum = tile.f_sum_dim_intlist([dim].as_slice(), false, Kind::Float)?;
            let _ = span.of(&sums)?.f_add_(&sum)?;
            Ok(())
        };
        self.tiles(1.0, &mut |rows, columns, tile| {
            add(rows, &tile, 1)?;
            let length = columns.length.min(self.asked - columns.start);
            if columns.start > rows.start && length > 0 {
                let start = columns.start;
                add(Span { start, length }, &tile.f_narrow(1, 0, length)?, 0)?;
            }
            Ok(())
        })?;
        Ok(sums)
    }

    /// Gradient for the vectors, in their own order, of the sum of [`Pairs::sums`], each times `by`, over T⁻¹.
    pub(super) fn gradient(&self, by: &Tensor) -> Result<Tensor, Error> {
        let none = self.z.size()[0] - self.asked;
        let none = Tensor::f_zeros([none], (Kind::Float, self.z.device()))?;
        let by = Tensor::f_cat(&[by, &none], 0)?;
        let gradient = self.z.zeros_like();
        self.tiles(0.0, &mut |rows, columns, mut tile| {
            let both = rows.of(&by)?.f_unsqueeze(1)? + columns.of(&by)?;
            let tile = tile.f_mul_(&both)?;
            let _ = (rows.of(&gradient)?).f_addmm_(&tile, &columns.of(&self.z)?)?;
            if columns.start > rows.start {
                let turned = tile.f_transpose(0, 1)?;
                let _ = (columns.of(&gradient)?).f_addmm_(&turned, &rows.of(&self.z)?)?;
            }
            Ok(())
        })?;
        Ok(gradient
            .zeros_like()
            .f_index_copy_(0, &self.order, &gradient)?)
    }
}
