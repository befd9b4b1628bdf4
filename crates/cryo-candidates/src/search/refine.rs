//! Between the voxels.

/// Place of a maximum between voxels and its value, from the three values along each axis `[before, at, after]`: a parabola an axis.
///
/// An axis that lacks a neighbour stays where it is.
pub(crate) fn refine(lines: [[Option<f32>; 3]; 3]) -> ([f64; 3], f64) {
    let at = f64::from(lines[0][1].unwrap_or(0.0));
    let mut height = at;
    let offsets = lines.map(|[before, _, after]| {
        let (Some(before), Some(after)) = (before, after) else {
            return 0.0;
        };
        let (before, after) = (f64::from(before), f64::from(after));
        let bend = before - 2.0 * at + after;
        if bend >= 0.0 {
            return 0.0;
        }
        let offset = (0.5 * (before - after) / bend).clamp(-0.5, 0.5);
        height += 0.5 * (after - before) * offset + 0.5 * bend * offset * offset;
        offset
    });
    (offsets, height)
}

/// Ratio of the largest to the smallest of the three principal curvatures at a maximum, from its 3 × 3 × 3 voxels `[z][y][x]`.
///
/// Infinite where it does not fall off in some direction.
pub(crate) fn elongation(cube: &[[[f32; 3]; 3]; 3]) -> f32 {
    let at = |z: usize, y: usize, x: usize| f64::from(cube[z][y][x]);
    let centre = at(1, 1, 1);
    let zz = at(0, 1, 1) - 2.0 * centre + at(2, 1, 1);
    let yy = at(1, 0, 1) - 2.0 * centre + at(1, 2, 1);
    let xx = at(1, 1, 0) - 2.0 * centre + at(1, 1, 2);
    let zy = (at(2, 2, 1) - at(2, 0, 1) - at(0, 2, 1) + at(0, 0, 1)) / 4.0;
    let zx = (at(2, 1, 2) - at(2, 1, 0) - at(0, 1, 2) + at(0, 1, 0)) / 4.0;
    let yx = (at(1, 2, 2) - at(1, 2, 0) - at(1, 0, 2) + at(1, 0, 0)) / 4.0;
    let [weakest, strongest] = extreme_eigenvalues(-zz, -yy, -xx, -zy, -zx, -yx);
    if weakest <= 0.0 {
        f32::INFINITY
    } else {
        (strongest / weakest) as f32
    }
}

/// Smallest and largest eigenvalue of a symmetric matrix (Smith 1961, doi 10.1145/355578.366316).
fn extreme_eigenvalues(a: f64, b: f64, c: f64, ab: f64, ac: f64, bc: f64) -> [f64; 2] {
    let mean = (a + b + c) / 3.0;
    let off = ab * ab + ac * ac + bc * bc;
    let spread = (a - mean).powi(2) + (b - mean).powi(2) + (c - mean).powi(2) + 2.0 * off;
    if spread <= 0.0 {
        return [mean; 2];
    }
    let p = (spread / 6.0).sqrt();
    let [a, b, c] = [a, b, c].map(|value| (value - mean) / p);
    let [ab, ac, bc] = [ab, ac, bc].map(|value| value / p);
    let determinant = a * (b * c - bc * bc) - ab * (ab * c - bc * ac) + ac * (ab * bc - b * ac);
    let angle = (determinant / 2.0).clamp(-1.0, 1.0).acos() / 3.0;
    let largest = mean + 2.0 * p * angle.cos();
    let smallest = mean + 2.0 * p * (angle + 2.0 * std::f64::consts::FRAC_PI_3).cos();
    [smallest, largest]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parabola_is_found_between_voxels() {
        let value = |place: f64| Some((5.0 - (place - 0.3).powi(2)) as f32);
        let line = [value(-1.0), value(0.0), value(1.0)];
        let flat = [None, line[1], None];
        let ([z, y, x], height) = refine([flat, flat, line]);
        assert_eq!((z, y), (0.0, 0.0));
        assert!((x - 0.3).abs() < 1e-5 && (height - 5.0).abs() < 1e-5);
    }

    #[test]
    fn curvatures_match_closed_form() {
        // −(x² + 4 y² + 9 z²), turned by 45° in the yx plane.
        let turn = std::f64::consts::FRAC_1_SQRT_2;
        let mut cube = [[[0.0; 3]; 3]; 3];
        for (z, plane) in cube.iter_mut().enumerate() {
            for (y, row) in plane.iter_mut().enumerate() {
                for (x, value) in row.iter_mut().enumerate() {
                    let [z, y, x] = [z, y, x].map(|place| place as f64 - 1.0);
                    let (u, v) = (turn * (x + y), turn * (y - x));
                    *value = -(u * u + 4.0 * v * v + 9.0 * z * z) as f32;
                }
            }
        }
        assert!((elongation(&cube) - 9.0).abs() < 1e-4);
        assert_eq!(elongation(&[[[1.0; 3]; 3]; 3]), f32::INFINITY);
    }
}
