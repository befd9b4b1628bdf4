use std::path::{Path, PathBuf};

use cryo_core::{ParticleSet, Volume, VoxelPos};
use cryo_io::{CoordinateFormat, Frame, Frames, PicksOptions, mrc, read_picks};
use cryo_pu_localize::{AnnotatedTomogram, Annotation};
use cryo_train::stream_rng;
use rand::seq::SliceRandom;

use crate::Failure;

/// A class of the truth: part of its name, diameter in ångström.
#[derive(Debug, Clone)]
pub(crate) struct Class {
    pub(crate) name: String,
    pub(crate) diameter_angstrom: f64,
}

/// A tomogram of which all particles are known.
pub(crate) struct Scene {
    pub(crate) name: String,
    pub(crate) volume: Volume,
    truth: ParticleSet,
}

/// The file of the folder whose name ends like that.
fn ending(folder: &Path, ends: &[&str]) -> Result<PathBuf, Failure> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    let found = paths.into_iter().find(|path| {
        let name = path.to_string_lossy();
        ends.iter().any(|end| name.ends_with(end))
    });
    found.ok_or_else(|| format!("{}: expected a file *{}", folder.display(), ends[0]).into())
}

impl Scene {
    /// Of a folder of `cryo simulate`, or of one with `*_rec.mrc` and `*_particles.star`.
    pub(crate) fn read(folder: &Path) -> Result<Self, Failure> {
        let name = folder.file_name().ok_or("expected a folder")?;
        let rec = ending(folder, &["_rec.mrc"])?;
        let volume = mrc::read(rec, &mrc::ReadOptions::default())?;
        let star = ending(folder, &["_truth.star", "_particles.star"])?;
        let options = PicksOptions {
            frames: Frames::all(Frame::of(volume.grid())),
            ..PicksOptions::default()
        };
        // A table in voxels looks like RELION 4's.
        let in_voxels = star.to_string_lossy().ends_with("_particles.star");
        let format = in_voxels.then_some(CoordinateFormat::Relion3);
        let truth = read_picks(star, format, &options)?.sets.remove(0);
        Ok(Self {
            name: name.to_string_lossy().into_owned(),
            truth,
            volume,
        })
    }

    /// The particles of a class in the tomogram's voxels; `None` where there are none.
    pub(crate) fn truth(&self, class: &Class) -> ParticleSet {
        let mut truth = self.truth.clone();
        let named = |number: &u32| {
            let name = self.truth.classes.get(number);
            name.is_some_and(|name| name.contains(&class.name))
        };
        truth.retain(|particle| particle.class.as_ref().is_some_and(named));
        truth
    }

    /// The first `count` of each class in an order drawn for `seed`.
    pub(crate) fn annotated(
        &self,
        classes: &[Class],
        count: usize,
        seed: u64,
    ) -> AnnotatedTomogram<'_> {
        let mut annotations = Vec::new();
        for (number, class) in classes.iter().enumerate() {
            let mut own: Vec<VoxelPos> = (self.truth(class).items.iter())
                .map(|particle| particle.position)
                .collect();
            own.shuffle(&mut stream_rng(seed, "annotations", number as u64));
            annotations.extend(own.into_iter().take(count).map(|position| Annotation {
                position,
                class: Some(number),
            }));
        }
        AnnotatedTomogram {
            name: self.name.clone(),
            volume: self.volume.view(),
            mask: None,
            annotations,
        }
    }
}
