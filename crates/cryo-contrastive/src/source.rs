use ndarray::{ArrayView3, ArrayView4, Axis};

use crate::{Error, error::require};

/// How many views there are, and how large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewShape {
    /// Items: candidates, say.
    pub items: usize,
    /// Ways to look at each: 1, or more where there are neighbouring positions or halves of the tilts.
    /// Variant 0 is the one that is embedded.
    pub variants: usize,
    /// Channels, rows, columns of a view.
    pub view: [usize; 3],
}

impl ViewShape {
    /// Numbers in one view.
    #[must_use]
    pub fn view_len(&self) -> usize {
        self.view.iter().product()
    }
}

/// One look at one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewIndex {
    /// The item, from 0.
    pub item: usize,
    /// The variant, from 0.
    pub variant: usize,
}

/// Where views come from: an array, or tomograms from which they are cut when asked for.
pub trait ViewSource: Sync {
    /// How many views there are, and how large; always the same.
    fn shape(&self) -> ViewShape;

    /// Writes views one after another, `[c, y, x]` each, into `out`, which has their length.
    ///
    /// # Errors
    /// [`Error::Source`] with the caller's own error.
    fn fill(&self, views: &[ViewIndex], out: &mut [f32]) -> Result<(), Error>;
}

/// Views in memory, `[n, c, y, x]`, one variant each.
impl ViewSource for ArrayView4<'_, f32> {
    fn shape(&self) -> ViewShape {
        let (items, channels, height, width) = self.dim();
        ViewShape {
            items,
            variants: 1,
            view: [channels, height, width],
        }
    }

    fn fill(&self, views: &[ViewIndex], out: &mut [f32]) -> Result<(), Error> {
        let length = ViewSource::shape(self).view_len();
        for (view, out) in views.iter().zip(out.chunks_exact_mut(length)) {
            copy(self.index_axis(Axis(0), view.item), out);
        }
        Ok(())
    }
}

fn copy(view: ArrayView3<'_, f32>, out: &mut [f32]) {
    match view.as_slice() {
        Some(values) => out.copy_from_slice(values),
        None => out
            .iter_mut()
            .zip(view)
            .for_each(|(out, &value)| *out = value),
    }
}

/// Several looks at the same items, each a source of its own.
///
/// # Examples
/// ```
/// use cryo_contrastive::{Variants, ViewSource};
/// use ndarray::Array4;
/// let (whole, odd, even) = (Array4::zeros((5, 1, 8, 8)), Array4::zeros((5, 1, 8, 8)), Array4::zeros((5, 1, 8, 8)));
/// let views = [whole.view(), odd.view(), even.view()];
/// let variants = Variants::new(views.iter().map(|view| view as &dyn ViewSource).collect())?;
/// assert_eq!(variants.shape().variants, 3);
/// # Ok::<(), cryo_contrastive::Error>(())
/// ```
pub struct Variants<'a>(Vec<&'a dyn ViewSource>);

impl<'a> Variants<'a> {
    /// The variants of all sources, in their order.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless there is at least one source and all have the same items and shape.
    pub fn new(sources: Vec<&'a dyn ViewSource>) -> Result<Self, Error> {
        require(!sources.is_empty(), "sources", "at least one", "none")?;
        let first = sources[0].shape();
        for source in &sources {
            let shape = source.shape();
            let same = (shape.items, shape.view) == (first.items, first.view);
            let expected = format!("of one shape, {} items of {:?}", first.items, first.view);
            let got = format!("{} items of {:?}", shape.items, shape.view);
            require(same, "sources", expected, got)?;
        }
        Ok(Self(sources))
    }
}

impl ViewSource for Variants<'_> {
    fn shape(&self) -> ViewShape {
        let variants = self.0.iter().map(|source| source.shape().variants).sum();
        ViewShape {
            variants,
            ..self.0[0].shape()
        }
    }

    fn fill(&self, views: &[ViewIndex], out: &mut [f32]) -> Result<(), Error> {
        let length = ViewSource::shape(self).view_len();
        for (view, out) in views.iter().zip(out.chunks_exact_mut(length)) {
            let mut variant = view.variant;
            for source in &self.0 {
                let count = source.shape().variants;
                if variant < count {
                    let item = view.item;
                    source.fill(&[ViewIndex { item, variant }], out)?;
                    break;
                }
                variant -= count;
            }
        }
        Ok(())
    }
}
