use cryo_core::{Grid, VolumeView, VoxelPos, VoxelSize};
use cryo_filters::percentiles;
use ndarray::{Array3, ArrayView1, ArrayView3};
use tch::{Kind, Tensor};

use super::{
    mask,
    resample::{as_if_coarser, resample, resampled_extent},
};
use crate::Error;

/// A tomogram as the network sees it: on the network's grid, with values that do not depend on how it was scaled.
pub(crate) struct Prepared {
    /// `[z, y, x]`; the median is 0, and the quartiles are those of a normal distribution of deviation 1.
    pub(crate) values: Array3<f32>,
    /// Where it is looked at, `[z, y, x]`; `None` is everywhere.
    pub(crate) mask: Option<Array3<bool>>,
    /// Voxels inside the mask.
    pub(crate) looked_at: usize,
    /// Voxels of the tomogram to one of these, along z, y, x.
    pub(crate) factor: [f64; 3],
    /// The grid of `values`, with the tomogram's origin.
    pub(crate) grid: Grid,
}

impl Prepared {
    /// A position of the tomogram on this grid.
    pub(crate) fn place(&self, position: VoxelPos) -> [f64; 3] {
        let [z, y, x] = self.factor;
        [position.z / z, position.y / y, position.x / x]
    }
}

/// Two voxel sizes that differ by less than this part are one: headers round.
const SAME: f64 = 0.02;

/// Resamples to voxels of `voxel_angstrom` where the tomogram has others, and normalizes.
///
/// Quartiles hold for the noise, which fills most voxels: gold, ice or the amount of protein does not change the scale,
/// as it would with the standard deviation. Of a masked tomogram they are those of what the mask leaves.
pub(crate) fn prepare(
    name: &str,
    volume: &VolumeView<'_>,
    mask: Option<ArrayView3<'_, bool>>,
    voxel_angstrom: f64,
) -> Result<Prepared, Error> {
    let mut prepared = resampled(name, volume, mask, voxel_angstrom)?;
    normalize(name, &mut prepared.values, prepared.mask.as_ref())?;
    Ok(prepared)
}

/// The same with the tomogram's own values.
pub(crate) fn resampled(
    name: &str,
    volume: &VolumeView<'_>,
    mask: Option<ArrayView3<'_, bool>>,
    voxel_angstrom: f64,
) -> Result<Prepared, Error> {
    let data = volume.data();
    if let Some(mask) = mask {
        mask::check(name, mask, data.shape())?;
    }
    check_finite(name, data, 0)?;
    let factor = factor(volume.grid(), voxel_angstrom);
    let values = resample(data, factor)?;
    let grid = working_grid(volume.grid(), voxel_angstrom);
    let mask = mask.map(|mask| mask::on_grid(mask, grid.shape, factor));
    let looked_at = mask.as_ref().map_or(values.len(), |mask| {
        mask.iter().filter(|inside| **inside).count()
    });
    Ok(Prepared {
        values,
        looked_at,
        mask,
        factor,
        grid,
    })
}

impl Prepared {
    /// The same looked at only where `inside` says, and scaled by what is there.
    pub(crate) fn within(
        mut self,
        name: &str,
        inside: impl Fn([usize; 3]) -> bool,
    ) -> Result<Self, Error> {
        let shape = self.values.raw_dim();
        let mask = Array3::from_shape_fn(shape, |(z, y, x)| inside([z, y, x]));
        self.looked_at = mask.iter().filter(|inside| **inside).count();
        self.mask = (self.looked_at < mask.len()).then_some(mask);
        normalize(name, &mut self.values, self.mask.as_ref())?;
        Ok(self)
    }

    /// The same tomogram as if its voxels had been so many times as large: interpolated from those, and normalized again.
    pub(crate) fn as_if_coarser(&self, name: &str, factor: f64) -> Result<Self, Error> {
        let mut values = as_if_coarser(self.values.view(), factor)?;
        normalize(name, &mut values, self.mask.as_ref())?;
        Ok(Self {
            values,
            mask: self.mask.clone(),
            ..*self
        })
    }
}

/// Refuses planes with a value that is NaN or infinite; they begin at plane `first` of the tomogram.
pub(super) fn check_finite(
    name: &str,
    planes: ArrayView3<'_, f32>,
    first: usize,
) -> Result<(), Error> {
    let mut values = planes.indexed_iter();
    let Some(((z, y, x), &value)) = values.find(|(_, value)| !value.is_finite()) else {
        return Ok(());
    };
    Err(Error::NotFinite {
        tomogram: name.to_owned(),
        x,
        y,
        z: first + z,
        value,
    })
}

/// Voxels of `grid` to one of `voxel_angstrom`, along z, y, x.
pub(super) fn factor(grid: &Grid, voxel_angstrom: f64) -> [f64; 3] {
    let voxel = grid.voxel_size;
    [voxel.z(), voxel.y(), voxel.x()].map(|own| {
        let factor = voxel_angstrom / own;
        if (factor - 1.0).abs() < SAME {
            1.0
        } else {
            factor
        }
    })
}

/// The grid on which a model of voxels of `voxel_angstrom` looks at a tomogram on `grid`: voxel 0 is where it was, and voxel
/// sizes that differ by less than 2 % are taken for one.
#[must_use]
pub fn working_grid(grid: &Grid, voxel_angstrom: f64) -> Grid {
    let factor = factor(grid, voxel_angstrom);
    let shape = std::array::from_fn(|axis| resampled_extent(grid.shape[axis], factor[axis]));
    Grid::new(shape, times(grid.voxel_size, factor)).with_origin(grid.origin)
}

fn times(voxel: VoxelSize, factor: [f64; 3]) -> VoxelSize {
    VoxelSize::zyx(
        voxel.z() * factor[0],
        voxel.y() * factor[1],
        voxel.x() * factor[2],
    )
    .expect("products of lengths above 0")
}

/// Quartile of the normal distribution times two.
pub(crate) const NORMAL_QUARTILES: f32 = 1.348_98;

pub(super) fn normalize(
    name: &str,
    values: &mut Array3<f32>,
    mask: Option<&Array3<bool>>,
) -> Result<(), Error> {
    const QUARTERS: &[f64] = &[25.0, 50.0, 75.0];
    let found = match mask {
        None => percentiles(values.view(), QUARTERS)?,
        Some(mask) => {
            let both = values.iter().zip(mask);
            let inside: Vec<f32> = both.filter(|both| *both.1).map(|both| *both.0).collect();
            if inside.is_empty() {
                return Err(Error::Mask {
                    tomogram: name.to_owned(),
                    expected: "voxels above 0 as wide as the network's".into(),
                    got: "smaller ones".into(),
                });
            }
            percentiles(ArrayView1::from(&inside), QUARTERS)?
        }
    };
    let (median, spread) = (found[1], found[2] - found[0]);
    if spread <= 0.0 {
        let tomogram = name.to_owned();
        return Err(Error::Constant {
            tomogram,
            value: median,
        });
    }
    let scale = NORMAL_QUARTILES / spread;
    values.par_mapv_inplace(|value| (value - median) * scale);
    Ok(())
}

pub(super) fn shape_of(values: &Array3<f32>) -> [usize; 3] {
    std::array::from_fn(|axis| values.shape()[axis])
}

const AXES: &[i64] = &[0, 1, 2];
/// Voxels at most that noise is made from.
const NOISE_EXTENT: [usize; 3] = [96, 256, 256];

/// Noise with the spectrum of a tomogram, its missing wedge and its microscope's transfer among it, but without its
/// particles: the phases of its Fourier transform are those of white noise (Theiler et al. 1992, doi
/// 10.1016/0167-2789(92)90102-S). Made from the middle of large ones, and of what is inside the mask.
pub(crate) fn surrogate_noise(
    prepared: &Prepared,
    white: impl FnMut() -> f32,
) -> Result<Array3<f32>, Error> {
    let values = prepared.values.view();
    let shape: [usize; 3] =
        std::array::from_fn(|axis| values.shape()[axis].min(NOISE_EXTENT[axis]));
    let start: [usize; 3] = std::array::from_fn(|axis| (values.shape()[axis] - shape[axis]) / 2);
    let part = ndarray::s![
        start[0]..start[0] + shape[0],
        start[1]..start[1] + shape[1],
        start[2]..start[2] + shape[2]
    ];
    let mut middle = values.slice(part).to_owned();
    let mut power = 1.0;
    if let Some(mask) = &prepared.mask {
        let mask = mask.slice(part);
        ndarray::Zip::from(&mut middle)
            .and(mask)
            .for_each(|value, inside| *value *= f32::from(*inside));
        let inside = mask.iter().filter(|inside| **inside).count();
        power = mask.len() as f64 / inside.max(1) as f64;
    }
    let size = shape.map(|extent| extent as i64);
    let _guard = tch::no_grad_guard();
    let transform = |values: Vec<f32>| -> Result<Tensor, Error> {
        let tensor = Tensor::f_from_slice(&values)?.f_view(size)?;
        Ok(tensor.f_fft_rfftn(None::<&[i64]>, AXES, "backward")?)
    };
    let own = transform(middle.iter().copied().collect())?.f_abs()? * power.sqrt();
    let mut white = white;
    let noise = transform((0..middle.len()).map(|_| white()).collect())?;
    let phases = &noise / noise.f_abs()?.f_clamp_min(1e-12)?;
    let back = (own * phases).f_fft_irfftn(size.as_slice(), AXES, "backward")?;
    let mean = back.f_mean(Kind::Float)?;
    let flat = Vec::<f32>::try_from(&(back - mean).f_contiguous()?.f_view([-1])?)?;
    Ok(Array3::from_shape_vec(shape, flat).expect("as many as went in"))
}
