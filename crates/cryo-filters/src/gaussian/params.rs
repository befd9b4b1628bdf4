use super::kernel::{LONGEST_RADIUS, half_kernel, radius};
use crate::{Boundary, Error, check};

/// Width, end and edge of a Gaussian. The default is scipy's: reflection, an end at four sigma; and no smoothing at all.
#[derive(Clone, Debug, PartialEq)]
pub struct GaussianParams {
    /// Standard deviation along `[z, y, x]` in voxels; 0 leaves the axis alone. Larger is smoother. Voxels that are not cubes get three values.
    pub sigma_vox: [f64; 3],
    /// What stands beyond the edge.
    pub boundary: Boundary,
    /// Where the kernel ends, in sigmas: its radius is `floor(truncate * sigma + 0.5)`, as scipy's. Lower is faster and less exact.
    pub truncate: f64,
}

impl Default for GaussianParams {
    fn default() -> Self {
        Self {
            sigma_vox: [0.0; 3],
            boundary: Boundary::Reflect,
            truncate: 4.0,
        }
    }
}

impl GaussianParams {
    /// The same sigma along all axes.
    pub fn isotropic(sigma_vox: f64) -> Self {
        Self {
            sigma_vox: [sigma_vox; 3],
            ..Self::default()
        }
    }

    /// The same sigma along y and x, none along z: every slice for itself.
    pub fn in_plane(sigma_vox: f64) -> Self {
        Self {
            sigma_vox: [0.0, sigma_vox, sigma_vox],
            ..Self::default()
        }
    }

    /// Whether every field obeys its rule.
    ///
    /// # Errors
    ///
    /// [`Error::Sigma`] or [`Error::Parameter`] with the field, its value and the rule.
    pub fn validate(&self) -> Result<(), Error> {
        if !(self.truncate.is_finite() && self.truncate > 0.0) {
            return Err(check::parameter(
                "truncate",
                self.truncate,
                "expected above 0 and finite",
            ));
        }
        for (axis, &got) in ['z', 'y', 'x'].into_iter().zip(&self.sigma_vox) {
            if !(got.is_finite() && got >= 0.0) {
                return Err(Error::Sigma {
                    axis,
                    got,
                    rule: "expected 0 or more and finite",
                });
            }
            if radius(got, self.truncate) > LONGEST_RADIUS {
                return Err(Error::Sigma {
                    axis,
                    got,
                    rule: "expected sigma times truncate of at most 32768 voxels",
                });
            }
        }
        check::boundary(self.boundary)
    }

    /// The three kernels, from the centre outwards.
    pub(super) fn kernels(&self) -> [Vec<f32>; 3] {
        self.sigma_vox
            .map(|sigma| half_kernel(sigma, self.truncate))
    }
}
