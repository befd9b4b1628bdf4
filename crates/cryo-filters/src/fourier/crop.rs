use ndarray::{Array3, ArrayView3, Axis, parallel::prelude::*};
use realfft::RealFftPlanner;
use rustfft::num_complex::Complex32;

use crate::{
    Error, check,
    lines::{BLOCK, gather, scatter, sheets},
    stats::statistics,
};

/// The volume resampled to a smaller `shape` by dropping its highest frequencies: no aliasing, the mean stays.
///
/// One axis after the other, as `scipy.signal.resample`: where the new length is even, its Nyquist frequency keeps both halves of
/// the power. Voxel i of the result stands at `i * old / new` of the original, voxel 0 on voxel 0 (binning shifts by half a box, this does not). The
/// edge is periodic, so a step from one side to the other rings. Any lengths; parallel.
///
/// # Errors
///
/// [`Error::Parameter`] for a length of 0 or above the original, [`Error::Empty`], [`Error::NotFinite`].
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
///
/// let wave = |x: f32| (std::f32::consts::TAU * x / 20.0).cos();
/// let volume = Array3::from_shape_fn((4, 6, 40), |(_, _, x)| wave(x as f32));
/// let small = cryo_filters::fourier_crop(volume.view(), [4, 3, 25])?;
/// assert!((small[[2, 1, 7]] - wave(7.0 * 40.0 / 25.0)).abs() < 1e-5);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn fourier_crop(volume: ArrayView3<'_, f32>, shape: [usize; 3]) -> Result<Array3<f32>, Error> {
    check::not_empty(&volume)?;
    let names = ["length along z", "length along y", "length along x"];
    for ((name, wanted), &length) in names.into_iter().zip(shape).zip(volume.shape()) {
        if !(1..=length).contains(&wanted) {
            return Err(check::parameter(
                name,
                wanted as f64,
                "expected 1 to the length of the axis",
            ));
        }
    }
    statistics(volume)?;
    let mut cropped = volume.to_owned();
    for (axis, &wanted) in shape.iter().enumerate() {
        if wanted < cropped.len_of(Axis(axis)) {
            cropped = crop_axis(cropped, axis, wanted);
        }
    }
    Ok(cropped)
}

fn crop_axis(mut volume: Array3<f32>, axis: usize, wanted: usize) -> Array3<f32> {
    let length = volume.len_of(Axis(axis));
    let mut planner = RealFftPlanner::<f32>::new();
    let forward = planner.plan_fft_forward(length);
    let inverse = planner.plan_fft_inverse(wanted);
    let mut shape = volume.raw_dim();
    shape[axis] = wanted;
    let mut cropped = Array3::zeros(shape);
    let factor = 1.0 / length as f32;

    let (mut target, mut source) = (cropped.view_mut(), volume.view_mut());
    let targets = sheets(&mut target, axis);
    let sources = sheets(&mut source, axis);
    targets.into_par_iter().zip(sources).for_each_init(
        || (forward.make_output_vec(), Vec::new(), Vec::new()),
        |(spectrum, lines, short): &mut (Vec<Complex32>, Vec<f32>, Vec<f32>),
         (mut target, source)| {
            for first in (0..source.ncols()).step_by(BLOCK) {
                gather(&source.view(), first, lines);
                short.resize(lines.len() / length * wanted, 0.0);
                for (line, short) in lines
                    .chunks_exact_mut(length)
                    .zip(short.chunks_exact_mut(wanted))
                {
                    forward
                        .process(line, spectrum)
                        .expect("the buffers have the planned lengths");
                    let kept = &mut spectrum[..wanted / 2 + 1];
                    kept[0].im = 0.0;
                    if wanted.is_multiple_of(2)
                        && let Some(nyquist) = kept.last_mut()
                    {
                        *nyquist = Complex32::new(2.0 * nyquist.re, 0.0);
                    }
                    inverse
                        .process(kept, short)
                        .expect("the buffers have the planned lengths and the ends are real");
                    short.iter_mut().for_each(|value| *value *= factor);
                }
                scatter(short, first, &mut target);
            }
        },
    );
    cropped
}
