macro_rules! position {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Default)]
        pub struct $name {
            /// Slowest axis, the thickness of the specimen.
            pub z: f64,
            /// Middle axis, along the tilt axis of an aligned tilt series.
            pub y: f64,
            /// Fastest axis, across the tilt axis.
            pub x: f64,
        }

        impl $name {
            /// From coordinates in array order.
            #[must_use]
            pub const fn zyx(z: f64, y: f64, x: f64) -> Self {
                Self { z, y, x }
            }

            /// From coordinates in the order in which most file formats write them.
            #[must_use]
            pub const fn xyz(x: f64, y: f64, z: f64) -> Self {
                Self { z, y, x }
            }

            /// Euclidean distance in the unit of the positions.
            #[must_use]
            pub fn distance_to(self, other: Self) -> f64 {
                let (dz, dy, dx) = (self.z - other.z, self.y - other.y, self.x - other.x);
                (dz * dz + dy * dy + dx * dx).sqrt()
            }

            /// Whether all coordinates are finite.
            #[must_use]
            pub fn is_finite(self) -> bool {
                self.z.is_finite() && self.y.is_finite() && self.x.is_finite()
            }
        }
    };
}

position! {
    /// A position in voxels of one grid: 0-based, integers are the centres of voxels.
    ///
    /// It means nothing without its [`Grid`](crate::Grid); a [`ParticleSet`](crate::ParticleSet)
    /// carries both.
    ///
    /// ```
    /// use cryo_core::VoxelPos;
    /// assert_eq!(VoxelPos::xyz(1.0, 2.0, 3.0), VoxelPos::zyx(3.0, 2.0, 1.0));
    /// ```
    VoxelPos
}

position! {
    /// A position in ångström, in the frame that a grid's origin is given in.
    AngstromPos
}

/// A position in one image in pixels: 0-based, integers are the centres of pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ImagePos {
    /// Slow axis, along the tilt axis of an aligned tilt series.
    pub y: f64,
    /// Fast axis, across the tilt axis.
    pub x: f64,
}

impl ImagePos {
    /// From coordinates in array order.
    #[must_use]
    pub const fn yx(y: f64, x: f64) -> Self {
        Self { y, x }
    }

    /// Euclidean distance in pixels.
    #[must_use]
    pub fn distance_to(self, other: Self) -> f64 {
        (self.y - other.y).hypot(self.x - other.x)
    }
}
