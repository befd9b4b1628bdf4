use cryo_train::stream_rng;
use rand_distr::{Distribution, StandardNormal};
use tch::{Kind, Tensor};

use super::{AugmentParams, draw::Change};
use crate::Error;

/// Views changed at random, `[n, c, crop, crop]`, from normalized `views`, `[n, c, edge, edge]`.
///
/// The draws are those of `seed` and `index`, the same on every device and for any number of threads;
/// computed on the device of `views`, all views at once: one resampling does flips, turns, shift and crop.
///
/// # Errors
/// [`Error::Torch`].
///
/// # Examples
/// ```
/// use cryo_contrastive::{AugmentParams, augment};
/// use tch::{Device, Kind, Tensor};
/// let views = Tensor::arange(2 * 36, (Kind::Float, Device::Cpu)).view([2, 1, 6, 6]);
/// let centre = augment(&views, 4, &AugmentParams::none(), 42, 0)?;
/// assert!((centre - views.narrow(2, 1, 4).narrow(3, 1, 4)).abs().max().double_value(&[]) < 1e-4);
/// # Ok::<(), cryo_contrastive::Error>(())
/// ```
pub fn augment(
    views: &Tensor,
    crop: usize,
    params: &AugmentParams,
    seed: u64,
    index: u64,
) -> Result<Tensor, Error> {
    let (n, channels, edge, _) = views.size4()?;
    let (device, kind) = (views.device(), Kind::Float);
    let mut rng = stream_rng(seed, "augment", index);
    let changes: Vec<Change> = (0..n)
        .map(|_| Change::draw(params, edge as f64, crop as f64, &mut rng))
        .collect();
    let column = |of: &dyn Fn(&Change) -> f32| -> Result<Tensor, Error> {
        let values: Vec<f32> = changes.iter().map(of).collect();
        Ok(Tensor::f_from_slice(&values)?
            .f_view([n, 1, 1, 1])?
            .f_to(device)?)
    };

    let matrices: Vec<f32> = changes
        .iter()
        .flat_map(|change| change.input_from_output)
        .collect();
    let matrices = Tensor::f_from_slice(&matrices)?
        .f_view([n, 2, 3])?
        .f_to(device)?;
    let size = [n, channels, crop as i64, crop as i64];
    let grid = Tensor::f_affine_grid_generator(&matrices, size, false)?;
    const BILINEAR: i64 = 0;
    const REFLECTION: i64 = 2;
    let mut images = views.f_grid_sampler(&grid, BILINEAR, REFLECTION, false)?;

    if changes.iter().any(|change| change.flip_channels) {
        let flipped = column(&|change| f32::from(u8::from(change.flip_channels)))?.f_gt(0.5)?;
        images = images
            .f_flip([1_i64].as_slice())?
            .f_where_self(&flipped, &images)?;
    }
    if params.contrast > 0.0 || params.brightness > 0.0 {
        let mean = images.f_mean_dim([1_i64, 2, 3].as_slice(), true, kind)?;
        let contrast = column(&|change| change.contrast)?;
        let shift = mean.f_add(&column(&|change| change.brightness)?)?;
        images = images.f_sub(&mean)?.f_mul(&contrast)?.f_add(&shift)?;
    }
    if params.noise > 0.0 {
        let numbers = images.numel();
        let values: Vec<f32> = StandardNormal.sample_iter(&mut rng).take(numbers).collect();
        let noise = Tensor::f_from_slice(&values)?.f_view(size)?.f_to(device)?;
        images = images.f_add(&noise.f_mul(&column(&|change| change.noise)?)?)?;
    }
    if let Some(erase) = &params.erase {
        let erased = rectangle(&column, crop as i64, device)?;
        images = images.f_masked_fill(&erased, erase.value)?;
    }
    Ok(images)
}

/// A number of every change as `[n, 1, 1, 1]`.
type Column<'a> = dyn Fn(&dyn Fn(&Change) -> f32) -> Result<Tensor, Error> + 'a;

/// `[n, 1, crop, crop]`: where a rectangle lies.
fn rectangle(column: &Column<'_>, crop: i64, device: tch::Device) -> Result<Tensor, Error> {
    let indices = Tensor::f_arange(crop, (Kind::Float, device))?;
    let within = |axis: usize, indices: Tensor| -> Result<Tensor, Error> {
        let start = column(&|change| change.erased[2 * axis])?;
        let length = column(&|change| change.erased[2 * axis + 1])?;
        let from = indices.f_ge_tensor(&start)?;
        Ok(from.f_logical_and(&indices.f_lt_tensor(&start.f_add(&length)?)?)?)
    };
    let rows = within(0, indices.f_view([1, 1, crop, 1])?)?;
    let columns = within(1, indices.f_view([1, 1, 1, crop])?)?;
    Ok(rows.f_logical_and(&columns)?)
}
