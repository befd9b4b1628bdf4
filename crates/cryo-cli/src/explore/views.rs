use cryo_candidates::{
    BoxSize, LazyViews, NEIGHBOURS, SliceViewParams, ViewScale, VoxelOffset, find_candidates,
    preprocess_volume, slice_views,
};
use cryo_contrastive::{Error, ViewIndex, ViewShape, ViewSource};
use cryo_core::{ParticleSet, Progress, Volume};
use cryo_io::dataset::DatasetEntry;

use super::settings::{self, Settings};
use crate::{
    exit::Failure,
    options::Common,
    tomograms::{self, Tomogram},
};

/// Tomograms in memory with their candidates.
pub(super) struct Specimens {
    volumes: Vec<Volume>,
    pub(super) sets: Vec<ParticleSet>,
}

/// Bytes that the volumes of these tomograms take.
pub(super) fn memory(entries: &[&DatasetEntry], common: &Common) -> Result<u64, Failure> {
    let mut bytes = 0;
    for entry in entries {
        let [z, y, x] = Tomogram::open(entry, common)?.reader().shape();
        bytes += 4 * (z * y * x) as u64;
    }
    Ok(bytes)
}

impl Specimens {
    /// Reads tomograms; `sets` has their candidates by name, or they are searched.
    pub(super) fn read(
        entries: &[&DatasetEntry],
        sets: Option<&[ParticleSet]>,
        explore: &Settings,
        common: &Common,
        progress: &dyn Progress,
    ) -> Result<Self, Failure> {
        let needed = memory(entries, common)?;
        if needed > common.memory_bytes() {
            return Err(Failure::Resources(format!(
                "expected at most {:.1} GiB of tomograms, got {:.1} GiB; explore fewer or binned ones, or raise --memory",
                common.memory_bytes() as f64 / f64::from(1 << 30),
                needed as f64 / f64::from(1 << 30)
            )));
        }
        let mut specimens = Self {
            volumes: Vec::new(),
            sets: Vec::new(),
        };
        for entry in entries {
            let failure = |error| tomograms::failure(error, &entry.tomogram);
            let raw = Tomogram::open(entry, common)?.reader().volume()?;
            let set = match sets {
                Some(sets) => sets.iter().find(|set| set.tomogram == entry.name).cloned(),
                None => {
                    let params = settings::candidates(common)?.params(raw.grid())?;
                    let found =
                        find_candidates(&raw, &params, Some(common.memory_bytes()), progress);
                    Some(found.map_err(failure)?)
                }
            };
            let mut set = set.unwrap_or_else(|| ParticleSet::new(&entry.name, *raw.grid()));
            set.tomogram.clone_from(&entry.name);
            common.say(&format!("{}: {} candidates", entry.name, set.len()));
            let volume =
                preprocess_volume(&raw, &explore.preprocess()?, progress).map_err(failure)?;
            specimens.volumes.push(volume);
            specimens.sets.push(set);
        }
        Ok(specimens)
    }

    /// Views of all candidates, one tomogram after another.
    pub(super) fn views(&self, settings: &Settings) -> Result<Views<'_>, Failure> {
        let params = SliceViewParams {
            size: BoxSize::Pixels(settings.view_edge()),
            slices: settings.slices,
            combine: if settings.averages() {
                SliceViewParams::default().combine
            } else {
                None
            },
            scale: ViewScale::Raw,
            ..SliceViewParams::default()
        };
        let mut offsets = vec![VoxelOffset::NONE];
        if settings.neighbours()? {
            offsets.extend(NEIGHBOURS);
        }
        let mut views = Views {
            parts: Vec::new(),
            items: Vec::new(),
            offsets,
        };
        for (part, (volume, set)) in self.volumes.iter().zip(&self.sets).enumerate() {
            let cut = slice_views(volume, set, &params)
                .map_err(|error| Failure::Input(format!("{}: {error}", set.tomogram)))?;
            views.items.extend((0..cut.len()).map(|view| (part, view)));
            views.parts.push(cut);
        }
        Ok(views)
    }
}

/// Views of several tomograms, cut out when they are asked for.
pub(super) struct Views<'a> {
    parts: Vec<LazyViews<'a>>,
    /// Tomogram and number in it of each item.
    items: Vec<(usize, usize)>,
    offsets: Vec<VoxelOffset>,
}

impl Views<'_> {
    /// Tomogram and particle of each item.
    pub(super) fn sources(&self) -> impl Iterator<Item = (usize, usize)> {
        let source = |&(part, view): &(usize, usize)| (part, self.parts[part].source()[view]);
        self.items.iter().map(source)
    }
}

impl ViewSource for Views<'_> {
    fn shape(&self) -> ViewShape {
        ViewShape {
            items: self.items.len(),
            variants: self.offsets.len(),
            view: self.parts.first().map_or([1; 3], LazyViews::shape),
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
                .fill_shifted(&numbers, &offsets, out)
                .map_err(|error| Error::Source(error.into()))?;
            start += run.len() * length;
        }
        Ok(())
    }
}
