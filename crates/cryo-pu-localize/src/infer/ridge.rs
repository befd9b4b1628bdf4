use std::collections::HashMap;

use cryo_core::VoxelPos;
use cryo_filters::{GaussianParams, gaussian};
use nalgebra::{Matrix3, Vector3};
use ndarray::{Array3, ArrayView3};
use rayon::prelude::*;

use crate::Error;

/// Smoothing over the diameter: rounds the plateau of a tube's heat map without joining neighbours.
const SIGMA_PER_DIAMETER: f64 = 0.1;
/// A point whose crest is further away belongs to the next voxel; half and a little, so that none falls between two.
const REACH: f64 = 0.6;
/// Across a tube the map bends so many times more than along it, at least.
const SHARPER: f64 = 1.5;
/// Along it the map falls by no more than this part within a sigma of the smoothing: the flanks of a ball fall faster.
const SLOPE: f64 = 0.2;
/// Cosine of the angle up to which two crests run side by side.
const SAME_WAY: f64 = 0.8;

/// A point of a crest.
#[derive(Debug, Clone, Copy)]
pub(super) struct CrestPoint {
    pub(super) voxel: VoxelPos,
    /// Of the map at its voxel.
    pub(super) score: f32,
    /// Of the smoothed map, which has no plateau.
    height: f32,
    /// In ångström, along z, y, x.
    place: Vector3<f64>,
    /// Direction of the crest, of length 1.
    along: Vector3<f64>,
}

impl CrestPoint {
    pub(super) fn angstrom_zyx(&self) -> [f64; 3] {
        [self.place[0], self.place[1], self.place[2]]
    }
}

/// Points on the crests of a map of tubes, about a voxel apart along them, best first.
///
/// A crest is where the smoothed map is highest in the plane across the direction in which it bends least (Steger 1998,
/// doi:10.1109/34.659930, with a third axis); the place within the voxel is that of the parabola. The maxima of small
/// cubes, as the paper takes them, lie several diameters apart along an even tube; the crest leaves no gaps.
pub(super) fn crest_points(
    map: ArrayView3<'_, f32>,
    least: f32,
    voxel_zyx: [f64; 3],
    diameter: f64,
) -> Result<Vec<CrestPoint>, Error> {
    let sigma_vox = voxel_zyx.map(|edge| (SIGMA_PER_DIAMETER * diameter / edge).max(0.7));
    let params = GaussianParams {
        sigma_vox,
        ..GaussianParams::default()
    };
    let smooth = gaussian(map, &params)?;
    let sigma = SIGMA_PER_DIAMETER * diameter;
    let [depth, height, width] = [0, 1, 2].map(|axis| map.shape()[axis]);
    let mut points: Vec<CrestPoint> = (0..depth)
        .into_par_iter()
        .flat_map_iter(|z| {
            let smooth = &smooth;
            (0..height).flat_map(move |y| {
                (0..width).filter_map(move |x| {
                    let score = map[[z, y, x]];
                    if score < least {
                        return None;
                    }
                    let at = [z, y, x];
                    let (offset, along) = crest(smooth, at, voxel_zyx, sigma)?;
                    let index: [f64; 3] = std::array::from_fn(|axis| {
                        let last = map.shape()[axis] as f64 - 1.0;
                        (at[axis] as f64 + offset[axis] / voxel_zyx[axis]).clamp(0.0, last)
                    });
                    Some(CrestPoint {
                        voxel: VoxelPos::zyx(index[0], index[1], index[2]),
                        score,
                        height: smooth[at],
                        place: Vector3::from_fn(|axis, _| index[axis] * voxel_zyx[axis]),
                        along,
                    })
                })
            })
        })
        .collect();
    // Stable: ties stay in the order of their voxels.
    points.sort_by(|a, b| b.height.total_cmp(&a.height));
    let edge = voxel_zyx.iter().copied().fold(f64::INFINITY, f64::min);
    let mut points = without_neighbours(points, edge, diameter / 2.0);
    points.sort_by(|a, b| b.score.total_cmp(&a.score));
    Ok(points)
}

/// Leaves the higher of points on one voxel of a crest, and of crests side by side nearer than a radius: two tubes
/// cannot lie so.
fn without_neighbours(points: Vec<CrestPoint>, edge: f64, radius: f64) -> Vec<CrestPoint> {
    let cell = |place: Vector3<f64>| {
        let index = place.map(|coordinate| (coordinate / radius).floor() as i64);
        [index[0], index[1], index[2]]
    };
    let mut kept: Vec<CrestPoint> = Vec::new();
    let mut cells: HashMap<[i64; 3], Vec<usize>> = HashMap::new();
    for point in points {
        let covers = |other: &CrestPoint| {
            let apart = point.place - other.place;
            let along = apart.dot(&other.along).abs();
            let same_way = point.along.dot(&other.along).abs() > SAME_WAY;
            // Half a voxel: its steps along a diagonal are longer than one.
            let beside = same_way && along <= 0.5 * edge && apart.norm() < radius;
            beside || apart.norm() < 0.5 * edge
        };
        let [z, y, x] = cell(point.place);
        let around = (z - 1..=z + 1).flat_map(|z| {
            (y - 1..=y + 1).flat_map(move |y| (x - 1..=x + 1).map(move |x| [z, y, x]))
        });
        let taken = around
            .filter_map(|index| cells.get(&index))
            .flatten()
            .any(|&number| covers(&kept[number]));
        if !taken {
            cells.entry([z, y, x]).or_default().push(kept.len());
            kept.push(point);
        }
    }
    kept
}

/// From the middle of the voxel to the crest, along z, y, x in ångström, and its direction, if it
/// passes the voxel.
fn crest(
    smooth: &Array3<f32>,
    at: [usize; 3],
    voxel: [f64; 3],
    sigma: f64,
) -> Option<(Vector3<f64>, Vector3<f64>)> {
    let value = |shift: [isize; 3]| -> f64 {
        let index: [usize; 3] = std::array::from_fn(|axis| {
            at[axis]
                .saturating_add_signed(shift[axis])
                .min(smooth.shape()[axis] - 1)
        });
        f64::from(smooth[index])
    };
    let unit = |axis: usize, step: isize| {
        let mut shift = [0; 3];
        shift[axis] = step;
        shift
    };
    let middle = value([0; 3]);
    let mut gradient = Vector3::zeros();
    let mut hessian = Matrix3::zeros();
    for axis in 0..3 {
        let (above, below) = (value(unit(axis, 1)), value(unit(axis, -1)));
        gradient[axis] = (above - below) / (2.0 * voxel[axis]);
        hessian[(axis, axis)] = (above - 2.0 * middle + below) / (voxel[axis] * voxel[axis]);
        for other in 0..axis {
            let corner = |a: isize, b: isize| {
                let mut shift = [0; 3];
                shift[axis] = a;
                shift[other] = b;
                value(shift)
            };
            let mixed = corner(1, 1) - corner(1, -1) - corner(-1, 1) + corner(-1, -1);
            let mixed = mixed / (4.0 * voxel[axis] * voxel[other]);
            hessian[(axis, other)] = mixed;
            hessian[(other, axis)] = mixed;
        }
    }
    let eigen = hessian.symmetric_eigen();
    let mut order = [0, 1, 2];
    order.sort_by(|&a, &b| eigen.eigenvalues[a].total_cmp(&eigen.eigenvalues[b]));
    let [_, second, along] = order.map(|number| eigen.eigenvalues[number]);
    let slope = gradient.dot(&eigen.eigenvectors.column(order[2])).abs();
    if slope * sigma > SLOPE * middle || second >= 0.0 || second > SHARPER * along.min(0.0) {
        return None;
    }
    let across = order[..2].iter().map(|&number| {
        let direction = eigen.eigenvectors.column(number);
        direction * (-gradient.dot(&direction) / eigen.eigenvalues[number])
    });
    let offset: Vector3<f64> = across.sum();
    let within = (0..3).all(|axis| offset[axis].abs() <= REACH * voxel[axis]);
    within.then(|| (offset, eigen.eigenvectors.column(order[2]).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIAMETER: f64 = 12.0;

    /// Plateaus of the width that a network is taught, round a line through the middle.
    fn tube(direction: Vector3<f64>, voxel: [f64; 3]) -> Array3<f32> {
        Array3::from_shape_fn([40; 3], |(z, y, x)| {
            let from = physical(VoxelPos::zyx(z as f64, y as f64, x as f64), voxel);
            let across = from - direction * from.dot(&direction);
            (1.0 / (1.0 + (4.0 * (across.norm() - 2.6)).exp())) as f32
        })
    }

    fn physical(at: VoxelPos, voxel: [f64; 3]) -> Vector3<f64> {
        Vector3::new(
            (at.z - 19.6) * voxel[0],
            (at.y - 19.3) * voxel[1],
            (at.x - 19.8) * voxel[2],
        )
    }

    #[test]
    fn the_crest_of_a_tube_in_any_direction_is_its_axis_without_gaps() {
        for direction in [
            [0.0, 0.0, 1.0],
            [1.0, 0.0, 0.0],
            [0.3, 0.9, -0.2],
            [1.0, 1.0, 1.0],
            [0.7, -0.1, 0.6],
        ] {
            for voxel in [[1.0; 3], [1.0, 2.0, 2.0]] {
                let direction = Vector3::from(direction).normalize();
                let map = tube(direction, voxel);
                let points = crest_points(map.view(), 0.5, voxel, DIAMETER).unwrap();
                let mut places = Vec::new();
                for point in &points {
                    let from = physical(point.voxel, voxel);
                    let along = from.dot(&direction);
                    // The map ends at the border, and with it the crest's sharpness.
                    if along.abs() < 12.0 {
                        let off = (from - direction * along).norm();
                        assert!(off < 0.3 * voxel[1], "{direction:?} {voxel:?}: {off}");
                        places.push(along);
                    }
                }
                places.sort_by(f64::total_cmp);
                let widest = places.windows(2).map(|pair| pair[1] - pair[0]);
                let widest = widest.fold(0.0, f64::max);
                assert!(
                    widest <= 1.5 * voxel[1],
                    "{direction:?} {voxel:?}: {widest}"
                );
                assert!(places.len() < 100, "{} points on 24 voxels", places.len());
            }
        }
    }

    #[test]
    fn of_two_crests_side_by_side_within_a_tube_one_stays() {
        let map = Array3::from_shape_fn([40; 3], |(z, y, _)| {
            let from = |z0: f64| ((z as f64 - z0).powi(2) + (y as f64 - 19.0).powi(2)) / 3.0;
            ((-from(16.0)).exp() + 0.9 * (-from(21.0)).exp()) as f32
        });
        let points = crest_points(map.view(), 0.3, [1.0; 3], DIAMETER).unwrap();
        assert!(points.len() > 30);
        assert!(
            points
                .iter()
                .all(|point| (point.voxel.z - 16.0).abs() < 0.5)
        );
    }

    #[test]
    fn a_ball_and_a_wall_have_no_crest_line() {
        let ball = Array3::from_shape_fn([21; 3], |(z, y, x)| {
            let squared: f64 = [z, y, x].map(|n| (n as f64 - 10.0).powi(2)).iter().sum();
            (-squared / 8.0).exp() as f32
        });
        let points = crest_points(ball.view(), 0.3, [1.0; 3], DIAMETER).unwrap();
        assert!(points.len() <= 9, "{points:?}");
        let wall = Array3::from_shape_fn([21; 3], |(_, y, _)| {
            (-(y as f64 - 10.0).powi(2) / 8.0).exp() as f32
        });
        let points = crest_points(wall.view(), 0.3, [1.0; 3], DIAMETER).unwrap();
        assert!(points.is_empty());
    }
}
