use crate::AngstromPos;

/// The rotation `volume_from_particle`: it takes vectors of the particle's reference frame into the
/// tomogram, as a matrix that left-multiplies column vectors `(x, y, z)`.
///
/// Right-handed; kept as a unit quaternion `w, x, y, z`.
///
/// ```
/// use cryo_core::Orientation;
/// let orientation = Orientation::from_zyz_deg(10.0, 60.0, -30.0);
/// let [rot, tilt, psi] = orientation.to_zyz_deg();
/// assert!((rot - 10.0).abs() < 1e-9 && (tilt - 60.0).abs() < 1e-9 && (psi + 30.0).abs() < 1e-9);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Orientation([f64; 4]);

impl Orientation {
    /// No rotation.
    pub const IDENTITY: Self = Self([1.0, 0.0, 0.0, 0.0]);

    /// From a quaternion `w, x, y, z` of any finite length above zero, else `None`.
    #[must_use]
    pub fn from_quaternion(quaternion: [f64; 4]) -> Option<Self> {
        let length = quaternion
            .iter()
            .map(|part| part * part)
            .sum::<f64>()
            .sqrt();
        (length.is_finite() && length > 0.0).then(|| Self(quaternion.map(|part| part / length)))
    }

    /// The unit quaternion `w, x, y, z` with `w ≥ 0`.
    #[must_use]
    pub fn quaternion(self) -> [f64; 4] {
        if self.0[0] < 0.0 {
            self.0.map(|part| -part)
        } else {
            self.0
        }
    }

    /// From a matrix (rows of x, y, z) that is a rotation within 1e-3, else `None`.
    ///
    /// 1e-3 admits matrices that a file rounded to four digits; they are made orthonormal.
    #[must_use]
    pub fn from_matrix(m: [[f64; 3]; 3]) -> Option<Self> {
        for i in 0..3 {
            for j in 0..3 {
                let dot: f64 = (0..3).map(|k| m[i][k] * m[j][k]).sum();
                let expected = if i == j { 1.0 } else { 0.0 };
                if dot.is_nan() || (dot - expected).abs() > 1e-3 {
                    return None;
                }
            }
        }
        let determinant = m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
            - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
            + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
        if determinant < 0.0 {
            return None;
        }
        // Shepperd's method: divide by the largest of the four parts.
        let trace = m[0][0] + m[1][1] + m[2][2];
        let quaternion = if trace >= m[0][0].max(m[1][1]).max(m[2][2]) {
            [
                1.0 + trace,
                m[2][1] - m[1][2],
                m[0][2] - m[2][0],
                m[1][0] - m[0][1],
            ]
        } else if m[0][0] >= m[1][1].max(m[2][2]) {
            let first = 1.0 + m[0][0] - m[1][1] - m[2][2];
            [
                m[2][1] - m[1][2],
                first,
                m[0][1] + m[1][0],
                m[0][2] + m[2][0],
            ]
        } else if m[1][1] >= m[2][2] {
            let second = 1.0 - m[0][0] + m[1][1] - m[2][2];
            [
                m[0][2] - m[2][0],
                m[0][1] + m[1][0],
                second,
                m[1][2] + m[2][1],
            ]
        } else {
            let third = 1.0 - m[0][0] - m[1][1] + m[2][2];
            [
                m[1][0] - m[0][1],
                m[0][2] + m[2][0],
                m[1][2] + m[2][1],
                third,
            ]
        };
        Self::from_quaternion(quaternion)
    }

    /// The matrix, rows of x, y, z.
    #[must_use]
    pub fn matrix(self) -> [[f64; 3]; 3] {
        let [w, x, y, z] = self.0;
        [
            [
                1.0 - 2.0 * (y * y + z * z),
                2.0 * (x * y - w * z),
                2.0 * (x * z + w * y),
            ],
            [
                2.0 * (x * y + w * z),
                1.0 - 2.0 * (x * x + z * z),
                2.0 * (y * z - w * x),
            ],
            [
                2.0 * (x * z - w * y),
                2.0 * (y * z + w * x),
                1.0 - 2.0 * (x * x + y * y),
            ],
        ]
    }

    /// From RELION's `rlnAngleRot`, `rlnAngleTilt`, `rlnAnglePsi` in degrees.
    ///
    /// RELION's matrix `A` (`Euler_angles2matrix`) takes the reference into the tomogram and equals
    /// the inverse of the intrinsic z-y-z rotation `Rz(rot) Ry(tilt) Rz(psi)`.
    #[must_use]
    pub fn from_zyz_deg(rot: f64, tilt: f64, psi: f64) -> Self {
        Self::from_intrinsic_zyz_deg([rot, tilt, psi]).inverse()
    }

    /// RELION's `rot`, `tilt`, `psi` in degrees; `tilt` in 0..=180, the others in −180..=180.
    ///
    /// At tilt 0 and 180 only a sum of the other two is defined; `psi` is then 0.
    #[must_use]
    pub fn to_zyz_deg(self) -> [f64; 3] {
        self.inverse().to_intrinsic_zyz_deg()
    }

    /// The active rotation `Rz(a) Ry(b) Rz(c)`, angles in degrees.
    #[must_use]
    pub fn from_intrinsic_zyz_deg([a, b, c]: [f64; 3]) -> Self {
        about(2, a).then_after(about(1, b)).then_after(about(2, c))
    }

    /// Angles `a, b, c` in degrees of `Rz(a) Ry(b) Rz(c)`, `b` in 0..=180.
    #[must_use]
    pub fn to_intrinsic_zyz_deg(self) -> [f64; 3] {
        let m = self.matrix();
        let sine = m[0][2].hypot(m[1][2]);
        let b = sine.atan2(m[2][2]);
        let (a, c) = if sine > 1e-9 {
            (m[1][2].atan2(m[0][2]), m[2][1].atan2(-m[2][0]))
        } else {
            (
                (m[1][0] * m[2][2].signum()).atan2(m[0][0] * m[2][2].signum()),
                0.0,
            )
        };
        [a.to_degrees(), b.to_degrees(), c.to_degrees()]
    }

    /// The active rotation `Rz(a) Rx(b) Rz(c)`, angles in degrees.
    #[must_use]
    pub fn from_intrinsic_zxz_deg([a, b, c]: [f64; 3]) -> Self {
        Self::from_intrinsic_zyz_deg([a - 90.0, b, c + 90.0])
    }

    /// Angles `a, b, c` in degrees of `Rz(a) Rx(b) Rz(c)`, `b` in 0..=180, others in −180..=180.
    #[must_use]
    pub fn to_intrinsic_zxz_deg(self) -> [f64; 3] {
        let [a, b, c] = self.to_intrinsic_zyz_deg();
        let wrap = |angle: f64| (angle + 180.0).rem_euclid(360.0) - 180.0;
        [wrap(a + 90.0), b, wrap(c - 90.0)]
    }

    /// The shortest rotation that takes the particle's z axis to `direction`, any length but 0.
    #[must_use]
    pub fn from_tangent(direction: AngstromPos) -> Option<Self> {
        let AngstromPos { z, y, x } = direction;
        let length = direction.distance_to(AngstromPos::default());
        if !length.is_finite() || length == 0.0 {
            return None;
        }
        if z <= -length * (1.0 - 1e-12) {
            return Some(Self([0.0, 1.0, 0.0, 0.0]));
        }
        Self::from_quaternion([length + z, -y, x, 0.0])
    }

    /// Where the particle's z axis points, of length 1.
    #[must_use]
    pub fn tangent(self) -> AngstromPos {
        self.rotate(AngstromPos::xyz(0.0, 0.0, 1.0))
    }

    /// The vector of the volume that a vector of the particle becomes.
    #[must_use]
    pub fn rotate(self, vector: AngstromPos) -> AngstromPos {
        let m = self.matrix();
        let row = |r: [f64; 3]| r[0] * vector.x + r[1] * vector.y + r[2] * vector.z;
        AngstromPos::xyz(row(m[0]), row(m[1]), row(m[2]))
    }

    /// The rotation `particle_from_volume`.
    #[must_use]
    pub fn inverse(self) -> Self {
        let [w, x, y, z] = self.0;
        Self([w, -x, -y, -z])
    }

    /// The rotation that applies `first`, then `self`: the matrix product `self · first`.
    #[must_use]
    pub fn then_after(self, first: Self) -> Self {
        let [aw, ax, ay, az] = self.0;
        let [bw, bx, by, bz] = first.0;
        Self([
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ])
    }

    /// The angle in degrees, 0..=180, of the rotation between the two.
    #[must_use]
    pub fn angle_to_deg(self, other: Self) -> f64 {
        let [w, x, y, z] = self.inverse().then_after(other).0;
        2.0 * (x * x + y * y + z * z).sqrt().atan2(w.abs()).to_degrees()
    }
}

fn about(axis_xyz: usize, angle_deg: f64) -> Orientation {
    let (sine, cosine) = (angle_deg.to_radians() / 2.0).sin_cos();
    let mut quaternion = [cosine, 0.0, 0.0, 0.0];
    quaternion[axis_xyz + 1] = sine;
    Orientation(quaternion)
}
