use crate::{AngstromPos, ImagePos, TiltGeometry};

/// An affine map of image positions about the image centre: `(x, y) ↦ A (x, y) + d` in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImageTransform {
    /// Rows of `A`, x first: `[[xx, xy], [yx, yy]]`.
    pub matrix: [[f64; 2]; 2],
    /// `d` in pixels.
    pub shift: ImagePos,
}

impl ImageTransform {
    /// Leaves every position where it is.
    pub const IDENTITY: Self = Self {
        matrix: [[1.0, 0.0], [0.0, 1.0]],
        shift: ImagePos { y: 0.0, x: 0.0 },
    };

    /// A shift alone, in pixels.
    #[must_use]
    pub const fn shifted(shift: ImagePos) -> Self {
        Self {
            matrix: Self::IDENTITY.matrix,
            shift,
        }
    }

    /// A rotation by `angle_deg` from x towards y, then a shift in pixels.
    #[must_use]
    pub fn rotated_deg(angle_deg: f64, shift: ImagePos) -> Self {
        let (sine, cosine) = angle_deg.to_radians().sin_cos();
        Self {
            matrix: [[cosine, -sine], [sine, cosine]],
            shift,
        }
    }

    /// Where a position counted from the image centre goes.
    #[must_use]
    pub fn apply(&self, position: ImagePos) -> ImagePos {
        let [[xx, xy], [yx, yy]] = self.matrix;
        ImagePos {
            y: yx * position.x + yy * position.y + self.shift.y,
            x: xx * position.x + xy * position.y + self.shift.x,
        }
    }

    /// The map back, `None` where there is none.
    #[must_use]
    pub fn inverse(&self) -> Option<Self> {
        let [[xx, xy], [yx, yy]] = self.matrix;
        let determinant = xx * yy - xy * yx;
        if !determinant.is_normal() {
            return None;
        }
        let matrix = [
            [yy / determinant, -xy / determinant],
            [-yx / determinant, xx / determinant],
        ];
        let linear = Self {
            matrix,
            shift: ImagePos::default(),
        };
        let ImagePos { y, x } = linear.apply(self.shift);
        Some(Self {
            matrix,
            shift: ImagePos { y: -y, x: -x },
        })
    }
}

impl TiltGeometry {
    /// Where a place in the volume is seen in image `tilt`, in pixels, also outside of the image.
    ///
    /// With `d` the vector from the rotation centre in ångström and `s` the sign of the angles,
    /// `x' = dx cos θ + s dz sin θ` and `y' = dy`, divided by the pixel size; then the image's own
    /// transform, then the image centre (`milopyp-spec` D.1 with `s = −1`, there truncated).
    ///
    /// # Panics
    /// If there is no such tilt.
    #[must_use]
    pub fn project(&self, tilt: usize, position: AngstromPos) -> ImagePos {
        let tilt = &self.tilts[tilt];
        let (sine, cosine) = tilt.angle_deg.to_radians().sin_cos();
        let dx = position.x - self.rotation_centre.x;
        let dz = position.z - self.rotation_centre.z;
        let aligned = ImagePos {
            y: (position.y - self.rotation_centre.y) / self.pixel_size_angstrom,
            x: (dx * cosine + self.sign.factor() * dz * sine) / self.pixel_size_angstrom,
        };
        let seen = tilt.image_from_aligned.apply(aligned);
        ImagePos {
            y: seen.y + self.image_centre.y,
            x: seen.x + self.image_centre.x,
        }
    }

    /// The place at height `z_angstrom` that is seen at `seen` in image `tilt`.
    ///
    /// `None` at a tilt of ±90°, along which x cannot be told, and where the image's own transform
    /// has no inverse.
    ///
    /// # Panics
    /// If there is no such tilt.
    #[must_use]
    pub fn at_height(&self, tilt: usize, seen: ImagePos, z_angstrom: f64) -> Option<AngstromPos> {
        let (x_prime, dy) = self.aligned_angstrom(tilt, seen)?;
        let (sine, cosine) = self.tilts[tilt].angle_deg.to_radians().sin_cos();
        if cosine.abs() < 1e-9 {
            return None;
        }
        let dz = z_angstrom - self.rotation_centre.z;
        let dx = (x_prime - self.sign.factor() * dz * sine) / cosine;
        Some(AngstromPos {
            z: z_angstrom,
            y: self.rotation_centre.y + dy,
            x: self.rotation_centre.x + dx,
        })
    }

    /// The place that agrees best (least squares in the aligned images) with where it is seen.
    ///
    /// `seen` gives image indices and positions. `None` if the angles do not differ enough to tell
    /// depth: fewer than two images, or all within about 0.01°.
    ///
    /// # Panics
    /// If there is no such tilt.
    #[must_use]
    pub fn triangulate(&self, seen: &[(usize, ImagePos)]) -> Option<AngstromPos> {
        let (mut cc, mut cs, mut ss, mut cx, mut sx, mut y) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        for &(tilt, position) in seen {
            let (x_prime, dy) = self.aligned_angstrom(tilt, position)?;
            let (sine, cosine) = self.tilts[tilt].angle_deg.to_radians().sin_cos();
            let sine = self.sign.factor() * sine;
            cc += cosine * cosine;
            cs += cosine * sine;
            ss += sine * sine;
            cx += cosine * x_prime;
            sx += sine * x_prime;
            y += dy;
        }
        let determinant = cc * ss - cs * cs;
        let count = seen.len() as f64;
        if determinant.is_nan() || determinant <= count * count * 1e-8 {
            return None;
        }
        Some(AngstromPos {
            z: self.rotation_centre.z + (cc * sx - cs * cx) / determinant,
            y: self.rotation_centre.y + y / count,
            x: self.rotation_centre.x + (ss * cx - cs * sx) / determinant,
        })
    }

    fn aligned_angstrom(&self, tilt: usize, seen: ImagePos) -> Option<(f64, f64)> {
        let aligned_from_image = self.tilts[tilt].image_from_aligned.inverse()?;
        let centred = ImagePos {
            y: seen.y - self.image_centre.y,
            x: seen.x - self.image_centre.x,
        };
        let aligned = aligned_from_image.apply(centred);
        Some((
            aligned.x * self.pixel_size_angstrom,
            aligned.y * self.pixel_size_angstrom,
        ))
    }
}
