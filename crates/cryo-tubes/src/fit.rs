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
/// The same from a curve that is nearly known.
const MORE_ROUNDS: usize = 2;

fn unweighted(points: impl Iterator<Item = (Vector, f64)>) -> Vec<Datum> {
    let datum = |(place, t)| Datum {
        place,
        t,
        weight: 1.0,
    };
    points.map(datum).collect()
}

impl Fit {
    /// From points and rough places along the curve; `None` if fewer than four of them are on one curve.
    pub(crate) fn new(
        points: impl Iterator<Item = (Vector, f64)>,
        params: &TubeParams,
    ) -> Option<Self> {
        Self::with(unweighted(points), None, ROUNDS, params)
    }

    /// The same curve with other points close to it, too, at known places along it.
    pub(crate) fn with_more(
        &self,
        points: impl Iterator<Item = (Vector, f64)>,
        params: &TubeParams,
    ) -> Option<Self> {
        let data = self.data.iter().copied().chain(unweighted(points));
        Self::with(data.collect(), None, MORE_ROUNDS, params)
    }

    fn with(
        mut data: Vec<Datum>,
        density: Option<f64>,
        rounds: usize,
        params: &TubeParams,
    ) -> Option<Self> {
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
                let aside = (spline.position(foot) - datum.place).norm_squared();
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
    let fit = Fit::with(unweighted(points), Some(density), 2, params)?;
    let most = (WIDTH * params.gate_vox()).powi(2);
    let distances = fit.data.iter().map(|datum| {
        let foot = fit.spline.foot(&datum.place, datum.t);
        (fit.spline.position(foot) - datum.place)
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
        sum += datum.weight * (spline.position(datum.t) - datum.place).norm_squared();
        total += datum.weight;
    }
    (sum / total).sqrt()
}

/// Length along a spline from its begin to any parameter, and back.
pub(crate) struct ArcLength {
    step: f64,
    /// At every step.
    nodes: Vec<Walked>,
}

#[derive(Clone, Copy)]
struct Walked {
    length: f64,
    speed: f64,
}

impl ArcLength {
    /// Two steps an interval: there speed is the root of a quartic, near 1 and smooth.
    pub(crate) fn new(spline: &Spline, end: f64) -> Self {
        // A whole number of intervals must not become one step more by rounding.
        let count = (2.0 * end / spline.interval() - 1e-6).ceil().max(2.0);
        let step = end / count;
        let mut last = Walked {
            length: 0.0,
            speed: spline.speed(0.0),
        };
        let mut nodes = vec![last];
        for n in 0..count as usize {
            // Simpson's rule.
            let middle = spline.speed((n as f64 + 0.5) * step);
            let speed = spline.speed((n + 1) as f64 * step);
            let length = last.length + step / 6.0 * (last.speed + 4.0 * middle + speed);
            last = Walked { length, speed };
            nodes.push(last);
        }
        Self { step, nodes }
    }

    pub(crate) fn total(&self) -> f64 {
        self.nodes[self.nodes.len() - 1].length
    }

    /// The length at a parameter; beyond the ends at the speed there.
    pub(crate) fn at(&self, t: f64) -> f64 {
        let place = t / self.step;
        let index = (place as usize).min(self.nodes.len() - 2);
        let (from, to) = (self.nodes[index], self.nodes[index + 1]);
        let u = place - index as f64;
        if u < 0.0 {
            return from.length + from.speed * self.step * u;
        }
        if u > 1.0 {
            return to.length + to.speed * self.step * (u - 1.0);
        }
        let slopes = [from.speed * self.step, to.speed * self.step];
        hermite(u, [from.length, to.length], slopes)
    }

    /// The parameter at a length between 0 and the total.
    pub(crate) fn parameter(&self, length: f64) -> f64 {
        let last = self.nodes.len() - 2;
        let after = self.nodes.partition_point(|node| node.length <= length);
        let index = after.saturating_sub(1).min(last);
        let (from, to) = (self.nodes[index], self.nodes[index + 1]);
        let walked = to.length - from.length;
        let slow = from.speed.min(to.speed) * self.step <= 0.1 * walked;
        if walked <= 0.0 {
            return self.step * index as f64;
        }
        let part = ((length - from.length) / walked).clamp(0.0, 1.0);
        if slow {
            return self.step * (index as f64 + part);
        }
        let slopes = [walked / from.speed, walked / to.speed];
        let ends = [index as f64 * self.step, (index + 1) as f64 * self.step];
        hermite(part, ends, slopes)
    }
}

/// The cubic over 0 to 1 with these values and slopes at its ends.
fn hermite(u: f64, values: [f64; 2], slopes: [f64; 2]) -> f64 {
    let v = 1.0 - u;
    let ends = values[0] * (1.0 + 2.0 * u) * v * v + values[1] * (1.0 + 2.0 * v) * u * u;
    ends + u * v * (slopes[0] * v - slopes[1] * u)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_parabola_matches_closed_form() {
        // Twice as fast at its ends as in its middle.
        let place = |t: f64| Vector::new(t, 0.017 * (t - 50.0).powi(2), 3.0);
        let data: Vec<Datum> = (0..=40)
            .map(|n| 2.5 * f64::from(n))
            .map(|t| Datum {
                place: place(t),
                t,
                weight: 1.0,
            })
            .collect();
        let (spline, _) = Spline::fit(&data, 100.0, 12.0, 0.41).expect("determined");
        let arc = ArcLength::new(&spline, 100.0);
        let from_vertex = |t: f64| {
            let slope: f64 = 0.034 * (t - 50.0);
            (slope * (1.0 + slope * slope).sqrt() + slope.asinh()) / 0.068
        };
        for n in 0..=50 {
            let t = 2.0 * f64::from(n);
            let length = from_vertex(t) - from_vertex(0.0);
            assert!(
                (arc.at(t) - length).abs() < 2e-3,
                "{t}: {} {length}",
                arc.at(t)
            );
            assert!(
                (arc.parameter(length) - t).abs() < 2e-3,
                "{t} {}",
                arc.parameter(length) - t
            );
        }
        assert!((arc.at(-1.0) + spline.speed(0.0)).abs() < 1e-9);
        assert!((arc.at(101.0) - arc.total() - spline.speed(100.0)).abs() < 1e-9);
    }
}
