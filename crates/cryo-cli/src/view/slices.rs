//! Slices of the run's tomograms as pictures.

use std::sync::{Arc, Mutex, PoisonError};

use cryo_embed_viz::GreyRange;
use cryo_filters::{GaussianParams, gaussian};
use cryo_io::{dataset::DatasetEntry, mrc};
use ndarray::{Array3, Axis};

/// What is black or white at most, in percent of the voxels; the page narrows it.
const SATURATED_PERCENT: f64 = 0.05;
/// Slices above and below that the denoised view averages.
const REACH: usize = 2;
/// Width of its Gaussian in voxels.
const SIGMA_VOX: f64 = 1.0;
/// Tomograms that stay open.
const OPEN: usize = 8;

/// The tomograms of a run, opened when they are first looked at.
pub(super) struct Slices {
    entries: Vec<Option<DatasetEntry>>,
    shapes: Vec<[usize; 3]>,
    open: Mutex<Vec<(usize, Arc<Opened>)>>,
}

struct Opened {
    reader: mrc::Reader,
    range: GreyRange,
}

pub(crate) fn open(entry: &DatasetEntry) -> Result<mrc::Reader, cryo_io::Error> {
    let options = mrc::ReadOptions {
        permissive: true,
        axis_order: entry.axis_order,
        voxel_size_angstrom: entry.voxel_size_angstrom,
        ..Default::default()
    };
    mrc::Reader::open(&entry.tomogram, &options)
}

impl Slices {
    pub(super) fn new(entries: Vec<Option<DatasetEntry>>, shapes: Vec<[usize; 3]>) -> Self {
        Self {
            entries,
            shapes,
            open: Mutex::new(Vec::new()),
        }
    }

    /// Slice `z` of a tomogram as a PNG, or why there is none.
    pub(super) fn png(&self, tomogram: usize, z: usize, denoised: bool) -> Result<Vec<u8>, String> {
        let Some(shape) = self.shapes.get(tomogram) else {
            return Err(format!(
                "expected tomogram 0 to {}, got {tomogram}",
                self.shapes.len() - 1
            ));
        };
        if z >= shape[0] {
            return Err(format!("expected slice 0 to {}, got {z}", shape[0] - 1));
        }
        let opened = self.opened(tomogram)?;
        let failed = |error: cryo_io::Error| error.to_string();
        let reach = if denoised { REACH } else { 0 };
        let planes = z.saturating_sub(reach)..(z + reach + 1).min(shape[0]);
        let start = [planes.start, 0, 0];
        let part = opened
            .reader
            .part(start, [planes.len(), shape[1], shape[2]])
            .map_err(failed)?;
        let mut mean = part.mean_axis(Axis(0)).unwrap_or_default();
        if denoised {
            let flat = mean.view().insert_axis(Axis(0));
            let smooth = gaussian(flat, &GaussianParams::in_plane(SIGMA_VOX));
            mean = smooth
                .map_err(|error| error.to_string())?
                .index_axis_move(Axis(0), 0);
        }
        opened
            .range
            .png(mean.view())
            .map_err(|error| error.to_string())
    }

    fn opened(&self, tomogram: usize) -> Result<Arc<Opened>, String> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = open.iter().find(|(number, _)| *number == tomogram) {
            return Ok(known.clone());
        }
        let opened = Arc::new(self.open_one(tomogram)?);
        if open.len() >= OPEN {
            open.remove(0);
        }
        open.push((tomogram, opened.clone()));
        Ok(opened)
    }

    fn open_one(&self, tomogram: usize) -> Result<Opened, String> {
        let entry = self.entries[tomogram].as_ref();
        let entry = entry.ok_or("dataset.tsv of the run does not name this tomogram")?;
        let reader = open(entry).map_err(|error| error.to_string())?;
        let shape = self.shapes[tomogram];
        if reader.shape() != shape {
            return Err(format!(
                "{}: expected {shape:?} voxels along z, y, x as the candidates were counted in, got {:?}",
                entry.tomogram.display(),
                reader.shape()
            ));
        }
        let range = GreyRange::of(sample(&reader, shape)?.view(), SATURATED_PERCENT);
        Ok(Opened {
            range: range.map_err(|error| error.to_string())?,
            reader,
        })
    }
}

/// A few slices spread over the middle half.
fn sample(reader: &mrc::Reader, [depth, height, width]: [usize; 3]) -> Result<Array3<f32>, String> {
    const SLICES: usize = 5;
    let mut part = Array3::zeros((SLICES, height, width));
    for (number, mut plane) in part.outer_iter_mut().enumerate() {
        let z = depth / 4 + number * (depth / 2) / SLICES;
        let slice = reader.slice(z).map_err(|error| error.to_string())?;
        plane.assign(&slice);
    }
    Ok(part)
}
