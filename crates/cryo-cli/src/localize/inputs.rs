use std::path::Path;

use cryo_candidates::PlaneSource;
use cryo_core::ParticleSet;
use cryo_io::{Frame, Frames, PicksOptions, dataset::DatasetEntry, read_picks};
use cryo_pu_localize::{Error, Reduced, reduce};

use super::failure;
use crate::{
    exit::Failure,
    masks,
    options::Common,
    tomograms::{self, Tomogram},
};

/// A tomogram and its mask on the grid of a network of voxels of `voxel_angstrom`, read a few planes at a time.
pub(super) fn read(
    tomogram: &Tomogram,
    entry: &DatasetEntry,
    voxel_angstrom: f64,
    common: &Common,
) -> Result<Reduced, Failure> {
    let mask = masks::open(entry, tomogram.grid().shape, common)?;
    let of_mask = mask.as_ref().map(|mask| mask as &dyn PlaneSource);
    reduce(&entry.name, tomogram, of_mask, voxel_angstrom).map_err(|error| match error {
        Error::Mask { expected, got, .. } => masks::refused(entry, &expected, &got),
        Error::Source { source, .. } => match source.downcast::<cryo_io::Error>() {
            Ok(error) => Failure::from(*error),
            Err(source) => Failure::Input(format!("{}: {source}", entry.tomogram.display())),
        },
        error => tomograms::named(failure(error), &entry.tomogram),
    })
}

/// Coordinates of the tomograms of a dataset, in any format; each set is on its tomogram's grid and has its name.
pub(super) fn coordinates(
    path: &Path,
    entries: &[&DatasetEntry],
    common: &Common,
) -> Result<Vec<ParticleSet>, Failure> {
    let options = options(entries, common)?;
    let mut sets = read_picks(path, None, &options)?.sets;
    if let ([only], [set]) = (entries, &mut sets[..]) {
        // Formats of one tomogram need not say which; the name is then empty or that of the file.
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        if set.tomogram.is_empty() || set.tomogram == stem {
            set.tomogram.clone_from(&only.name);
        }
    }
    sets.retain(|set| !set.is_empty());
    for set in &sets {
        if !entries.iter().any(|entry| entry.name == set.tomogram) {
            let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
            return Err(Failure::Input(format!(
                "{}: {} positions are of tomogram {:?}, expected one of {}; name it in --data, or rename it",
                path.display(),
                set.len(),
                set.tomogram,
                names.join(", ")
            )));
        }
    }
    Ok(sets)
}

/// The grids of the tomograms, by name; of a single one also for whatever names none.
pub(super) fn options(entries: &[&DatasetEntry], common: &Common) -> Result<PicksOptions, Failure> {
    let mut frames = Frames::default();
    for entry in entries {
        let grid = Tomogram::open(entry, common)?.grid();
        let frame = Frame {
            tilt_series_pixel_size: grid.voxel_size.isotropic(),
            ..Frame::of(&grid)
        };
        frames.named.insert(entry.name.clone(), frame);
        if let [_] = entries {
            frames.other = frame;
        }
    }
    Ok(PicksOptions {
        frames,
        ..PicksOptions::default()
    })
}
