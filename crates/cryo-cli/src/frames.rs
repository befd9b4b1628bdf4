//! What the user says of the tomograms that coordinates are counted in.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    str::FromStr,
};

use clap::Args;
use cryo_core::{CentreRule, VoxelSize};
use cryo_io::{
    BinningRule, Frame, Frames, IndexBase, PicksOptions, dataset::Dataset, dynamo, mrc,
    star::relion,
};

use crate::{exit::Failure, tomograms::check_whole};

/// Where the tomograms' sizes come from, and the rules of the formats.
#[derive(Debug, Args)]
#[command(next_help_heading = "Tomograms and conventions")]
pub(crate) struct FrameArguments {
    /// A tomogram (MRC) whose header gives size and voxel size; the coordinates are its own if they
    /// name no other.
    #[arg(long, value_name = "FILE")]
    tomogram: Vec<PathBuf>,

    /// A dataset list whose tomograms' headers give size and voxel size by name.
    #[arg(long, value_name = "LIST")]
    data: Option<PathBuf>,

    /// RELION 5's tomograms.star, which gives unbinned sizes, pixel size and binning by name.
    #[arg(long, value_name = "FILE.star")]
    relion_tomograms: Option<PathBuf>,

    /// Size of the tomogram in voxels, where no file gives it.
    #[arg(long, value_name = "X,Y,Z")]
    size: Option<Size>,

    /// Voxel size of the tomogram in ångström, where no file gives it or gives it wrongly.
    #[arg(long, value_name = "Å")]
    voxel_size: Option<f64>,

    /// Size before binning in voxels; by default size times binning.
    #[arg(long, value_name = "X,Y,Z")]
    unbinned_size: Option<Size>,

    /// Pixel size of the tilt series before binning in ångström; RELION 4 and 5 need it where the file
    /// does not say.
    #[arg(long, value_name = "Å")]
    tilt_pixel_size: Option<f64>,

    /// Name of the tomogram in formats that hold one and do not say which.
    #[arg(long, value_name = "NAME")]
    tomogram_name: Option<String>,

    /// The centre of an axis of n voxels that centred coordinates count from: half (n/2, RELION 5),
    /// half-minus-one (n/2 − 1, RELION's picker), floor-half (⌊n/2⌋).
    #[arg(long, default_value_t = CentreRule::Half, value_parser = CentreRule::from_str)]
    centre: CentreRule,

    /// How a binned voxel lies over unbinned ones: first-voxel (RELION, Warp) or block-centre (IMOD).
    #[arg(long, default_value = "first-voxel", value_parser = binning_rule)]
    binning_rule: BinningRule,

    /// Names of numbered tomograms in Dynamo and EM files: a table of number and name or path, Dynamo's
    /// .doc; the one beside a .tbl is found without it.
    #[arg(long, value_name = "FILE.doc")]
    numbers: Option<PathBuf>,

    /// Coordinate of the first voxel's centre in RELION pixel, IMOD, Dynamo and EM files, where it is not
    /// the format's usual one: 0, 0.5 or 1.
    #[arg(long, value_parser = index_base)]
    index_base: Option<IndexBase>,
}

impl FrameArguments {
    pub(crate) fn picks_options(&self) -> Result<PicksOptions, Failure> {
        let frames = Frames {
            named: self.named()?,
            other: self.stated()?,
        };
        Ok(PicksOptions {
            frames,
            tomogram: self.tomogram_name.clone(),
            centre: self.centre,
            binning: self.binning_rule,
            index_base: self.index_base,
            numbers: match &self.numbers {
                Some(path) => dynamo::read_map(path, PicksOptions::default().max_bytes)?,
                None => BTreeMap::new(),
            },
            ..PicksOptions::default()
        })
    }

    /// The voxel size that the user states.
    pub(crate) fn voxel_size(&self) -> Result<Option<VoxelSize>, Failure> {
        Ok(positive(self.voxel_size, "--voxel-size")?.and_then(VoxelSize::new))
    }

    /// The file of a tomogram, by name; a single one given holds whatever is named.
    pub(crate) fn tomogram_file(&self, name: &str) -> Result<Option<PathBuf>, Failure> {
        if let [only] = self.tomogram.as_slice() {
            return Ok(Some(only.clone()));
        }
        if let Some(path) = self.tomogram.iter().find(|path| stem(path) == name) {
            return Ok(Some(path.clone()));
        }
        let Some(list) = &self.data else {
            return Ok(None);
        };
        let mut entries = Dataset::read(list)?.entries.into_iter();
        Ok(entries
            .find(|entry| entry.name == name)
            .map(|entry| entry.tomogram))
    }

    /// The tomogram that is given, if it is one.
    pub(crate) fn only_tomogram(&self) -> Option<&Path> {
        match self.tomogram.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    fn stated(&self) -> Result<Frame, Failure> {
        let flags = Frame {
            shape: self.size.map(|size| size.0),
            voxel_size: self.voxel_size()?,
            unbinned_shape: self.unbinned_size.map(|size| size.0),
            tilt_series_pixel_size: positive(self.tilt_pixel_size, "--tilt-pixel-size")?,
        };
        match self.tomogram.as_slice() {
            [only] => Ok(flags.or(self.frame_of(only)?)),
            _ => Ok(flags),
        }
    }

    fn named(&self) -> Result<BTreeMap<String, Frame>, Failure> {
        let mut named = match &self.relion_tomograms {
            Some(path) => relion::frames_from_tomograms(path)?.named,
            None => BTreeMap::new(),
        };
        let mut add = |name: String, frame: Frame| {
            let known: Frame = named.get(&name).copied().unwrap_or_default();
            named.insert(name, known.or(frame));
        };
        for path in &self.tomogram {
            add(stem(path), self.frame_of(path)?);
        }
        if let Some(path) = &self.data {
            for entry in Dataset::read(path)?.entries {
                let mut frame = self.frame_of(&entry.tomogram)?;
                frame.voxel_size = entry
                    .voxel_size_angstrom
                    .and_then(VoxelSize::new)
                    .or(frame.voxel_size);
                add(entry.name, frame);
            }
        }
        Ok(named)
    }

    fn frame_of(&self, path: &Path) -> Result<Frame, Failure> {
        let options = mrc::ReadOptions {
            permissive: true,
            voxel_size_angstrom: self.voxel_size,
            ..Default::default()
        };
        let reader = mrc::Reader::open(path, &options)?;
        check_whole(&reader)?;
        Ok(Frame::of(&reader.grid()?))
    }
}

/// The name of a tomogram's file without its endings.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let plain = [".gz", ".bz2"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(&name);
    let stem = Path::new(plain).file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

fn positive(value: Option<f64>, flag: &str) -> Result<Option<f64>, Failure> {
    match value {
        Some(value) if !(value.is_finite() && value > 0.0) => Err(Failure::usage(format!(
            "{flag}: expected ångström above 0, got {value}"
        ))),
        other => Ok(other),
    }
}

/// Voxels along x, y, z on the command line, z, y, x inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) [usize; 3]);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("expected three whole numbers X,Y,Z above 0, got {text:?}");
        let parts: Result<Vec<usize>, _> = text.split([',', 'x']).map(str::parse).collect();
        match parts.map_err(|_| wrong())?.as_slice() {
            &[x, y, z] if x > 0 && y > 0 && z > 0 => Ok(Self([z, y, x])),
            _ => Err(wrong()),
        }
    }
}

fn binning_rule(name: &str) -> Result<BinningRule, String> {
    match name {
        "first-voxel" => Ok(BinningRule::FirstVoxel),
        "block-centre" => Ok(BinningRule::BlockCentre),
        other => Err(format!(
            "expected first-voxel or block-centre, got {other:?}"
        )),
    }
}

fn index_base(name: &str) -> Result<IndexBase, String> {
    match name {
        "0" => Ok(IndexBase::Zero),
        "0.5" => Ok(IndexBase::Corner),
        "1" => Ok(IndexBase::One),
        other => Err(format!("expected 0, 0.5 or 1, got {other:?}")),
    }
}
