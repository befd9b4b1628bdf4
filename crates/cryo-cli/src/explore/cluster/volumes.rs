use std::{fs, path::Path};

use cryo_candidates::{PlaneSource, PreprocessParams, preprocess_volume};
use cryo_core::{Volume, VoxelPos};
use cryo_embed_viz::{SlicesParams, class_colour, label_volume, overlay_slice};
use cryo_io::{Overwrite, dataset::Dataset, mrc, write_atomic};
use ndarray::Axis;

use super::{super::clustered::Clustered, compute};
use crate::{
    exit::Failure,
    options::{Common, is_interrupted},
    tomograms::{self, Tomogram},
};

/// Smoothing of the slices below the labels, in voxels: a person sees particles better so.
const SMOOTHING_VOX: f64 = 1.5;

/// Writes for each tomogram a volume of labels beside slices with the labels over them.
pub(super) fn write(
    run: &Path,
    dataset: &Dataset,
    clustered: &Clustered,
    radius_vox: f64,
    common: &Common,
) -> Result<(), Failure> {
    let folder = run.join("report").join("volumes");
    fs::create_dir_all(&folder).map_err(cryo_io::Error::from)?;
    let labels = clustered.labels();
    for (number, name) in clustered.places.names.iter().enumerate() {
        if is_interrupted() {
            return Err(Failure::Interrupted);
        }
        let Some(entry) = dataset.entries.iter().find(|entry| entry.name == *name) else {
            return Err(Failure::Input(format!(
                "{}: expected a line for tomogram {name:?}, got none",
                run.join("dataset.tsv").display()
            )));
        };
        let tomogram = Tomogram::open(entry, common)?;
        let grid = tomogram.grid();
        let own = clustered.places.tomogram.iter().zip(&labels).enumerate();
        let rows: Vec<(usize, u16)> = own
            .filter(|(_, (tomogram, label))| **tomogram == number && **label > 0)
            .map(|(row, (_, label))| (row, (*label).min(i16::MAX as u32) as u16))
            .collect();
        let places: Vec<VoxelPos> = (rows.iter())
            .map(|(row, _)| clustered.places.position[*row])
            .collect();
        let classes: Vec<u16> = rows.iter().map(|(_, label)| *label).collect();
        let volume = label_volume(grid.shape, &places, &classes, radius_vox)
            .map_err(|error| compute::failure(error, &clustered.table))?;
        let stem = name.replace(['/', '\\'], "_");
        let numbers = Volume::new(volume.mapv(f32::from), grid)
            .map_err(|error| Failure::Input(format!("{name}: {error}")))?;
        let options = mrc::WriteOptions {
            mode: mrc::Mode::Int16,
            overwrite: Overwrite::Replace,
            ..mrc::WriteOptions::default()
        };
        mrc::write(
            folder.join(format!("{stem}_labels.mrc")),
            &numbers,
            &options,
        )?;
        let below = smoothed(&tomogram, entry, common)?;
        let step = (radius_vox.floor() as usize).max(1);
        for z in (step / 2..grid.shape[0]).step_by(step) {
            let picture = overlay_slice(
                below.data().index_axis(Axis(0), z),
                volume.index_axis(Axis(0), z),
                |label| class_colour(label.into()),
                &SlicesParams {
                    least_width_px: 800,
                    ..SlicesParams::default()
                },
            )
            .map_err(|error| compute::failure(error, &clustered.table))?;
            let path = folder.join(format!("{stem}_z{z:04}.png"));
            write_atomic(&path, Overwrite::Replace, |out| {
                let written = picture.write_png(out);
                written.map_err(|error| std::io::Error::other(error).into())
            })?;
        }
    }
    common.say(&format!("volumes and slices in {}", folder.display()));
    Ok(())
}

fn smoothed(
    tomogram: &Tomogram,
    entry: &cryo_io::dataset::DatasetEntry,
    common: &Common,
) -> Result<Volume, Failure> {
    let bytes = 8 * tomogram.grid().shape.iter().product::<usize>() as u64;
    if bytes > common.memory_bytes() {
        return Err(Failure::Resources(format!(
            "{}: its volumes need {:.1} GiB; raise --memory or leave out --volumes",
            entry.name,
            bytes as f64 / f64::from(1 << 30)
        )));
    }
    let raw = tomogram.reader().volume()?;
    let params = PreprocessParams {
        denoise_sigma_vox: SMOOTHING_VOX,
        ..PreprocessParams::default()
    };
    preprocess_volume(&raw, &params, &())
        .map_err(|error| tomograms::failure(error, &entry.tomogram))
}
