use std::borrow::Cow;

use cryo_core::VoxelSize;

/// The header of a model, 232 bytes. The number of objects is not kept: it is counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// The name as stored, padded with zeros; see [`Header::name`].
    pub raw_name: [u8; 128],
    /// Size of the image: `xmax`, `ymax`, `zmax`.
    pub size_xyz: [i32; 3],
    /// Bits, the [`Header`]'s constants name those that matter here.
    pub flags: u32,
    /// 1 to draw the model, −1 not to.
    pub draw_mode: i32,
    /// 0 for movie, 1 for model mode.
    pub mouse_mode: i32,
    /// Black and white level, 0–255.
    pub levels: [i32; 2],
    /// `xoffset …`, unused.
    pub offset: [f32; 3],
    /// `xscale, yscale, zscale`: 1, 1 and the thickness of a section in pixels.
    pub scale: [f32; 3],
    /// Current object, contour and point.
    pub current: [i32; 3],
    /// Least distance of points that are drawn by dragging.
    pub resolution: i32,
    /// Threshold of the automatic contouring.
    pub threshold: i32,
    /// Size of a pixel in `units`.
    pub pixel_size: f32,
    /// Power of ten metres, or 0 for pixels; see [`Units`].
    pub units: i32,
    /// Checksum of the autosave.
    pub checksum: i32,
    /// `alpha, beta, gamma`, unused.
    pub angles_deg: [f32; 3],
}

/// What [`Header::pixel_size`] is in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Units {
    /// Not a length.
    Pixels,
    /// This many ångström.
    Angstroms(f64),
}

impl Header {
    /// Bit 10: "Z coordinates start from -0.5".
    pub const Z_FROM_MINUS_HALF: u32 = 1 << 10;
    /// Bit 11: "Model has not been written by 3dmod yet".
    pub const NEW_TO_3DMOD: u32 = 1 << 11;
    /// Bit 12: "multiple clip planes are possible".
    pub const MULTIPLE_CLIP: u32 = 1 << 12;
    /// Bit 13: "mat1 and mat3 are stored as bytes".
    pub const MATERIAL_AS_BYTES: u32 = 1 << 13;
    /// Bit 14: "otrans has image origin values".
    pub const IMAGE_ORIGIN: u32 = 1 << 14;
    /// Bit 15: "current tilt angles are stored correctly".
    pub const TILT_ANGLES: u32 = 1 << 15;
    /// Bit 16: "model last viewed on Y/Z flipped … image".
    pub const FLIPPED_YZ: u32 = 1 << 16;
    /// Bit 17: the model was rotated by 90° about x for display.
    pub const ROTATED_X: u32 = 1 << 17;

    /// Whether a flag is set.
    #[must_use]
    pub fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// The name up to the first zero byte.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        until_zero(&self.raw_name)
    }

    /// What the pixel size is in; `None` for a number that the format does not define.
    #[must_use]
    pub fn units(&self) -> Option<Units> {
        match self.units {
            0 => Some(Units::Pixels),
            power @ (3 | 1 | -2 | -3 | -6 | -9 | -10 | -12) => {
                // 1 is the code of the metre, not a power of ten.
                let exponent = if power == 1 { 0 } else { power };
                Some(Units::Angstroms(10_f64.powi(exponent + 10)))
            }
            _ => None,
        }
    }

    /// The voxel size by `pixsize`, `units` and the three scales; `None` in pixels or where it is no length.
    #[must_use]
    pub fn voxel_size(&self) -> Option<VoxelSize> {
        let Some(Units::Angstroms(unit)) = self.units() else {
            return None;
        };
        let pixel = decimal(self.pixel_size) * unit;
        let [x, y, z] = self.scale.map(decimal);
        VoxelSize::zyx(
            round_off(pixel * z),
            round_off(pixel * y),
            round_off(pixel * x),
        )
    }
}

impl Default for Header {
    /// An empty model that no image is known of.
    fn default() -> Self {
        Self {
            raw_name: [0; 128],
            size_xyz: [0; 3],
            flags: Self::Z_FROM_MINUS_HALF
                | Self::NEW_TO_3DMOD
                | Self::MULTIPLE_CLIP
                | Self::MATERIAL_AS_BYTES,
            draw_mode: 1,
            mouse_mode: 1,
            levels: [0, 255],
            offset: [0.0; 3],
            scale: [1.0; 3],
            current: [0, 0, 0],
            resolution: 3,
            threshold: 128,
            pixel_size: 1.0,
            units: 0,
            checksum: 0,
            angles_deg: [0.0; 3],
        }
    }
}

/// The header of an object, 176 bytes. The numbers of contours and meshes are counted.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectHeader {
    /// The name as stored, padded with zeros; see [`ObjectHeader::name`].
    pub raw_name: [u8; 64],
    /// Sixteen reserved words; the first is a limit on points a contour.
    pub reserved: [u32; 16],
    /// Bits; bit 3 open contours, bit 9 scattered points.
    pub flags: u32,
    /// Unused.
    pub axis: i32,
    /// Unused.
    pub draw_mode: i32,
    /// Red, green, blue, each 0–1.
    pub colour: [f32; 3],
    /// Radius of points in 3D in pixels.
    pub point_radius: i32,
    /// `symbol, symsize, linewidth2, linewidth, linesty, symflags, sympad, trans`.
    pub style: [u8; 8],
    /// Largest surface number.
    pub surfaces: i32,
}

impl ObjectHeader {
    /// Bit 3: "Open - contours are not closed".
    pub const OPEN: u32 = 1 << 3;
    /// Bit 9: "Scattered - contours have scattered points".
    pub const SCATTERED: u32 = 1 << 9;

    /// A new object of this name, cut to 63 bytes.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let mut end = name.len().min(63);
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        let mut raw_name = [0; 64];
        raw_name[..end].copy_from_slice(&name.as_bytes()[..end]);
        Self {
            raw_name,
            reserved: [0; 16],
            flags: 0,
            axis: 0,
            draw_mode: 1,
            colour: [0.0, 1.0, 0.0],
            point_radius: 0,
            style: [1, 3, 1, 1, 0, 0, 0, 0],
            surfaces: 0,
        }
    }

    /// The name up to the first zero byte.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        until_zero(&self.raw_name)
    }
}

/// The header of a contour, 16 bytes. The number of points is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ContourHeader {
    /// Bits; bit 3 open, bit 4 not in one z plane.
    pub flags: u32,
    /// Time index.
    pub time: i32,
    /// Surface number.
    pub surface: i32,
}

/// The header of a mesh, 20 bytes. The numbers of vertices and indices are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MeshHeader {
    /// Bits; bit 16 for normals that have magnitudes, bits 20–23 the resolution.
    pub flags: u32,
    /// Time index.
    pub time: i16,
    /// Surface number.
    pub surface: i16,
}

fn until_zero(bytes: &[u8]) -> Cow<'_, str> {
    let end = bytes
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end])
}

/// The shortest decimal that rounds to this f32: 1.348 stays 1.348 when made an f64.
pub(super) fn decimal(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

/// Takes away the last digits, which the product of two decimals leaves.
fn round_off(value: f64) -> f64 {
    format!("{value:.12e}").parse().unwrap_or(value)
}
