use std::fmt;

/// Which byte of a number comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// The lowest: machine stamp `44 44 00 00` or `44 41 00 00`.
    Little,
    /// The highest: machine stamp `11 11 00 00`.
    Big,
}

impl ByteOrder {
    /// The order of the machine that runs this.
    pub const NATIVE: Self = if cfg!(target_endian = "little") {
        Self::Little
    } else {
        Self::Big
    };

    /// The order that a machine stamp names, `None` if it names none.
    ///
    /// As `mrcfile` (`utils.byte_order_from_machine_stamp`), by the first two bytes.
    #[must_use]
    pub fn from_stamp(stamp: [u8; 4]) -> Option<Self> {
        match stamp {
            [0x44, 0x44 | 0x41, ..] => Some(Self::Little),
            [0x11, 0x11, ..] => Some(Self::Big),
            _ => None,
        }
    }

    /// The machine stamp of this order.
    #[must_use]
    pub fn stamp(self) -> [u8; 4] {
        match self {
            Self::Little => [0x44, 0x44, 0, 0],
            Self::Big => [0x11, 0x11, 0, 0],
        }
    }

    pub(super) fn opposite(self) -> Self {
        match self {
            Self::Little => Self::Big,
            Self::Big => Self::Little,
        }
    }

    pub(super) fn i16(self, bytes: [u8; 2]) -> i16 {
        match self {
            Self::Little => i16::from_le_bytes(bytes),
            Self::Big => i16::from_be_bytes(bytes),
        }
    }

    pub(super) fn i32(self, bytes: [u8; 4]) -> i32 {
        match self {
            Self::Little => i32::from_le_bytes(bytes),
            Self::Big => i32::from_be_bytes(bytes),
        }
    }

    pub(super) fn f32(self, bytes: [u8; 4]) -> f32 {
        f32::from_bits(self.i32(bytes).cast_unsigned())
    }

    pub(super) fn f64(self, bytes: [u8; 8]) -> f64 {
        match self {
            Self::Little => f64::from_le_bytes(bytes),
            Self::Big => f64::from_be_bytes(bytes),
        }
    }
}

impl Default for ByteOrder {
    fn default() -> Self {
        Self::NATIVE
    }
}

impl fmt::Display for ByteOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Little => "little-endian",
            Self::Big => "big-endian",
        })
    }
}
