use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use cryo_embed_viz::{Image, SlicesParams, image_row, orthogonal_slices};
use cryo_io::{
    Error, Overwrite,
    mrc::{Kind, Reader},
    write_atomic,
};
use ndarray::{Array2, Axis};

/// Where the picture of a file goes.
pub(crate) fn target(path: &Path, folder: &Path) -> PathBuf {
    let mut name = OsString::from(path.file_name().unwrap_or_default());
    name.push(".png");
    folder.join(name)
}

/// Draws slices of a file and says where the picture is.
pub(crate) fn draw(
    reader: &Reader,
    path: &Path,
    folder: &Path,
    overwrite: Overwrite,
) -> Result<PathBuf, Error> {
    let [depth, height, width] = reader.shape();
    let plane = |axis: usize, index: usize| -> Result<Array2<f32>, Error> {
        let mut start = [0; 3];
        let mut shape = [depth, height, width];
        start[axis] = index;
        shape[axis] = 1;
        Ok(reader.part(start, shape)?.index_axis_move(Axis(axis), 0))
    };
    let params = SlicesParams::default();
    let picture = if reader.kind() == Kind::ImageStack {
        let mut places = vec![0, depth / 2, depth - 1];
        places.dedup();
        let images: Result<Vec<_>, Error> = places.iter().map(|&z| plane(0, z)).collect();
        let images = images?;
        image_row(
            &images.iter().map(|image| image.view()).collect::<Vec<_>>(),
            &params,
        )
    } else {
        let [xy, xz, yz] = [
            plane(0, depth / 2)?,
            plane(1, height / 2)?,
            plane(2, width / 2)?,
        ];
        orthogonal_slices(xy.view(), xz.view(), yz.view(), &params)
    };
    std::fs::create_dir_all(folder)?;
    let target = target(path, folder);
    let picture: Image = picture.map_err(std::io::Error::other)?;
    write_atomic(&target, overwrite, |out| {
        picture
            .write_png(out)
            .map_err(|error| std::io::Error::other(error).into())
    })?;
    Ok(target)
}
