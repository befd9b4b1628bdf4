use crate::{
    Vector,
    banded::Factor,
    direction::tukey,
    params::TubeParams,
    spline::{Datum, Spline},
};

/// A curve through points that may be wrong, parametrised by its length.
pub(crate) struct Fit {
    pub(crate) spline: Spline,
    /// Parameter of each point, and its weight: 0 for outliers.
    pub(crate) data: Vec<Datum>,
    /// Weighted root mean square distance of the points from the curve.
    pub(crate) residual: f64,
    factor: Factor,
}

/// Fits and re-parametrisations.
const ROUNDS: usize = 4;

impl Fit {
    /// From points and rough places along the curve; `None` if fewer than four of them are on one curve.
    pub(crate) fn new(
        points: impl Iterator<Item = (Vector, f64)>,
        params: &TubeParams,
    ) -> Option<Self> {
        Self::with(points, None, ROUNDS, params)
    }

    fn with(
        points: impl Iterator<Item = (Vector, f64)>,
        density: Option<f64>,
        rounds: usize,
        params: &TubeParams,
    ) -> Option<Self> {
        let mut data: Vec<Datum> = points
            .map(|(place, t)| Datum {
                place,
                t,
                weight: 1.0,
            })
            .collect();
        let smoothing = params.smoothing_vox();
        let density_over = |length: f64, data: &[Datum]| {
            density.unwrap_or_else(|| data.iter().map(|datum| datum.weight).sum::<f64>() / length)
        };
        for _ in 0..rounds {
            let length = shift_to_zero(&mut data)?;
            let (spline, _) = Spline::fit(&data, length, smoothing, density_over(length, &data))?;
            let arc = ArcLength::new(&spline, length);
            for datum in &mut data {
                let foot = spline.foot(&datum.place, datum.t.clamp(0.0, length));
                let aside = (spline.at(foot).position - datum.place).norm_squared();
                // Where a point leaves the gate depends on its neighbours, so the edge is soft.
                datum.weight = tukey(aside, WIDTH * params.gate_vox());
                datum.t = arc.at(foot);
            }
        }
        let length = shift_to_zero(&mut data)?;
        let (spline, factor) = Spline::fit(&data, length, smoothing, density_over(length, &data))?;
        let residual = residual(&spline, &mut data);
        Some(Self {
            spline,
            data,
            residual,
            factor,
        })
    }

    /// Standard deviation of the curvature at `t`, by the residual.
    pub(crate) fn curvature_deviation(&self, t: f64) -> f64 {
        // Each side has half of the residual's square, and both have a part in the curvature.
        self.residual * self.spline.bend_deviation(&self.factor, t)
    }
}

/// Where a point's weight ends, in gates.
const WIDTH: f64 = 1.2;

/// What the smoothing spline through points costs: squared distances, each at most that of an outlier, and
/// bending, in variances of the scatter. `None` if they are on no curve.
pub(crate) fn energy(
    points: impl Iterator<Item = (Vector, f64)>,
    density: f64,
    params: &TubeParams,
) -> Option<f64> {
    let fit = Fit::with(points, Some(density), 2, params)?;
    let most = (WIDTH * params.gate_vox()).powi(2);
    let distances = fit.data.iter().map(|datum| {
        let foot = fit.spline.foot(&datum.place, datum.t);
        (fit.spline.at(foot).position - datum.place)
            .norm_squared()
            .min(most)
    });
    Some((distances.sum::<f64>() + fit.spline.bending_energy()) / params.scatter_vox.powi(2))
}

/// Moves the parameters so that the first point with a weight is at 0; returns the last one's.
fn shift_to_zero(data: &mut [Datum]) -> Option<f64> {
    let inside = data.iter().filter(|datum| datum.weight > 0.0);
    let (mut count, mut low, mut high) = (0, f64::INFINITY, f64::NEG_INFINITY);
    for datum in inside {
        count += 1;
        low = low.min(datum.t);
        high = high.max(datum.t);
    }
    let valid = count >= 4 && (high - low).is_finite() && high - low > 1e-6;
    if !valid {
        return None;
    }
    for datum in data {
        datum.t -= low;
    }
    Some(high - low)
}

/// Moves the parameters to the feet of the points, since the ends of a smoothed curve slide along it.
fn residual(spline: &Spline, data: &mut [Datum]) -> f64 {
    let (mut sum, mut total) = (0.0, 0.0);
    for datum in data {
        datum.t = spline.foot(&datum.place, datum.t);
        sum += datum.weight * (spline.at(datum.t).position - datum.place).norm_squared();
        total += datum.weight;
    }
    (sum / total).sqrt()
}

/// Length along a spline from its begin to any parameter, and back.
pub(crate) struct ArcLength {
    step: f64,
    /// Length at every step.
    lengths: Vec<f64>,
}

impl ArcLength {
    /// Steps are a voxel or less: speed is near 1 and smooth.
    pub(crate) fn new(spline: &Spline, end: f64) -> Self {
        let count = end.ceil().max(1.0);
        let step = end / count;
        let speed = |t: f64| spline.at(t).first.norm();
        let mut lengths = vec![0.0];
        let mut walked = 0.0;
        let mut before = speed(0.0);
        for n in 0..count as usize {
            // Simpson's rule.
            let middle = speed((n as f64 + 0.5) * step);
            let after = speed((n + 1) as f64 * step);
            walked += step / 6.0 * (before + 4.0 * middle + after);
            lengths.push(walked);
            before = after;
        }
        Self { step, lengths }
    }

    pub(crate) fn total(&self) -> f64 {
        self.lengths[self.lengths.len() - 1]
    }

    /// The length at a parameter; beyond the ends at the speed of the last step.
    pub(crate) fn at(&self, t: f64) -> f64 {
        let last = self.lengths.len() - 2;
        let n = (t / self.step).floor().clamp(0.0, last as f64);
        let index = n as usize;
        let (from, to) = (self.lengths[index], self.lengths[index + 1]);
        from + (to - from) * (t / self.step - n)
    }

    /// The parameter at a length between 0 and the total.
    pub(crate) fn parameter(&self, length: f64) -> f64 {
        let last = self.lengths.len() - 2;
        let after = self.lengths.partition_point(|&walked| walked <= length);
        let index = after.saturating_sub(1).min(last);
        let (from, to) = (self.lengths[index], self.lengths[index + 1]);
        let part = if to > from {
            (length - from) / (to - from)
        } else {
            0.0
        };
        self.step * (index as f64 + part)
    }
}
