use std::fmt;

/// What a voxel of a file is: the MODE word of the header.
///
/// 0, 1, 2, 3, 4, 6, 12 and 101 of MRC2014 (<https://www.ccpem.ac.uk/mrc_format/mrc2014.php>).
///
/// ```
/// use cryo_io::mrc::Mode;
/// assert_eq!(Mode::from_number(12), Some(Mode::Float16));
/// assert_eq!(Mode::Packed4.row_bytes(5), Some(3));
/// assert_eq!(Mode::from_number(16), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// 0: 8-bit integers; see [`ByteSign`](crate::mrc::ByteSign) for their sign.
    Int8,
    /// 1: 16-bit signed integers.
    Int16,
    /// 2: 32-bit floating point.
    #[default]
    Float32,
    /// 3: pairs of 16-bit signed integers, real and imaginary.
    ComplexInt16,
    /// 4: pairs of 32-bit floating point, real and imaginary.
    ComplexFloat32,
    /// 6: 16-bit unsigned integers.
    UInt16,
    /// 12: 16-bit floating point, IEEE 754.
    Float16,
    /// 101: 4-bit unsigned integers, two a byte, each row in whole bytes.
    Packed4,
}

impl Mode {
    /// The mode of a number in the header, `None` where MRC2014 has none.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Some(match number {
            0 => Self::Int8,
            1 => Self::Int16,
            2 => Self::Float32,
            3 => Self::ComplexInt16,
            4 => Self::ComplexFloat32,
            6 => Self::UInt16,
            12 => Self::Float16,
            101 => Self::Packed4,
            _ => return None,
        })
    }

    /// The number in the header.
    #[must_use]
    pub fn number(self) -> i32 {
        match self {
            Self::Int8 => 0,
            Self::Int16 => 1,
            Self::Float32 => 2,
            Self::ComplexInt16 => 3,
            Self::ComplexFloat32 => 4,
            Self::UInt16 => 6,
            Self::Float16 => 12,
            Self::Packed4 => 101,
        }
    }

    /// Whether a voxel is a pair of a real and an imaginary part.
    #[must_use]
    pub fn is_complex(self) -> bool {
        matches!(self, Self::ComplexInt16 | Self::ComplexFloat32)
    }

    /// Bytes of a row of `columns` voxels, `None` where it overflows.
    #[must_use]
    pub fn row_bytes(self, columns: usize) -> Option<usize> {
        match self {
            Self::Packed4 => Some(columns.div_ceil(2)),
            Self::Int8 => Some(columns),
            Self::Int16 | Self::UInt16 | Self::Float16 => columns.checked_mul(2),
            Self::Float32 | Self::ComplexInt16 => columns.checked_mul(4),
            Self::ComplexFloat32 => columns.checked_mul(8),
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Int8 => "8-bit integer",
            Self::Int16 => "16-bit signed integer",
            Self::Float32 => "32-bit float",
            Self::ComplexInt16 => "complex 16-bit integer",
            Self::ComplexFloat32 => "complex 32-bit float",
            Self::UInt16 => "16-bit unsigned integer",
            Self::Float16 => "16-bit float",
            Self::Packed4 => "4-bit unsigned integer",
        };
        write!(f, "{} ({name})", self.number())
    }
}
