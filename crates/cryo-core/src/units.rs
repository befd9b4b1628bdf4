use std::fmt;

/// Edge lengths of a voxel in ångström, finite and above zero.
///
/// Tomograms are nearly always isotropic; the three lengths are kept apart because files can
/// say otherwise and because binning may act on one axis alone.
///
/// ```
/// use cryo_core::VoxelSize;
/// let size = VoxelSize::new(10.0).expect("finite and positive");
/// assert_eq!(size.isotropic(), Some(10.0));
/// assert!(VoxelSize::new(0.0).is_none());
/// assert!(VoxelSize::new(f64::NAN).is_none());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VoxelSize {
    z: f64,
    y: f64,
    x: f64,
}

impl VoxelSize {
    /// The same length on all axes, `None` unless finite and above zero.
    #[must_use]
    pub fn new(angstrom_per_voxel: f64) -> Option<Self> {
        Self::zyx(angstrom_per_voxel, angstrom_per_voxel, angstrom_per_voxel)
    }

    /// One length an axis, `None` unless all are finite and above zero.
    #[must_use]
    pub fn zyx(z: f64, y: f64, x: f64) -> Option<Self> {
        let valid = |length: f64| length.is_finite() && length > 0.0;
        (valid(z) && valid(y) && valid(x)).then_some(Self { z, y, x })
    }

    /// Length along z in ångström.
    #[must_use]
    pub fn z(self) -> f64 {
        self.z
    }

    /// Length along y in ångström.
    #[must_use]
    pub fn y(self) -> f64 {
        self.y
    }

    /// Length along x in ångström.
    #[must_use]
    pub fn x(self) -> f64 {
        self.x
    }

    /// The one length of a voxel whose edges agree within 0.1 %, else `None`.
    ///
    /// 0.1 % is what rounding of the cell in f32 headers and of pixel sizes to two digits makes.
    #[must_use]
    pub fn isotropic(self) -> Option<f64> {
        let close = |length: f64| (length - self.x).abs() <= 1e-3 * self.x;
        (close(self.y) && close(self.z)).then_some(self.x)
    }

    /// The length of `voxels` edges along x in ångström.
    #[must_use]
    pub fn to_angstroms(self, voxels: f64) -> f64 {
        voxels * self.x
    }

    /// The number of edges along x in `angstroms`.
    #[must_use]
    pub fn to_voxels(self, angstroms: f64) -> f64 {
        angstroms / self.x
    }

    /// Voxels `factors` (z, y, x) times as long, `None` if a factor is 0.
    #[must_use]
    pub fn binned(self, factors: [usize; 3]) -> Option<Self> {
        let [z, y, x] = factors.map(|factor| factor as f64);
        Self::zyx(self.z * z, self.y * y, self.x * x)
    }
}

impl fmt::Display for VoxelSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.isotropic() {
            Some(length) => write!(f, "{length} Å"),
            None => write!(f, "{} × {} × {} Å (z, y, x)", self.z, self.y, self.x),
        }
    }
}
