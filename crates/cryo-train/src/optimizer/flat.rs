use tch::Tensor;

use super::{Entry, OptimizerParams, SgdParams};
use crate::Error;

/// A stretch of the rows that is changed alike.
pub(super) struct Part {
    pub(super) values: Tensor,
    pub(super) gradient: Tensor,
    /// In the order of [`OptimizerParams::slots`].
    pub(super) slots: Vec<Tensor>,
    /// No weight decay and no layer-wise rate.
    pub(super) exempt: bool,
}

/// What the loss reaches, end to end: the parameters become views of one row, as do their slots.
pub(super) struct Flat {
    reached: Vec<bool>,
    /// Which entries lie in the row, one after another.
    order: Vec<usize>,
    sizes: Vec<Vec<i64>>,
    gradient: Tensor,
    parts: Vec<Part>,
}

impl Flat {
    /// Of those entries that are `reached`.
    pub(super) fn new(
        params: &OptimizerParams,
        entries: &mut [Entry],
        reached: &[bool],
    ) -> Result<Self, Error> {
        let (exempt_vectors, layer_wise) = match params {
            OptimizerParams::Sgd(SgdParams {
                exempt_vectors,
                lars,
                ..
            }) => (*exempt_vectors, lars.is_some()),
            OptimizerParams::Adam(params) => (params.exempt_vectors, false),
        };
        let is_exempt = |entry: &Entry| exempt_vectors && entry.tensor.dim() <= 1;
        let mut order: Vec<usize> = (0..entries.len()).filter(|&index| reached[index]).collect();
        order.sort_by_key(|&index| is_exempt(&entries[index]));

        for &index in &order {
            let entry = &mut entries[index];
            while entry.slots.len() < params.slots().len() {
                entry.slots.push(entry.tensor.f_zeros_like()?);
            }
        }
        let row = |of: &dyn Fn(&Entry) -> Tensor| {
            let all = order.iter().map(|&index| of(&entries[index]));
            Ok::<_, Error>(Tensor::f_cat(&padded(all)?, 0)?)
        };
        let values = row(&|entry| entry.tensor.detach())?;
        let slots: Vec<Tensor> = (0..params.slots().len())
            .map(|slot| row(&|entry| entry.slots[slot].shallow_clone()))
            .collect::<Result<_, _>>()?;
        let gradient = values.f_zeros_like()?;

        let (mut start, mut sizes, mut stretches) = (0, Vec::new(), Vec::<(i64, i64, bool)>::new());
        for &index in &order {
            let entry = &mut entries[index];
            let (size, length) = (entry.tensor.size(), entry.tensor.numel() as i64);
            let stride = length + padding(length);
            let view = |row: &Tensor| -> Result<Tensor, Error> {
                Ok(row.f_narrow(0, start, length)?.f_view(size.as_slice())?)
            };
            entry.tensor.f_set_data(&view(&values)?)?;
            entry.slots = slots.iter().map(view).collect::<Result<_, _>>()?;
            let exempt = is_exempt(entry);
            match stretches.last_mut() {
                Some(last) if last.2 == exempt && !layer_wise => last.1 += stride,
                _ => stretches.push((start, stride, exempt)),
            }
            start += stride;
            sizes.push(size);
        }
        let part = |(start, length, exempt): (i64, i64, bool)| -> Result<Part, Error> {
            let stretch = |row: &Tensor| row.f_narrow(0, start, length);
            Ok(Part {
                values: stretch(&values)?,
                gradient: stretch(&gradient)?,
                slots: slots.iter().map(stretch).collect::<Result<_, _>>()?,
                exempt,
            })
        };
        let parts = stretches.into_iter().map(part).collect::<Result<_, _>>()?;
        Ok(Self {
            reached: reached.to_vec(),
            order,
            sizes,
            gradient,
            parts,
        })
    }

    pub(super) fn is_of(&self, reached: &[bool]) -> bool {
        self.reached == reached
    }

    /// Copies the gradients, of every entry, into the row.
    pub(super) fn take(&mut self, gradients: &[Tensor]) -> Result<(), Error> {
        let all = (self.order.iter()).map(|&index| gradients[index].shallow_clone());
        let _ = Tensor::f_cat_out(&self.gradient, &padded(all)?, 0)?;
        Ok(())
    }

    /// All of them as one vector.
    pub(super) fn gradient(&self) -> Tensor {
        self.gradient.shallow_clone()
    }

    /// Number of the entry, and a view of its gradient.
    pub(super) fn gradients(&self) -> impl Iterator<Item = (usize, Tensor)> {
        let mut start = 0;
        self.order
            .iter()
            .zip(&self.sizes)
            .map(move |(&index, size)| {
                let length: i64 = size.iter().product();
                let view = self.gradient.narrow(0, start, length).view(size.as_slice());
                start += length + padding(length);
                (index, view)
            })
    }

    pub(super) fn parts(&mut self) -> &mut [Part] {
        &mut self.parts
    }
}

/// Numbers between the beginnings of two tensors are a multiple of this: kernels for GPUs want addresses that are
/// multiples of up to 256 bytes.
const ALIGNMENT: i64 = 64;

fn padding(length: i64) -> i64 {
    (-length).rem_euclid(ALIGNMENT)
}

/// Each as a vector, followed by as many zeros as the next one's alignment wants.
fn padded(tensors: impl Iterator<Item = Tensor>) -> Result<Vec<Tensor>, Error> {
    let mut all = Vec::new();
    let mut zeros: Option<Tensor> = None;
    for tensor in tensors {
        let row = tensor.f_reshape([-1])?;
        let padding = padding(row.size()[0]);
        all.push(row);
        if padding > 0 {
            let zeros = match &zeros {
                Some(zeros) => zeros,
                None => zeros.insert(Tensor::f_zeros(
                    [ALIGNMENT],
                    (tensor.kind(), tensor.device()),
                )?),
            };
            all.push(zeros.f_narrow(0, 0, padding)?);
        }
    }
    Ok(all)
}
