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
    // One transfer: a GPU is waited for at each.
    let rows: Vec<f32> = changes.iter().flat_map(Change::row).collect();
    let rows = Tensor::f_from_slice(&rows)?
        .f_view([n, Change::NUMBERS])?
        .f_to(device)?;
    let column = |index: i64| -> Result<Tensor, Error> {
        Ok(rows.f_narrow(1, index, 1)?.f_view([n, 1, 1, 1])?)
    };

    let matrices = rows.f_narrow(1, 0, 6)?.f_reshape([n, 2, 3])?;
    let size = [n, channels, crop as i64, crop as i64];
    let grid = Tensor::f_affine_grid_generator(&matrices, size, false)?;
    const BILINEAR: i64 = 0;
    const REFLECTION: i64 = 2;
    let mut images = views.f_grid_sampler(&grid, BILINEAR, REFLECTION, false)?;

    if changes.iter().any(|change| change.flip_channels) {
        let flipped = column(Change::FLIP_CHANNELS)?.f_gt(0.5)?;
        images = images
            .f_flip([1_i64].as_slice())?
            .f_where_self(&flipped, &images)?;
    }
    if params.contrast > 0.0 || params.brightness > 0.0 {
        let mean = images.f_mean_dim([1_i64, 2, 3].as_slice(), true, kind)?;
        let contrast = column(Change::CONTRAST)?;
        let shift = mean.f_add(&column(Change::BRIGHTNESS)?)?;
        images = images.f_sub(&mean)?.f_mul(&contrast)?.f_add(&shift)?;
    }
    if params.noise > 0.0 {
        let numbers = images.numel();
        let values: Vec<f32> = StandardNormal.sample_iter(&mut rng).take(numbers).collect();
        let noise = Tensor::f_from_slice(&values)?.f_view(size)?.f_to(device)?;
        images = images.f_add(&noise.f_mul(&column(Change::NOISE)?)?)?;
    }
    if let Some(erase) = &params.erase {
        let erased = rectangle(&column, crop as i64, device)?;
        images = images.f_masked_fill(&erased, erase.value)?;
    }
    Ok(images)
}

/// A number of every change as `[n, 1, 1, 1]`.
type Column<'a> = dyn Fn(i64) -> Result<Tensor, Error> + 'a;

/// `[n, 1, crop, crop]`: where a rectangle lies.
fn rectangle(column: &Column<'_>, crop: i64, device: tch::Device) -> Result<Tensor, Error> {
    let indices = Tensor::f_arange(crop, (Kind::Float, device))?;
    let within = |axis: i64, indices: Tensor| -> Result<Tensor, Error> {
        let start = column(Change::ERASED + 2 * axis)?;
        let length = column(Change::ERASED + 2 * axis + 1)?;
        let from = indices.f_ge_tensor(&start)?;
        Ok(from.f_logical_and(&indices.f_lt_tensor(&start.f_add(&length)?)?)?)
    };
    let rows = within(0, indices.f_view([1, 1, crop, 1])?)?;
    let columns = within(1, indices.f_view([1, 1, 1, crop])?)?;
    Ok(rows.f_logical_and(&columns)?)
}
