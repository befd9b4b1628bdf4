use cryo_core::{Grid, ParticleSet, Progress, TiltSeries, Volume, VoxelPos};
use ndarray::Array4;
use rayon::prelude::*;

use super::{
    check,
    options::VoxelOffset,
    scale::{ViewScale, quantize},
    slice_params::SliceViewParams,
    slices::Slices,
    statistics::ViewNormalization,
    tilt_params::TiltViewParams,
    tilts::Tilts,
    view_set::ViewSet,
};
use crate::error::Error;

/// Views that are cut out when they are asked for, from a volume or a tilt series in memory.
///
/// View `i` shows particle `source()[i]`. Nothing is kept of a view, so any number of them takes the memory
/// of the positions; a view of 36 pixels takes a few microseconds. The threads of rayon's pool share a batch,
/// and the values do not depend on their number.
pub struct LazyViews<'a> {
    kind: Kind<'a>,
    grid: Grid,
    shape: [usize; 3],
    scale: ViewScale,
    normalization: Option<ViewNormalization>,
    positions: Vec<VoxelPos>,
    source: Vec<usize>,
    left_out: Vec<LeftOut>,
}

enum Kind<'a> {
    Slices(Slices<'a>),
    Tilts(Tilts<'a>),
}

/// A particle without a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOut {
    /// Its number in the set.
    pub particle: usize,
    /// Why.
    pub reason: LeftOutReason,
}

/// Why a particle has no view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftOutReason {
    /// Its position is outside of the volume.
    Outside,
    /// Its view would cross a border, and the parameters ask to drop such views.
    Border,
    /// It is seen in no tilt of the window, or in none as far from the border as the parameters ask.
    NoTilt,
}

/// Slices of the tomogram at each particle, `[c, y, x]` a view.
///
/// Channels are the planes in the order of the parameters, each with its slices where they are not combined.
/// A particle whose position is outside of the volume has no view, and with
/// [`Border::Drop`](super::Border::Drop) or [`Border::CetPick`](super::Border::CetPick) one near the border.
/// Positions on another grid than the volume's are converted by way of ångström.
///
/// # Errors
/// [`Error::Parameter`], [`Error::Anisotropic`]; [`Error::Empty`], [`Error::NotFinite`],
/// [`Error::NonFinitePosition`].
///
/// # Examples
/// ```
/// use cryo_candidates::{BoxSize, Plane, SliceViewParams, ViewScale, slice_views};
/// use cryo_core::{Grid, Particle, ParticleSet, Volume, VoxelPos, VoxelSize};
/// use ndarray::Array3;
/// let grid = Grid::new([5, 6, 7], VoxelSize::new(10.0).expect("valid"));
/// let data = Array3::from_shape_fn((5, 6, 7), |(z, y, x)| (100 * z + 10 * y + x) as f32);
/// let volume = Volume::new(data, grid)?;
/// let mut particles = ParticleSet::new("ts_01", grid);
/// particles.items.push(Particle::at(VoxelPos::xyz(3.0, 2.0, 1.0)));
///
/// let params = SliceViewParams {
///     size: BoxSize::Pixels(2),
///     planes: vec![Plane::Xy, Plane::Yz],
///     slices: 1,
///     scale: ViewScale::Raw,
///     ..SliceViewParams::default()
/// };
/// let views = slice_views(&volume, &particles, &params)?;
/// assert_eq!(views.shape(), [2, 2, 2]);
/// let mut buffer = [0.0; 8];
/// views.fill(&[0], &mut buffer)?;
/// // Pixel ⌊2/2⌋ of both planes is the voxel of the position.
/// assert_eq!(buffer, [112.0, 113.0, 122.0, 123.0, 13.0, 23.0, 113.0, 123.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn slice_views<'a>(
    volume: &'a Volume,
    particles: &ParticleSet,
    params: &SliceViewParams,
) -> Result<LazyViews<'a>, Error> {
    let slices = Slices::new(volume, params)?;
    let shape = slices.shape();
    LazyViews::new(Kind::Slices(slices), particles, shape, params.scale)
}

/// The mean of the low tilt images at each particle, `[1, y, x]` a view (`milopyp-spec` D.1).
///
/// The position is projected into each tilt within ±[`max_angle_deg`](TiltViewParams::max_angle_deg) by the
/// geometry of the series, its own transform included: an image that is turned or stretched is sampled along
/// the aligned axes. A tilt in which the position is outside of the image is left out of the mean; a particle
/// that no tilt sees has no view.
///
/// # Errors
/// [`Error::Parameter`], [`Error::NoTilt`]; [`Error::Extent`] if images and tomogram show different fields;
/// [`Error::Tilt`], [`Error::Empty`], [`Error::NotFinite`], [`Error::NonFinitePosition`].
///
/// # Examples
/// ```
/// use cryo_candidates::{BoxSize, TiltViewParams, ViewScale, tilt_views};
/// use cryo_core::{
///     Grid, Particle, ParticleSet, Tilt, TiltGeometry, TiltSeries, TiltSign, VoxelPos, VoxelSize,
/// };
/// use ndarray::Array3;
/// let grid = Grid::new([256, 512, 512], VoxelSize::new(10.0).expect("valid"));
/// let tilts = vec![Tilt::at(-20.0), Tilt::at(20.0)];
/// let geometry = TiltGeometry::centred(tilts, TiltSign::Negative, &grid, [512, 512], 10.0);
/// // Column 320 of the second image is where (300, 200, 60) is seen at 20°, column 274 at −20°.
/// let mut images = Array3::zeros((2, 512, 512));
/// images[[1, 200, 320]] = 1.0;
/// images[[0, 200, 274]] = 3.0;
/// let series = TiltSeries::new(images, geometry)?;
/// let mut particles = ParticleSet::new("ts_01", grid);
/// particles.items.push(Particle::at(VoxelPos::xyz(300.0, 200.0, 60.0)));
///
/// let params = TiltViewParams {
///     size: BoxSize::Pixels(1),
///     scale: ViewScale::Raw,
///     ..TiltViewParams::cet_pick()
/// };
/// let mut sum = [0.0];
/// tilt_views(&series, &particles, &params)?.fill(&[0], &mut sum)?;
/// assert_eq!(sum, [4.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn tilt_views<'a>(
    series: &'a TiltSeries,
    particles: &ParticleSet,
    params: &TiltViewParams,
) -> Result<LazyViews<'a>, Error> {
    let tilts = Tilts::new(series, &particles.grid, params)?;
    let shape = tilts.shape();
    LazyViews::new(Kind::Tilts(tilts), particles, shape, params.scale)
}

/// Views that one thread takes at a time.
const GRAIN: usize = 8;
/// Views between two questions whether to stop.
pub(crate) const BATCH: usize = 512;

impl<'a> LazyViews<'a> {
    fn new(
        kind: Kind<'a>,
        particles: &ParticleSet,
        shape: [usize; 3],
        scale: ViewScale,
    ) -> Result<Self, Error> {
        check::positions(particles)?;
        let mut views = Self {
            kind,
            grid: particles.grid,
            shape,
            scale,
            normalization: None,
            positions: Vec::with_capacity(particles.len()),
            source: Vec::with_capacity(particles.len()),
            left_out: Vec::new(),
        };
        for (particle, item) in particles.items.iter().enumerate() {
            let reason = match &views.kind {
                Kind::Slices(slices) => slices.left_out(&views.grid, item.position),
                Kind::Tilts(tilts) => tilts.left_out(&views.grid, item.position),
            };
            if let Some(reason) = reason {
                views.left_out.push(LeftOut { particle, reason });
            } else {
                views.positions.push(item.position);
                views.source.push(particle);
            }
        }
        Ok(views)
    }

    /// The same views, each normalized as the last step.
    ///
    /// # Errors
    /// [`Error::Channels`] if it was measured on views with other channels, [`Error::Parameter`] if it holds
    /// numbers that no measurement gives.
    pub fn normalized(mut self, normalization: ViewNormalization) -> Result<Self, Error> {
        normalization.validate()?;
        normalization.check_channels(self.shape[0])?;
        self.normalization = Some(normalization);
        Ok(self)
    }

    /// Number of views.
    #[must_use]
    pub fn len(&self) -> usize {
        self.source.len()
    }

    /// Whether no particle has a view.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.source.is_empty()
    }

    /// Channels, rows and columns of a view.
    #[must_use]
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// Values of a view.
    #[must_use]
    pub fn view_len(&self) -> usize {
        self.shape.iter().product()
    }

    /// The particle of each view, ascending.
    #[must_use]
    pub fn source(&self) -> &[usize] {
        &self.source
    }

    /// The particles without a view, ascending. With those of [`source`](Self::source) they are all.
    #[must_use]
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// The view of a particle, `None` if it has none.
    #[must_use]
    pub fn view_of(&self, particle: usize) -> Option<usize> {
        self.source.binary_search(&particle).ok()
    }

    /// Writes views one after the other, `[n, c, y, x]`: scaled each, then normalized if
    /// [`normalized`](Self::normalized) was called.
    ///
    /// # Errors
    /// [`Error::Length`] if `out` does not have [`view_len`](Self::view_len) values for each view,
    /// [`Error::NoSuchView`].
    pub fn fill(&self, views: &[usize], out: &mut [f32]) -> Result<(), Error> {
        self.check(views, out.len())?;
        self.each(out, |index, out| {
            self.view(views[index], VoxelOffset::NONE, out);
        });
        Ok(())
    }

    /// As [`fill`](Self::fill), each view a step away from its particle, in voxels of the particles' grid:
    /// [`NEIGHBOURS`](super::NEIGHBOURS) are MiLoPYP's second views.
    ///
    /// A tilt view is made of the same tilts as that of the particle itself, and what it shows beyond a border
    /// is mirrored or clamped, so every step of every view exists.
    ///
    /// # Errors
    /// As [`fill`](Self::fill), and [`Error::Length`] or [`Error::Parameter`] unless there is one finite step a
    /// view.
    pub fn fill_shifted(
        &self,
        views: &[usize],
        offsets: &[VoxelOffset],
        out: &mut [f32],
    ) -> Result<(), Error> {
        self.check(views, out.len())?;
        if offsets.len() != views.len() {
            return Err(Error::Length {
                name: "offsets",
                expected: views.len(),
                got: offsets.len(),
            });
        }
        for offset in offsets {
            let sum = offset.dz + offset.dy + offset.dx;
            let rule = "expected finite steps";
            crate::error::require(sum.is_finite(), "offsets", sum, rule)?;
        }
        self.each(out, |index, out| {
            self.view(views[index], offsets[index], out);
        });
        Ok(())
    }

    /// As [`fill`](Self::fill), each view in 256 steps from its smallest value (0) to its largest (255),
    /// rounded to even; whatever the scale and the normalization. A constant view is 0.
    ///
    /// A quarter of the memory, within 1/510 of [`ViewScale::MinMax`] after division by 255.
    ///
    /// # Errors
    /// As [`fill`](Self::fill).
    pub fn fill_u8(&self, views: &[usize], out: &mut [u8]) -> Result<(), Error> {
        self.check(views, out.len())?;
        let length = self.view_len();
        (out.par_chunks_exact_mut(length).enumerate())
            .with_min_len(GRAIN)
            .for_each_init(
                || vec![0.0; length],
                |buffer, (index, out)| {
                    self.draw(views[index], VoxelOffset::NONE, buffer);
                    quantize(buffer, out);
                },
            );
        Ok(())
    }

    /// All views at once.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn to_set(&self, progress: &dyn Progress) -> Result<ViewSet, Error> {
        self.collect(progress, |views, out| self.fill(views, out))
    }

    /// All views at once, as of [`fill_u8`](Self::fill_u8).
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn to_set_u8(&self, progress: &dyn Progress) -> Result<ViewSet<u8>, Error> {
        self.collect(progress, |views, out| self.fill_u8(views, out))
    }

    fn collect<T: Copy + Default>(
        &self,
        progress: &dyn Progress,
        fill: impl Fn(&[usize], &mut [T]) -> Result<(), Error>,
    ) -> Result<ViewSet<T>, Error> {
        let [channels, height, width] = self.shape;
        let shape = (self.len(), channels, height, width);
        let mut views = Array4::from_elem(shape, T::default());
        let values = views.as_slice_mut().unwrap_or_default();
        progress.begin("cutting out views", self.len() as u64);
        let all: Vec<usize> = (0..self.len()).collect();
        for (batch, out) in all
            .chunks(BATCH)
            .zip(values.chunks_mut(BATCH * self.view_len()))
        {
            if progress.is_cancelled() {
                return Err(Error::Cancelled);
            }
            fill(batch, out)?;
            progress.advance(batch.len() as u64);
        }
        Ok(ViewSet {
            views,
            source: self.source.clone(),
        })
    }

    fn each(&self, out: &mut [f32], work: impl Fn(usize, &mut [f32]) + Sync) {
        (out.par_chunks_exact_mut(self.view_len()).enumerate())
            .with_min_len(GRAIN)
            .for_each(|(index, out)| work(index, out));
    }

    fn view(&self, view: usize, offset: VoxelOffset, out: &mut [f32]) {
        self.draw(view, offset, out);
        self.scale.apply(out);
        if let Some(normalization) = &self.normalization {
            normalization.apply_to_view(out);
        }
    }

    fn draw(&self, view: usize, offset: VoxelOffset, out: &mut [f32]) {
        out.fill(0.0);
        let position = self.positions[view];
        match &self.kind {
            Kind::Slices(slices) => slices.draw(&self.grid, offset.from(position), out),
            Kind::Tilts(tilts) => tilts.draw(&self.grid, position, offset, out),
        }
    }

    fn check(&self, views: &[usize], length: usize) -> Result<(), Error> {
        if let Some(&got) = views.iter().find(|&&view| view >= self.len()) {
            return Err(Error::NoSuchView {
                views: self.len(),
                got,
            });
        }
        let expected = views.len() * self.view_len();
        if length == expected {
            return Ok(());
        }
        Err(Error::Length {
            name: "out",
            expected,
            got: length,
        })
    }
}
