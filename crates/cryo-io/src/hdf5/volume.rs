use std::path::Path;

use ::hdf5::{Dataset, File, Location, types::VarLenUnicode};
use cryo_core::{AngstromPos, Grid, Volume, VoxelSize};
use ndarray::Ix3;

use super::{
    convert::{check_dataset, dataset, is_numeric, open, read_rows, write_failed},
    list,
};
use crate::{Error, Overwrite, atomic::write_atomic_path};

const EMAN_GROUP: &str = "/MDF/images/0";
const EMAN_IMAGE: &str = "/MDF/images/0/image";

/// How a volume is read.
#[derive(Debug, Clone, PartialEq)]
pub struct VolumeOptions {
    /// The dataset; by default EMAN2's, or the only one of numbers with three axes.
    pub dataset: Option<String>,
    /// The voxel size, where the file's own is absent or wrong.
    pub voxel_size: Option<VoxelSize>,
    /// Most memory that the voxels may take, in bytes.
    pub max_bytes: u64,
}

impl Default for VolumeOptions {
    fn default() -> Self {
        Self {
            dataset: None,
            voxel_size: None,
            max_bytes: 64 << 30,
        }
    }
}

/// Writes a volume as the dataset `name`, `[z, y, x]` of `f32`, in chunks of at most 64³ voxels.
///
/// `compression` is deflate's level, 0 (none) to 9; 4 is a fair choice.
///
/// # Errors
/// [`Parameter`](crate::ErrorKind::Parameter) for an empty name or a level above 9, else as
/// [`write_atomic`](crate::write_atomic).
///
/// ```
/// use cryo_core::{Grid, Volume, VoxelSize};
/// use cryo_io::{Overwrite, hdf5};
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("volume.h5");
/// let grid = Grid::new([2, 3, 4], VoxelSize::new(10.0).expect("valid"));
/// let volume = Volume::new(ndarray::Array3::ones((2, 3, 4)), grid).expect("same shape");
/// hdf5::write_volume(&path, "/volume", &volume, 4, Overwrite::Never)?;
/// assert_eq!(hdf5::read_volume(&path, &hdf5::VolumeOptions::default())?, volume);
/// # Ok::<(), cryo_io::Error>(())
/// ```
pub fn write_volume(
    path: impl AsRef<Path>,
    name: &str,
    volume: &Volume,
    compression: u8,
    overwrite: Overwrite,
) -> Result<(), Error> {
    let path = path.as_ref();
    if name.trim_matches('/').is_empty() || name.contains('\0') {
        return Err(Error::parameter("dataset", "a name", format!("{name:?}")));
    }
    if compression > 9 {
        let got = compression.to_string();
        return Err(Error::parameter("compression", "0 to 9", got));
    }
    let write = |path: &Path| -> ::hdf5::Result<()> {
        let file = File::create(path)?;
        let chunk = volume.grid().shape.map(|n| n.clamp(1, 64));
        let mut builder = file.new_dataset_builder().with_data(volume.data().view());
        if volume.data().is_empty() {
            builder = builder.no_chunk();
        } else {
            builder = builder.chunk((chunk[0], chunk[1], chunk[2]));
            if compression > 0 {
                builder = builder.shuffle().deflate(compression);
            }
        }
        let dataset = builder.create(name)?;
        let (size, origin) = (volume.grid().voxel_size, volume.grid().origin);
        write_numbers(
            &dataset,
            "voxel_size_angstrom",
            [size.z(), size.y(), size.x()],
        )?;
        write_numbers(&dataset, "origin_angstrom", [origin.z, origin.y, origin.x])?;
        write_text(&dataset, "axes", "zyx")?;
        file.close()
    };
    write_atomic_path(path, overwrite, |temporary| {
        write(temporary).map_err(|error| write_failed(name, &error))
    })
}

fn write_numbers(at: &Location, name: &str, values: [f64; 3]) -> ::hdf5::Result<()> {
    let values = ndarray::arr1(&values);
    at.new_attr_builder().with_data(&values).create(name)?;
    Ok(())
}

pub(super) fn write_text(at: &Location, name: &str, text: &str) -> ::hdf5::Result<()> {
    let text: VarLenUnicode = text.parse().map_err(|_| "a text with a NUL".to_owned())?;
    at.new_attr::<VarLenUnicode>()
        .create(name)?
        .write_scalar(&text)
}

/// The volume in a file, converted to `f32`.
///
/// # Errors
/// Not HDF5; no such dataset, or none or several that could be meant; not numbers on three axes;
/// an `axes` attribute other than `zyx`; [`Needed`](crate::ErrorKind::Needed) if there is no voxel
/// size; [`OverLimit`](crate::ErrorKind::OverLimit); more voxels declared than the file can hold.
pub fn read_volume(path: impl AsRef<Path>, options: &VolumeOptions) -> Result<Volume, Error> {
    let path = path.as_ref();
    let read = || {
        let file = open(path)?;
        let name = match &options.dataset {
            Some(name) => name.clone(),
            None => only_volume(&file)?,
        };
        let found = dataset(&file, &name)?;
        let shape = check_dataset(&found, &name, size_of::<f32>(), None, options.max_bytes)?;
        if !is_numeric(&found) || shape.len() != 3 {
            let got = match shape.len() {
                3 => "another type".to_owned(),
                axes => format!("{axes} axes"),
            };
            let what = format!("dataset {name:?}");
            return Err(Error::unexpected(what, "numbers on 3 axes", got));
        }
        let grid = grid(&file, &found, &name, &shape, options.voxel_size)?;
        let data = read_rows::<f32>(&found, &name, None)?;
        let data = data.into_dimensionality::<Ix3>().map_err(|error| {
            Error::unexpected(format!("dataset {name:?}"), "3 axes", error.to_string())
        })?;
        Volume::new(data, grid).map_err(|error| {
            let (what, expected) = (format!("dataset {name:?}"), format!("{shape:?} voxels"));
            Error::unexpected(what, expected, format!("{:?}", error.got))
        })
    };
    read().map_err(|error| error.in_file(path))
}

fn only_volume(file: &File) -> Result<String, Error> {
    let all = list::datasets(file);
    if all.iter().any(|dataset| dataset.name == EMAN_IMAGE) {
        return Ok(EMAN_IMAGE.to_owned());
    }
    let mut volumes = all
        .iter()
        .filter(|dataset| dataset.is_numeric && dataset.shape.len() == 3);
    match (volumes.next(), volumes.next()) {
        (Some(only), None) => Ok(only.name.clone()),
        (None, _) => {
            let names: Vec<&str> = all.iter().map(|dataset| dataset.name.as_str()).collect();
            let available = crate::text::shorten(&names.join(", ")).into_owned();
            Err(Error::missing("dataset of numbers on 3 axes", available))
        }
        (Some(first), Some(second)) => {
            let got = format!("{:?} and {:?}", first.name, second.name);
            Err(
                Error::unexpected("file", "one dataset that could be the volume", got)
                    .fix("name the dataset"),
            )
        }
    }
}

fn grid(
    file: &File,
    dataset: &Dataset,
    name: &str,
    shape: &[usize],
    given: Option<VoxelSize>,
) -> Result<Grid, Error> {
    if let Some(axes) = text(dataset, "axes")
        && axes != "zyx"
    {
        let got = format!("{:?}", crate::text::shorten(&axes));
        return Err(Error::unexpected(
            format!("axes of {name:?}"),
            "\"zyx\"",
            got,
        ));
    }
    let size = match given {
        Some(size) => Some(size),
        None => voxel_size(file, dataset, name)?,
    };
    let Some(size) = size else {
        return Err(Error::needed(format!("the voxel size of {name:?}"))
            .fix("give it, or add the attribute voxel_size_angstrom (z, y, x)"));
    };
    let [z, y, x] = numbers(dataset, "origin_angstrom").unwrap_or_default();
    if ![z, y, x].iter().all(|part| part.is_finite()) {
        let got = format!("{z}, {y}, {x}");
        return Err(Error::unexpected("origin_angstrom", "finite numbers", got));
    }
    let shape = [shape[0], shape[1], shape[2]];
    Ok(Grid::new(shape, size).with_origin(AngstromPos { z, y, x }))
}

fn voxel_size(file: &File, dataset: &Dataset, name: &str) -> Result<Option<VoxelSize>, Error> {
    let own = numbers(dataset, "voxel_size_angstrom");
    let eman = || {
        let group = file.group(EMAN_GROUP).ok()?;
        let one = |axis: &str| numbers(&group, &format!("EMAN.apix_{axis}"));
        Some([one("z")?[0], one("y")?[0], one("x")?[0]])
    };
    let Some([z, y, x]) = own.or_else(|| (name == EMAN_IMAGE).then(eman).flatten()) else {
        return Ok(None);
    };
    match VoxelSize::zyx(z, y, x) {
        Some(size) => Ok(Some(size)),
        None => {
            let got = format!("{z}, {y}, {x}");
            let what = format!("voxel size of {name:?}");
            Err(Error::unexpected(what, "lengths above 0", got))
        }
    }
}

/// Three numbers, or one for all three.
fn numbers(at: &Location, name: &str) -> Option<[f64; 3]> {
    let attribute = at.attr(name).ok()?;
    if attribute.size() != 1 && attribute.size() != 3 {
        return None;
    }
    let values = attribute.read_raw::<f64>().ok()?;
    match values[..] {
        [z, y, x] => Some([z, y, x]),
        [one] => Some([one; 3]),
        _ => None,
    }
}

fn text(at: &Location, name: &str) -> Option<String> {
    let attribute = at.attr(name).ok()?;
    if attribute.size() != 1 {
        return None;
    }
    let text = attribute.read_raw::<VarLenUnicode>().ok()?;
    text.first().map(|text| text.as_str().to_owned())
}
