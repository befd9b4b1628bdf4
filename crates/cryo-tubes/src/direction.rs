use nalgebra::Matrix3;

use crate::{
    Vector,
    cloud::Cloud,
    params::{GATE, TubeParams},
};

/// Which way a filament through a point would run, and how many neighbours say so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Direction {
    /// Of length 1, sign arbitrary; zero without neighbours.
    pub(crate) axis: Vector,
    /// Sum of the neighbours' weights, each 0 to 1.
    pub(crate) support: f64,
}

/// Most neighbours that propose a direction; a dense cloud has more, which then only vote.
const MOST_PROPOSALS: usize = 48;

/// The line through a point that most of its neighbours lie on.
///
/// Each neighbour not too near proposes the line through it, all vote with Tukey's weight of their distance
/// from the line (a Hough transform over the pairs of one point), and the winner is fitted to its voters.
/// Unlike the principal axis of all neighbours this holds at crossings and beside a parallel filament.
pub(crate) fn direction_at(
    cloud: &Cloud,
    point: usize,
    params: &TubeParams,
    scratch: &mut Vec<Vector>,
) -> Direction {
    scratch.clear();
    cloud.near(
        &cloud.points[point],
        params.link_distance_vox,
        |other, offset| {
            if other != point {
                scratch.push(offset);
            }
        },
    );
    let nearest = (params.link_distance_vox / 4.0).powi(2);
    // A proposed line has the scatter of both its points.
    let width = std::f64::consts::SQRT_2 * params.gate_vox();
    let proposals = scratch
        .iter()
        .filter(|offset| offset.norm_squared() >= nearest)
        .count();
    let stride = proposals.div_ceil(MOST_PROPOSALS).max(1);
    let mut best = Direction {
        axis: Vector::zeros(),
        support: 0.0,
    };
    for offset in scratch
        .iter()
        .filter(|offset| offset.norm_squared() >= nearest)
        .step_by(stride)
    {
        let axis = offset.normalize();
        let support = scratch.iter().map(|q| tukey(across(q, &axis), width)).sum();
        // Equal but for rounding, the first is taken.
        if support > best.support + 1e-9 {
            best = Direction { axis, support };
        }
    }
    for _ in 0..2 {
        best = refined(scratch, &best, params.scatter_vox);
    }
    best
}

/// What the neighbours of a point say for another direction than theirs.
pub(crate) fn support_along(
    cloud: &Cloud,
    point: usize,
    axis: &Vector,
    params: &TubeParams,
) -> f64 {
    let width = std::f64::consts::SQRT_2 * params.gate_vox();
    let mut support = 0.0;
    cloud.near(
        &cloud.points[point],
        params.link_distance_vox,
        |other, offset| {
            if other != point {
                support += tukey(across(&offset, axis), width);
            }
        },
    );
    support
}

/// The line fitted to the neighbours near `line`, which need no longer pass through the point itself.
fn refined(offsets: &[Vector], line: &Direction, scatter: f64) -> Direction {
    let width = std::f64::consts::SQRT_2 * GATE * scatter;
    let mut sum = 1.0;
    let mut mean = Vector::zeros();
    // Above the diagonal as below.
    let mut square = [0.0; 6];
    for offset in offsets {
        let weight = tukey(across(offset, &line.axis), width);
        if weight > 0.0 {
            let weighted = offset * weight;
            sum += weight;
            mean += weighted;
            square[0] += weighted.x * offset.x;
            square[1] += weighted.x * offset.y;
            square[2] += weighted.x * offset.z;
            square[3] += weighted.y * offset.y;
            square[4] += weighted.y * offset.z;
            square[5] += weighted.z * offset.z;
        }
    }
    mean /= sum;
    let [xx, xy, xz, yy, yz, zz] = square.map(|entry| entry / sum);
    let spread = Matrix3::new(xx, xy, xz, xy, yy, yz, xz, yz, zz) - mean * mean.transpose();
    let mut axis = line.axis;
    for _ in 0..4 {
        let next = spread * axis;
        let length = next.norm();
        if length <= 0.0 {
            return *line;
        }
        axis = next / length;
    }
    let support = offsets
        .iter()
        .map(|offset| tukey(across(&(offset - mean), &axis), GATE * scatter))
        .sum();
    Direction { axis, support }
}

/// Squared distance of an offset from a line through 0 along `axis`.
fn across(offset: &Vector, axis: &Vector) -> f64 {
    let along = offset.dot(axis);
    (offset.norm_squared() - along * along).max(0.0)
}

/// Tukey's weight of a squared distance: 1 at 0, 0 from `width` on.
pub(crate) fn tukey(squared: f64, width: f64) -> f64 {
    let rest = (1.0 - squared / (width * width)).max(0.0);
    rest * rest
}
