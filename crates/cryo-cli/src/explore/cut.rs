use cryo_candidates::{
    BoxSize, LazyViews, NEIGHBOURS, SliceViewParams, TiltViewParams, ViewScale, VoxelOffset,
    slice_views, tilt_views,
};
use cryo_contrastive::{Error, ViewIndex, ViewShape, ViewSource};
use cryo_core::ParticleSet;

use super::{settings::Settings, views::Specimen};
use crate::exit::Failure;

/// Relative difference of a tilt image's pixel and a voxel from which on the two show different fields.
const SCALE_TOLERANCE: f64 = 0.02;

/// Views of tomograms in memory, cut out when they are asked for.
pub(super) struct CutViews<'a> {
    parts: Vec<Part<'a>>,
    /// Tomogram and number in it of each item.
    items: Vec<(usize, usize)>,
    offsets: Vec<VoxelOffset>,
}

/// The views of one tomogram.
struct Part<'a> {
    slices: LazyViews<'a>,
    /// Channels of the tilt series, before those of the slices.
    tilts: Option<LazyViews<'a>>,
    /// The particles that all channels show.
    particles: Vec<usize>,
}

/// Views of all candidates, one tomogram after another.
pub(super) fn cut<'a>(
    specimens: &'a [Specimen],
    sets: &[ParticleSet],
    settings: &Settings,
) -> Result<CutViews<'a>, Failure> {
    let mut offsets = vec![VoxelOffset::NONE];
    if settings.neighbours()? {
        offsets.extend(NEIGHBOURS);
    }
    let mut views = CutViews {
        parts: Vec::new(),
        items: Vec::new(),
        offsets,
    };
    for (number, (specimen, set)) in specimens.iter().zip(sets).enumerate() {
        let part = Part::new(specimen, set, settings)?;
        let items = (0..part.particles.len()).map(|view| (number, view));
        views.items.extend(items);
        views.parts.push(part);
    }
    Ok(views)
}

impl<'a> Part<'a> {
    fn new(
        specimen: &'a Specimen,
        set: &ParticleSet,
        settings: &Settings,
    ) -> Result<Self, Failure> {
        let failed =
            |error: cryo_candidates::Error| Failure::Input(format!("{}: {error}", set.tomogram));
        let slices = slice_views(&specimen.volume, set, &slice_params(settings)).map_err(failed)?;
        let Some(series) = &specimen.series else {
            let particles = slices.source().to_vec();
            return Ok(Self {
                slices,
                tilts: None,
                particles,
            });
        };
        let (pixel, voxel) = (
            series.geometry().pixel_size_angstrom,
            set.grid.voxel_size.x(),
        );
        if (pixel / voxel - 1.0).abs() > SCALE_TOLERANCE {
            return Err(Failure::Input(format!(
                "{}: expected tilt images of the tomogram's {voxel} Å a pixel, got {pixel} Å; bin them alike",
                set.tomogram
            )));
        }
        let tilts = tilt_views(series, set, &tilt_params(settings)).map_err(failed)?;
        let seen = |particle: &usize| tilts.view_of(*particle).is_some();
        let particles: Vec<usize> = slices.source().iter().copied().filter(seen).collect();
        Ok(Self {
            slices,
            tilts: Some(tilts),
            particles,
        })
    }

    fn channels(&self) -> usize {
        self.slices.shape()[0] + self.tilts.as_ref().map_or(0, |tilts| tilts.shape()[0])
    }

    /// Views one after another, channels of the tilts first.
    fn fill(
        &self,
        views: &[usize],
        offsets: &[VoxelOffset],
        out: &mut [f32],
    ) -> Result<(), cryo_candidates::Error> {
        let whole = out.len() / views.len().max(1);
        let mut start = 0;
        for source in self.tilts.iter().chain([&self.slices]) {
            let of = |view: &usize| source.view_of(self.particles[*view]);
            // A particle is listed only where all channels show it.
            let numbers: Vec<usize> = views.iter().filter_map(of).collect();
            if self.tilts.is_none() {
                return source.fill_shifted(&numbers, offsets, out);
            }
            let length = source.view_len();
            let mut channels = vec![0.0; numbers.len() * length];
            source.fill_shifted(&numbers, offsets, &mut channels)?;
            let pairs = out.chunks_exact_mut(whole);
            for (out, view) in pairs.zip(channels.chunks_exact(length)) {
                out[start..start + length].copy_from_slice(view);
            }
            start += length;
        }
        Ok(())
    }
}

fn slice_params(settings: &Settings) -> SliceViewParams {
    let with_tilts = settings.shows_tilts();
    let default = SliceViewParams::default();
    SliceViewParams {
        size: BoxSize::Pixels(settings.view_edge()),
        // One slice stands beside the tilt view (milopyp-spec D.1).
        slices: if with_tilts { 1 } else { settings.slices },
        combine: if settings.averages() {
            default.combine
        } else {
            None
        },
        scale: if with_tilts {
            ViewScale::MinMax
        } else {
            ViewScale::Raw
        },
        ..default
    }
}

fn tilt_params(settings: &Settings) -> TiltViewParams {
    TiltViewParams {
        size: BoxSize::Pixels(settings.view_edge()),
        max_angle_deg: settings.max_tilt,
        ..TiltViewParams::default()
    }
}

impl CutViews<'_> {
    /// Tomogram and particle of each item.
    pub(super) fn sources(&self) -> impl Iterator<Item = (usize, usize)> {
        let source = |&(part, view): &(usize, usize)| (part, self.parts[part].particles[view]);
        self.items.iter().map(source)
    }
}

impl ViewSource for CutViews<'_> {
    fn shape(&self) -> ViewShape {
        let view = self.parts.first().map_or([1; 3], |part| {
            let [_, height, width] = part.slices.shape();
            [part.channels(), height, width]
        });
        ViewShape {
            items: self.items.len(),
            variants: self.offsets.len(),
            view,
        }
    }

    fn fill(&self, views: &[ViewIndex], out: &mut [f32]) -> Result<(), Error> {
        let length = ViewSource::shape(self).view_len();
        let mut start = 0;
        // Runs of one tomogram at a time.
        for run in views.chunk_by(|a, b| self.items[a.item].0 == self.items[b.item].0) {
            let (part, _) = self.items[run[0].item];
            let numbers: Vec<usize> = run.iter().map(|view| self.items[view.item].1).collect();
            let offsets: Vec<VoxelOffset> =
                run.iter().map(|view| self.offsets[view.variant]).collect();
            let out = &mut out[start..start + run.len() * length];
            self.parts[part]
                .fill(&numbers, &offsets, out)
                .map_err(|error| Error::Source(error.into()))?;
            start += run.len() * length;
        }
        Ok(())
    }
}
