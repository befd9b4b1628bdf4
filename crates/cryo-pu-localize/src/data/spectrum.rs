use ndarray::Array3;
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use super::{
    Prepared,
    prepare::{normalize, shape_of},
};
use crate::Error;

/// How strong tomograms are at each spatial frequency: the mean power of shells of equal width, from 0 to half a cycle a voxel
/// of the network's grid.
///
/// A network that learned from tomograms of one dose takes the fine detail of cleaner ones for something else. So a tomogram
/// is filtered to the spectrum of those learned from, as by DeePiCt (de Teresa-Trueba et al. 2023,
/// doi 10.1038/s41592-022-01746-2) and MemBrain-seg.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<f64>", into = "Vec<f64>")]
pub struct Spectrum(Vec<f64>);

impl TryFrom<Vec<f64>> for Spectrum {
    type Error = String;

    fn try_from(powers: Vec<f64>) -> Result<Self, String> {
        let valid = |power: &f64| power.is_finite() && *power > 0.0;
        if powers.len() == SHELLS && powers.iter().all(valid) {
            return Ok(Self(powers));
        }
        Err(format!(
            "spectrum: expected {SHELLS} finite powers above 0, got {powers:?}"
        ))
    }
}

impl From<Spectrum> for Vec<f64> {
    fn from(spectrum: Spectrum) -> Self {
        spectrum.0
    }
}

const SHELLS: usize = 48;
/// Values further from the middle do not count as more: gold is not noise.
const OUTLIERS: f64 = 5.0;
/// No frequency is weakened or strengthened more than this: where coarser voxels have no detail there is none to be had.
const MOST: f64 = 3.0;
/// Filters that change less are not worth their rounding.
const SAME: f64 = 0.02;
const AXES: &[i64] = &[0, 1, 2];

impl Spectrum {
    /// Bytes a voxel that [`impose`](Self::impose) takes for a while.
    pub(crate) const BYTES: u64 = 12;

    pub(crate) fn of(prepared: &Prepared, device: Device) -> Result<Self, Error> {
        let _guard = tch::no_grad_guard();
        let mut values = tensor(&prepared.values, device)?.f_clamp_(-OUTLIERS, OUTLIERS)?;
        if let Some(mask) = &prepared.mask {
            let inside: Vec<bool> = mask.iter().copied().collect();
            let inside = Tensor::f_from_slice(&inside)?.f_to(device)?;
            let _ = values.f_mul_(&inside.f_view(values.size().as_slice())?)?;
        }
        let transform = values.f_fft_rfftn(None::<&[i64]>, AXES, "ortho")?;
        drop(values);
        let shells = Shells::new(shape_of(&prepared.values), device)?;
        let zeros = || Tensor::f_zeros([SHELLS as i64], (Kind::Double, device));
        let (mut power, mut count) = (zeros()?, zeros()?);
        for plane in 0..transform.size()[0] {
            let [shell, _] = shells.of_plane(plane)?;
            let shell = shell.f_view([-1])?;
            let own = transform.f_select(0, plane)?.f_abs()?.f_square()?;
            let own = own.f_view([-1])?.f_to_kind(Kind::Double)?;
            let _ = power.f_index_add_(0, &shell, &own)?;
            let _ = count.f_index_add_(0, &shell, &own.f_ones_like()?)?;
        }
        // Of the mean nothing is to be said.
        let mean = transform.f_view([-1])?.f_get(0)?.f_abs()?;
        let mean = mean.f_square()?.f_double_value(&[])?;
        let (mut power, mut count) = (Vec::<f64>::try_from(&power)?, Vec::<f64>::try_from(&count)?);
        (power[0], count[0]) = ((power[0] - mean).max(0.0), count[0] - 1.0);
        let looked_at = prepared.looked_at as f64 / prepared.values.len() as f64;
        Ok(Self(filled(&power, &count, looked_at)))
    }

    /// The spectrum between several, each as strong as the others at their sum.
    pub(crate) fn between(all: &[Self]) -> Option<Self> {
        let first = all.first()?;
        let mean = |shell: usize| {
            let logarithms = all.iter().map(|one| one.0[shell].ln());
            (logarithms.sum::<f64>() / all.len() as f64).exp()
        };
        Some(Self((0..first.0.len()).map(mean).collect()))
    }

    /// Filters the tomogram to this spectrum, and normalizes it again.
    pub(crate) fn impose(
        &self,
        name: &str,
        prepared: &mut Prepared,
        device: Device,
    ) -> Result<(), Error> {
        let gains = self.gains(&Self::of(prepared, device)?);
        if gains.iter().all(|gain| (gain - 1.0).abs() < SAME) {
            return Ok(());
        }
        let _guard = tch::no_grad_guard();
        let values = tensor(&prepared.values, device)?;
        let size = values.size();
        let transform = values.f_fft_rfftn(None::<&[i64]>, AXES, "ortho")?;
        drop(values);
        let shells = Shells::new(shape_of(&prepared.values), device)?;
        let gains: Vec<f32> = gains.iter().map(|gain| *gain as f32).collect();
        let gains = Tensor::f_from_slice(&gains)?.f_to(device)?;
        for plane in 0..size[0] {
            let gain = shells.between(plane, &gains)?;
            let _ = transform.f_select(0, plane)?.f_mul_(&gain)?;
        }
        let back = transform.f_fft_irfftn(size.as_slice(), AXES, "ortho")?;
        drop(transform);
        let back = back.f_to(Device::Cpu)?.f_contiguous()?.f_view([-1])?;
        if !prepared.values.is_standard_layout() {
            prepared.values = prepared.values.as_standard_layout().into_owned();
        }
        let out = prepared.values.as_slice_mut().expect("in this order now");
        back.f_copy_data(out, out.len())?;
        normalize(name, &mut prepared.values, prepared.mask.as_ref())
    }

    /// What each shell is multiplied by, in amplitude, so that what has the spectrum `own` comes to this one; their mean is 1
    /// in the logarithm.
    fn gains(&self, own: &Self) -> Vec<f64> {
        let logarithms: Vec<f64> = (self.0.iter().zip(&own.0))
            .map(|(wanted, own)| 0.5 * (wanted / own).ln())
            .collect();
        let most = MOST.ln();
        let middle = median(&logarithms);
        let gain = |logarithm: &f64| (logarithm - middle).clamp(-most, most).exp();
        logarithms.iter().map(gain).collect()
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// Mean power of each shell; of one in which a small tomogram has no frequency that of the next one that has.
fn filled(power: &[f64], count: &[f64], looked_at: f64) -> Vec<f64> {
    const LEAST: f64 = 1e-12;
    let mean = |shell: usize| {
        let value = power[shell] / count[shell] / looked_at.max(LEAST);
        (count[shell] > 0.5).then(|| value.max(LEAST))
    };
    let nearest = |shell: usize| {
        let after = (shell..power.len()).find_map(mean);
        after.or_else(|| (0..shell).rev().find_map(mean))
    };
    (0..power.len())
        .map(|shell| nearest(shell).unwrap_or(1.0))
        .collect()
}

fn tensor(values: &Array3<f32>, device: Device) -> Result<Tensor, Error> {
    let size = shape_of(values).map(|extent| extent as i64);
    let packed = values.as_standard_layout();
    let flat = packed.as_slice().expect("packed");
    Ok(Tensor::f_from_slice(flat)?
        .f_to(device)?
        .f_view(size.as_slice())?)
}

/// In which shell the frequencies of a real volume's transform lie, plane by plane.
struct Shells {
    along_z: Vec<f64>,
    /// Squared, `[y, x]`.
    in_plane: Tensor,
}

impl Shells {
    fn new([depth, height, width]: [usize; 3], device: Device) -> Result<Self, Error> {
        let frequency = |index: usize, extent: usize| {
            let index = index.min(extent - index);
            index as f64 / extent as f64
        };
        let mut in_plane = Vec::with_capacity(height * (width / 2 + 1));
        for y in 0..height {
            for x in 0..=width / 2 {
                let (y, x) = (frequency(y, height), frequency(x, width));
                in_plane.push((y * y + x * x) as f32);
            }
        }
        Ok(Self {
            along_z: (0..depth).map(|z| frequency(z, depth)).collect(),
            in_plane: Tensor::f_from_slice(&in_plane)?
                .f_to(device)?
                .f_view([height as i64, (width / 2 + 1) as i64])?,
        })
    }

    /// In widths of a shell, from 0.
    fn radii(&self, plane: i64) -> Result<Tensor, Error> {
        let along_z = self.along_z[plane as usize];
        let radii = (&self.in_plane + along_z * along_z).f_sqrt()?;
        Ok(radii * (2.0 * SHELLS as f64))
    }

    /// The shell of each frequency, and how far into it that is.
    fn of_plane(&self, plane: i64) -> Result<[Tensor; 2], Error> {
        let radii = self.radii(plane)?.f_clamp(0.0, SHELLS as f64 - 0.001)?;
        let shell = radii.f_floor()?;
        Ok([shell.f_to_kind(Kind::Int64)?, radii - shell])
    }

    /// Values of the shells' middles, interpolated.
    fn between(&self, plane: i64, values: &Tensor) -> Result<Tensor, Error> {
        let radii = (self.radii(plane)? - 0.5).f_clamp(0.0, SHELLS as f64 - 1.001)?;
        let before = radii.f_floor()?;
        let part = radii - &before;
        let before = before.f_to_kind(Kind::Int64)?;
        let size = before.size();
        let at = |shell: &Tensor| -> Result<Tensor, Error> {
            let picked = values.f_index_select(0, &shell.f_view([-1])?)?;
            Ok(picked.f_view(size.as_slice())?)
        };
        let (one, other) = (at(&before)?, at(&(&before + 1))?);
        Ok(&one + part * (other - &one))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::prepare;
    use cryo_core::{Grid, Volume, VoxelSize};
    use cryo_train::stream_rng;
    use rand_distr::{Distribution, StandardNormal};

    /// White noise, and what is left of it where each voxel is the mean with `blurred` more along x.
    fn noise(shape: [usize; 3], seed: u64, blurred: usize) -> Prepared {
        let mut rng = stream_rng(seed, "spectrum", 0);
        let white: Array3<f32> =
            Array3::from_shape_simple_fn(shape, || StandardNormal.sample(&mut rng));
        let mean = |(z, y, x): (usize, usize, usize)| {
            let all = (0..=blurred).map(|by| white[[z, (y + by) % shape[1], (x + by) % shape[2]]]);
            all.sum::<f32>()
        };
        let grid = Grid::new(shape, VoxelSize::new(10.0).unwrap());
        let volume = Volume::new(Array3::from_shape_fn(shape, mean), grid).unwrap();
        prepare("noise", &volume.view(), None, 10.0).unwrap()
    }

    fn differ(one: &Spectrum, other: &Spectrum) -> f64 {
        let gains = one.gains(other);
        let squares = gains.iter().map(|gain| gain.ln().powi(2));
        (squares.sum::<f64>() / SHELLS as f64).sqrt()
    }

    #[test]
    fn a_tomogram_gets_the_spectrum_of_another_and_one_of_that_spectrum_stays() {
        let of = |prepared: &Prepared| Spectrum::of(prepared, Device::Cpu).unwrap();
        let (white, mut other) = (noise([24, 40, 48], 1, 0), noise([20, 51, 36], 2, 2));
        let wanted = of(&white);
        // The first shells are of few frequencies.
        assert!(wanted.0[8..].iter().all(|power| (0.7..1.4).contains(power)));
        // Planes of the last axis first, as other languages have them.
        other.values = other
            .values
            .permuted_axes([2, 1, 0])
            .as_standard_layout()
            .into_owned();
        other.values = other.values.permuted_axes([2, 1, 0]);
        let before = differ(&wanted, &of(&other));
        wanted.impose("other", &mut other, Device::Cpu).unwrap();
        let after = differ(&wanted, &of(&other));
        assert!(before > 0.2 && after < 0.5 * before, "{before} {after}");

        let mut same = noise([24, 40, 48], 1, 0);
        wanted.impose("same", &mut same, Device::Cpu).unwrap();
        assert_eq!(same.values, white.values);
    }

    #[test]
    fn neither_scale_nor_gold_changes_the_spectrum_much() {
        let plain = noise([24, 40, 48], 3, 1);
        let mut gold = noise([24, 40, 48], 3, 1);
        gold.values[[12, 20, 24]] = 4000.0;
        let [one, other] = [&plain, &gold].map(|one| Spectrum::of(one, Device::Cpu).unwrap());
        assert!(differ(&one, &other) < 0.02);
        let stronger = Spectrum(one.0.iter().map(|power| power * 9.0).collect());
        assert!(differ(&one, &stronger) < 1e-9);
        let between = Spectrum::between(&[one.clone(), stronger]).unwrap();
        assert!(differ(&one, &between) < 1e-9);
        assert_eq!(Spectrum::between(&[]), None);
    }

    #[test]
    fn a_damaged_spectrum_is_refused() {
        let read = |powers: &[f64]| {
            let text = serde_json::to_string(powers).unwrap();
            serde_json::from_str::<Spectrum>(&text)
        };
        let spectrum = read(&[0.5; SHELLS]).unwrap();
        assert_eq!(
            serde_json::to_string(&spectrum)
                .unwrap()
                .matches("0.5")
                .count(),
            SHELLS
        );
        let mut negative = [0.5; SHELLS];
        negative[7] = -1.0;
        for damaged in [&negative[..], &[0.5; 3], &[0.0; SHELLS]] {
            let message = read(damaged).unwrap_err().to_string();
            assert!(message.contains("48 finite powers above 0"), "{message}");
        }
    }

    #[test]
    fn shells_that_a_flat_tomogram_lacks_are_like_the_next() {
        let flat = Spectrum::of(&noise([1, 16, 16], 4, 0), Device::Cpu).unwrap();
        assert!(
            flat.0.iter().all(|power| (0.05..5.0).contains(power)),
            "{flat:?}"
        );
        let count = [0.0, 2.0, 0.0, 0.0];
        assert_eq!(filled(&[0.0, 6.0, 0.0, 0.0], &count, 0.5), [6.0; 4]);
    }
}
