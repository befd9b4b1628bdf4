use std::ops::Range;

use cryo_core::{Grid, Progress, VolumeView, VoxelSize};
use cryo_train::Precision;
use ndarray::{Array3, ArrayView3, Zip, s};
use tch::{Kind, Tensor};

use crate::{
    Error, Model, ModelConfig, Spectrum,
    data::{Prepared, prepare, working_grid},
    error::require,
};

/// How a heat map is computed.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictParams {
    /// Most planes that the network sees at once; the result does not depend on it. More is faster, by the few planes
    /// that neighbouring slabs share, and takes more memory.
    pub planes: usize,
    /// Whether the mean over the four mirror images in the plane is taken: four times the work, a steadier score. `None`
    /// does as when the model's threshold was read ([`FitParams::mirrors`](crate::FitParams::mirrors)).
    pub mirrors: Option<bool>,
    /// Whether the tomogram is filtered to the spectrum of those learned from ([`Spectrum`]), where the model knows it.
    pub matching: bool,
    /// In which numbers convolutions are computed.
    pub precision: Precision,
    /// Most memory in bytes for tomogram, heat maps and network; `None` does not look. Slabs get thinner before it fails.
    pub memory_bytes: Option<u64>,
}

impl Default for PredictParams {
    fn default() -> Self {
        Self {
            planes: 32,
            mirrors: None,
            matching: true,
            precision: Precision::Auto,
            memory_bytes: None,
        }
    }
}

/// Where a network sees particles.
pub struct HeatMap {
    /// For each class `[z, y, x]`, probabilities of 0 to 1.
    pub classes: Vec<Array3<f32>>,
    /// Where their voxels lie; the origin is the tomogram's.
    pub grid: Grid,
}

/// The heat maps of a tomogram.
///
/// It is resampled to the model's voxel size where it has another, normalized, and looked at slab by slab: slices are
/// independent up to the 3D convolutions, and slabs overlap by what those reach, so the result is that of the whole.
///
/// # Errors
/// [`Error::NotFinite`], [`Error::Constant`], [`Error::Memory`], [`Error::Parameter`], [`Error::Cancelled`],
/// [`Error::Torch`].
///
/// # Examples
/// ```
/// use cryo_core::{Grid, Volume, VoxelSize};
/// use cryo_pu_localize::{ClassConfig, Model, ModelConfig, PredictParams, predict};
/// use ndarray::Array3;
///
/// let data = Array3::from_shape_fn((6, 20, 28), |(z, y, x)| ((z * 31 + y * 17 + x * 7) as f32).sin());
/// let volume = Volume::new(data, Grid::new([6, 20, 28], VoxelSize::new(10.0).expect("above 0")))?;
/// let classes = vec![ClassConfig { name: "ribosome".into(), diameter_angstrom: 250.0 }];
/// let model = Model::new(&ModelConfig::recommended(classes, 10.0), 42, tch::Device::Cpu)?;
/// let heat = predict(&model, "TS_01", &volume.view(), &PredictParams::default(), &())?;
/// assert_eq!(heat.classes[0].shape(), [3, 10, 13]); // voxels of 20.8 Å
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn predict(
    model: &Model,
    name: &str,
    volume: &VolumeView<'_>,
    params: &PredictParams,
    progress: &dyn Progress,
) -> Result<HeatMap, Error> {
    predict_within(model, name, volume, None, params, progress)
}

/// As [`predict`], only where `mask`, `[z, y, x]` as the volume, is true: elsewhere the heat map is 0, and the tomogram is
/// normalized by what is inside. `None` is everywhere.
///
/// # Errors
/// As [`predict`]; [`Error::Mask`] for another shape, or where nothing is inside.
///
/// # Examples
/// ```
/// # use cryo_core::{Grid, Volume, VoxelSize};
/// # use cryo_pu_localize::{ClassConfig, Model, ModelConfig};
/// # let data = ndarray::Array3::from_shape_fn((6, 20, 28), |(z, y, x)| ((z * 31 + y * 17 + x * 7) as f32).sin());
/// # let volume = Volume::new(data, Grid::new([6, 20, 28], VoxelSize::new(20.0).expect("above 0")))?;
/// # let classes = vec![ClassConfig { name: "ribosome".into(), diameter_angstrom: 240.0 }];
/// # let model = Model::new(&ModelConfig::recommended(classes, 20.0), 42, tch::Device::Cpu)?;
/// use cryo_pu_localize::{PredictParams, predict_within};
/// // Nothing is sought in the right half of a tomogram.
/// let mask = ndarray::Array3::from_shape_fn((6, 20, 28), |(_, _, x)| x < 14);
/// let params = PredictParams::default();
/// let heat = predict_within(&model, "TS_01", &volume.view(), Some(mask.view()), &params, &())?;
/// assert!(heat.classes[0][[3, 10, 13]] > 0.0 && heat.classes[0][[3, 10, 14]] == 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn predict_within(
    model: &Model,
    name: &str,
    volume: &VolumeView<'_>,
    mask: Option<ArrayView3<'_, bool>>,
    params: &PredictParams,
    progress: &dyn Progress,
) -> Result<HeatMap, Error> {
    let voxels = working_grid(volume.grid(), model.config().voxel_angstrom).shape;
    let voxels = voxels.iter().product::<usize>() as u64;
    let spectrum = model.spectrum().filter(|_| params.matching);
    let needed_bytes = voxels * (4 + spectrum.map_or(0, |_| Spectrum::BYTES));
    if let Some(limit_bytes) = params.memory_bytes.filter(|limit| *limit < needed_bytes) {
        return Err(Error::Memory {
            needed_bytes,
            limit_bytes,
        });
    }
    let mut prepared = prepare(name, volume, mask, model.config().voxel_angstrom)?;
    if let Some(spectrum) = spectrum {
        spectrum.impose(name, &mut prepared, model.device())?;
    }
    predict_prepared(model, &prepared, params, progress)
}

/// Bytes that [`predict`] takes at its highest point beside program and network, for a tomogram on `grid`: the tomogram, its
/// resampled copy, heat maps, and what the network holds of a slab.
#[must_use]
pub fn predict_bytes(model: &ModelConfig, grid: &Grid, params: &PredictParams) -> u64 {
    let network = &model.network;
    let scale = grid.voxel_size.x() / model.voxel_angstrom;
    let [depth, height, width] = grid.shape.map(|extent| (extent as f64 * scale).ceil());
    let prepared = depth * height * width;
    let stride = network.stride() as f64;
    let seen = depth.min((params.planes + 2 * network.reach_planes()) as f64);
    let plane = height * width / (stride * stride);
    let given: usize = grid.shape.iter().product();
    let numbers = given as f64 + prepared;
    let looking = 4.0 * network.classes as f64 * depth * plane
        + network.prediction_bytes_per_voxel() as f64 * seen * plane;
    let matching = if params.matching {
        Spectrum::BYTES as f64 * prepared
    } else {
        0.0
    };
    4 * numbers as u64 + looking.max(matching) as u64
}

pub(crate) fn predict_prepared(
    model: &Model,
    prepared: &Prepared,
    params: &PredictParams,
    progress: &dyn Progress,
) -> Result<HeatMap, Error> {
    require(params.planes > 0, "planes", "at least 1", params.planes)?;
    let kind = params.precision.kind(model.device())?;
    let network = &model.config().network;
    let (stride, reach) = (network.stride(), network.reach_planes());
    let values = prepared.values.view();
    let [depth, height, width] = [0, 1, 2].map(|axis| values.shape()[axis]);
    let shape = [depth, height.div_ceil(stride), width.div_ceil(stride)];
    let planes = affordable(model, shape, prepared, params)?;
    let mirrors = params.mirrors.unwrap_or_else(|| model.reads_mirrors());
    let mut classes = vec![Array3::zeros(shape); network.classes];
    let _guard = tch::no_grad_guard();
    progress.begin("heat map", depth as u64);
    for start in (0..depth).step_by(planes) {
        if progress.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let wanted = start..(start + planes).min(depth);
        let seen = start.saturating_sub(reach)..(wanted.end + reach).min(depth);
        let slab = values.slice(s![seen.clone(), .., ..]);
        let found = probabilities(model, &slab, kind, mirrors)?;
        let inner = wanted.start - seen.start..wanted.end - seen.start;
        for (class, map) in classes.iter_mut().enumerate() {
            copy(&found, class, inner.clone(), map, &wanted)?;
        }
        progress.advance(wanted.len() as u64);
    }
    if let Some(mask) = &prepared.mask {
        let strides = s![.., ..;stride, ..;stride];
        for map in &mut classes {
            Zip::from(map)
                .and(mask.slice(strides))
                .for_each(|value, inside| {
                    if !inside {
                        *value = 0.0;
                    }
                });
        }
    }
    let voxel = prepared.grid.voxel_size;
    let stride = stride as f64;
    let voxel_size = VoxelSize::zyx(voxel.z(), voxel.y() * stride, voxel.x() * stride)
        .expect("products of lengths above 0");
    Ok(HeatMap {
        classes,
        grid: Grid::new(shape, voxel_size).with_origin(prepared.grid.origin),
    })
}

/// As many planes as the budget allows, no more than asked for.
fn affordable(
    model: &Model,
    heat: [usize; 3],
    prepared: &Prepared,
    params: &PredictParams,
) -> Result<usize, Error> {
    let Some(limit) = params.memory_bytes else {
        return Ok(params.planes);
    };
    let network = &model.config().network;
    let map: usize = heat.iter().product();
    let masked = prepared.mask.as_ref().map_or(0, Array3::len);
    let fixed = (4 * (prepared.values.len() + network.classes * map) + masked) as u64;
    let plane = network.prediction_bytes_per_voxel() * (heat[1] * heat[2]) as u64;
    let halo = 2 * network.reach_planes() as u64;
    let needed = fixed + (halo + 1) * plane;
    if needed > limit {
        return Err(Error::Memory {
            needed_bytes: needed,
            limit_bytes: limit,
        });
    }
    let affordable = (limit - fixed) / plane - halo;
    Ok(params.planes.min(affordable as usize))
}

/// `[classes, z, y, x]` on the device.
fn probabilities(
    model: &Model,
    slab: &ArrayView3<'_, f32>,
    kind: Kind,
    mirrors: bool,
) -> Result<Tensor, Error> {
    let size: Vec<i64> = std::iter::once(1)
        .chain(slab.shape().iter().map(|extent| *extent as i64))
        .collect();
    let packed = slab.as_standard_layout();
    let flat = packed.as_slice().expect("packed");
    let samples = Tensor::f_from_slice(flat)?
        .f_to(model.device())?
        .f_view(size.as_slice())?;
    let images: &[&[i64]] = if mirrors {
        &[&[], &[-1], &[-2], &[-1, -2]]
    } else {
        &[&[]]
    };
    let mut sum: Option<Tensor> = None;
    for axes in images {
        let samples = if axes.is_empty() {
            samples.shallow_clone()
        } else {
            samples.f_flip(*axes)?
        };
        let logits = model.forward(&samples, false, kind).logits;
        let mut heat = logits.f_squeeze_dim(0)?.f_sigmoid()?;
        if !axes.is_empty() {
            heat = heat.f_flip(*axes)?;
        }
        sum = Some(sum.map_or_else(|| heat.shallow_clone(), |sum| sum + &heat));
    }
    Ok(sum.expect("one image at least") / images.len() as f64)
}

fn copy(
    found: &Tensor,
    class: usize,
    inner: Range<usize>,
    map: &mut Array3<f32>,
    wanted: &Range<usize>,
) -> Result<(), Error> {
    let part = found
        .f_select(0, class as i64)?
        .f_narrow(0, inner.start as i64, inner.len() as i64)?
        .f_to(tch::Device::Cpu)?
        .f_contiguous()?;
    let mut out = map.slice_mut(s![wanted.clone(), .., ..]);
    let out = out.as_slice_mut().expect("whole planes are contiguous");
    part.f_view([-1])?.f_copy_data(out, out.len())?;
    Ok(())
}
