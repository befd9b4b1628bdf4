use cryo_core::Progress;
use rayon::prelude::*;

use super::lazy::{BATCH, LazyViews};
use crate::error::{Error, require};

/// Mean and spread of the values of many views, a channel each; views go in, nothing of them is kept.
///
/// Values are summed view by view in double precision and joined in order (Chan, Golub, LeVeque 1983, doi
/// 10.1080/00031305.1983.10483115), so the result does not depend on the number of threads. Of a data set of
/// many tomograms, add the views of one after the other.
///
/// # Examples
/// See [`ViewNormalization`].
#[derive(Debug, Clone, PartialEq)]
pub struct ViewStatistics {
    channels: Vec<Moments>,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Moments {
    count: f64,
    mean: f64,
    /// Sum of the squared distances from the mean.
    squares: f64,
}

impl Moments {
    fn of(values: &[f32]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().copied().map(f64::from).sum::<f64>() / count;
        let squares = values
            .iter()
            .map(|&value| (f64::from(value) - mean).powi(2));
        Self {
            count,
            mean,
            squares: squares.sum(),
        }
    }

    fn join(self, other: Self) -> Self {
        let count = self.count + other.count;
        let apart = other.mean - self.mean;
        Self {
            count,
            mean: self.mean + apart * (other.count / count),
            squares: self.squares
                + other.squares
                + apart * apart * (self.count * other.count / count),
        }
    }
}

impl ViewStatistics {
    /// Of no view yet, of that many channels.
    #[must_use]
    pub fn new(channels: usize) -> Self {
        Self {
            channels: vec![Moments::default(); channels],
        }
    }

    /// Adds all views, as [`LazyViews::fill`] gives them.
    ///
    /// # Errors
    /// [`Error::Channels`], [`Error::Cancelled`]; nothing is added then.
    pub fn add(&mut self, views: &LazyViews<'_>, progress: &dyn Progress) -> Result<(), Error> {
        let [channels, height, width] = views.shape();
        if channels != self.channels.len() {
            return Err(Error::Channels {
                expected: channels,
                got: self.channels.len(),
            });
        }
        progress.begin("measuring views", views.len() as u64);
        let all: Vec<usize> = (0..views.len()).collect();
        let mut sums = self.channels.clone();
        let mut buffer = vec![0.0; BATCH.min(views.len()) * views.view_len()];
        for batch in all.chunks(BATCH) {
            if progress.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let buffer = &mut buffer[..batch.len() * views.view_len()];
            views.fill(batch, buffer)?;
            let planes = buffer.par_chunks_exact(height * width);
            let planes: Vec<Moments> = planes.map(Moments::of).collect();
            for (number, plane) in planes.into_iter().enumerate() {
                let sum = &mut sums[number % channels];
                *sum = sum.join(plane);
            }
            progress.advance(batch.len() as u64);
        }
        self.channels = sums;
        Ok(())
    }

    /// What was measured.
    ///
    /// # Errors
    /// [`Error::TooFew`] before there are two values.
    pub fn normalization(&self) -> Result<ViewNormalization, Error> {
        for channel in &self.channels {
            if channel.count < 2.0 {
                return Err(Error::TooFew {
                    what: "values",
                    expected: 2,
                    got: channel.count as usize,
                });
            }
        }
        let channels = self.channels.iter();
        let std = |sums: &Moments| (sums.squares / (sums.count - 1.0)).sqrt();
        Ok(ViewNormalization {
            mean: channels.clone().map(|sums| sums.mean).collect(),
            std: channels.map(std).collect(),
        })
    }
}

/// Mean and standard deviation of each channel over a data set, taken away from every view.
///
/// A value of a run: measured once over its views, stored with the model, and applied to whatever is embedded
/// later. (MiLoPYP measures it again on every list, so that an embedding changes with its neighbours;
/// `milopyp-spec` D.3, K.1.9.)
///
/// # Examples
/// ```
/// use cryo_candidates::{SliceViewParams, ViewNormalization, slice_views};
/// use cryo_core::{Grid, Particle, ParticleSet, Volume, VoxelPos, VoxelSize};
/// use ndarray::Array3;
/// let grid = Grid::new([8, 40, 50], VoxelSize::new(10.0).expect("valid"));
/// let data = Array3::from_shape_fn((8, 40, 50), |(z, y, x)| ((z * 7 + y * 5 + x * 3) % 11) as f32);
/// let volume = Volume::new(data, grid)?;
/// let mut particles = ParticleSet::new("ts_01", grid);
/// particles.items.extend((0..6).map(|i| Particle::at(VoxelPos::xyz(8.0 * f64::from(i), 20.0, 4.0))));
///
/// let views = slice_views(&volume, &particles, &SliceViewParams::default())?;
/// let normalization = ViewNormalization::of(&views, &())?;
/// let again = slice_views(&volume, &particles, &SliceViewParams::default())?.normalized(normalization)?;
/// let seen = ViewNormalization::of(&again, &())?;
/// assert!(seen.mean[0].abs() < 1e-6 && (seen.std[0] - 1.0).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ViewNormalization {
    /// Mean of each channel.
    pub mean: Vec<f64>,
    /// Standard deviation of the sample (divided by n − 1) of each channel; a channel with 0 becomes 0.
    pub std: Vec<f64>,
}

impl ViewNormalization {
    /// Of all views, in the memory of one batch.
    ///
    /// # Errors
    /// [`Error::TooFew`] without views, [`Error::Cancelled`].
    pub fn of(views: &LazyViews<'_>, progress: &dyn Progress) -> Result<Self, Error> {
        let mut statistics = ViewStatistics::new(views.shape()[0]);
        statistics.add(views, progress)?;
        statistics.normalization()
    }

    /// Nothing if all numbers are what a measurement gives; a file may hold others.
    ///
    /// # Errors
    /// [`Error::Parameter`] with the first that is not.
    pub fn validate(&self) -> Result<(), Error> {
        let (means, stds) = (self.mean.len(), self.std.len());
        let rule = "expected as many standard deviations as means, at least one";
        require(means == stds && means > 0, "std", stds as f64, rule)?;
        for &mean in &self.mean {
            require(mean.is_finite(), "mean", mean, "expected finite means")?;
        }
        for &std in &self.std {
            let rule = "expected finite standard deviations from 0";
            require(std.is_finite() && std >= 0.0, "std", std, rule)?;
        }
        Ok(())
    }

    /// Normalizes views `[n, c, y, x]` of a shape `[c, y, x]` in place.
    ///
    /// # Errors
    /// [`Error::Channels`]; [`Error::Length`] if `views` is no whole number of views.
    pub fn apply(&self, shape: [usize; 3], views: &mut [f32]) -> Result<(), Error> {
        self.validate()?;
        self.check_channels(shape[0])?;
        let length: usize = shape.iter().product();
        if length == 0 || !views.len().is_multiple_of(length) {
            return Err(Error::Length {
                name: "views",
                expected: views.len().checked_div(length).unwrap_or(0) * length,
                got: views.len(),
            });
        }
        views
            .par_chunks_exact_mut(length)
            .for_each(|view| self.apply_to_view(view));
        Ok(())
    }

    pub(crate) fn check_channels(&self, expected: usize) -> Result<(), Error> {
        if self.mean.len() == expected {
            return Ok(());
        }
        Err(Error::Channels {
            expected,
            got: self.mean.len(),
        })
    }

    pub(crate) fn apply_to_view(&self, view: &mut [f32]) {
        let pixels = view.len() / self.mean.len();
        let channels = self.mean.iter().zip(&self.std);
        for (plane, (&mean, &std)) in view.chunks_exact_mut(pixels).zip(channels) {
            // Equal f32 values have a mean that is off by rounding, and no spread but that.
            let varies = std.is_normal() && std > 1e-9 * mean.abs();
            let scale = if varies { 1.0 / std } else { 0.0 };
            for value in plane {
                *value = ((f64::from(*value) - mean) * scale) as f32;
            }
        }
    }
}
