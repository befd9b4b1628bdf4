use crate::{Error, ErrorKind};

pub(super) const LENGTH: usize = 512;
const FIX: &str = "check that it is an EM file and complete";

/// What the data of an EM file is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataType {
    /// 1: signed bytes.
    I8,
    /// 2.
    I16,
    /// 4.
    I32,
    /// 5.
    F32,
    /// 9.
    F64,
}

impl DataType {
    /// Bytes a number.
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    fn from_code(code: u8) -> Result<Self, Error> {
        match code {
            1 => Ok(Self::I8),
            2 => Ok(Self::I16),
            4 => Ok(Self::I32),
            5 => Ok(Self::F32),
            9 => Ok(Self::F64),
            8 | 10 => Err(Error::unsupported("complex data").at_byte(3)),
            other => {
                let error = Error::unexpected("data type", "1, 2, 4, 5 or 9", other.to_string());
                Err(error.at_byte(3).fix(FIX))
            }
        }
    }
}

/// The part of the header that says how to read the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Byte 0.
    pub machine: u8,
    /// Whether the numbers are little-endian.
    pub little_endian: bool,
    /// Type of the data.
    pub data_type: DataType,
    /// Sizes along x, y, z, each 1 or more unless the file holds nothing.
    pub size_xyz: [usize; 3],
}

impl Header {
    /// The header of a file, and its data, which is all there.
    ///
    /// The byte order is that of the machine code; where the sizes then do not fit the length of the
    /// file and in the other order they do, it is the other one: there are writers that leave the code at 0.
    ///
    /// # Errors
    /// If the file is shorter than its header says, or its data is of a type that is not read.
    pub fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let truncated = |expected: u64| {
            let got = bytes.len() as u64;
            Error::new(ErrorKind::Truncated { expected, got }).fix(FIX)
        };
        let Some((header, data)) = bytes.split_at_checked(LENGTH) else {
            return Err(truncated(LENGTH as u64));
        };
        let data_type = DataType::from_code(header[3])?;
        let little_endian = match header[0] {
            6 => true,
            0 | 3 | 4 | 5 => false,
            code => {
                let expected = "6 (PC), or 0, 3, 4, 5 (big-endian)";
                return Err(
                    Error::unexpected("machine code", expected, code.to_string())
                        .at_byte(0)
                        .fix(FIX),
                );
            }
        };
        let sizes = |little_endian: bool| {
            [4, 8, 12].map(|at| {
                let word = [header[at], header[at + 1], header[at + 2], header[at + 3]];
                if little_endian {
                    i32::from_le_bytes(word)
                } else {
                    i32::from_be_bytes(word)
                }
            })
        };
        let length = |sizes: [i32; 3]| {
            sizes.iter().try_fold(data_type.size(), |product, &n| {
                product.checked_mul(usize::try_from(n).ok()?)
            })
        };
        let exact = |little_endian: bool| length(sizes(little_endian)) == Some(data.len());
        let little_endian = if !exact(little_endian) && exact(!little_endian) {
            !little_endian
        } else {
            little_endian
        };
        let sizes = sizes(little_endian);
        let Some(length) = length(sizes) else {
            let error = Error::unexpected("sizes", "0 or more, and possible", format!("{sizes:?}"));
            return Err(error.at_byte(4).fix(FIX));
        };
        let Some(data) = data.get(..length) else {
            return Err(truncated((LENGTH as u64).saturating_add(length as u64)));
        };
        let header = Self {
            machine: header[0],
            little_endian,
            data_type,
            size_xyz: sizes.map(|n| n as usize),
        };
        Ok((header, data))
    }

    /// The bytes of a header without a comment, little-endian as on a PC.
    pub(super) fn bytes(data_type: u8, size_xyz: [i32; 3]) -> [u8; LENGTH] {
        let mut header = [0; LENGTH];
        header[0] = 6;
        header[3] = data_type;
        for (axis, size) in size_xyz.into_iter().enumerate() {
            header[4 + 4 * axis..8 + 4 * axis].copy_from_slice(&size.to_le_bytes());
        }
        header
    }

    /// The numbers of the data.
    pub(super) fn numbers<'a>(&self, data: &'a [u8]) -> impl Iterator<Item = f64> + use<'a> {
        let (data_type, little_endian) = (self.data_type, self.little_endian);
        data.chunks_exact(data_type.size()).map(move |bytes| {
            let mut word = [0; 8];
            let word = &mut word[..bytes.len()];
            word.copy_from_slice(bytes);
            if !little_endian {
                word.reverse();
            }
            number(data_type, word)
        })
    }
}

fn number(data_type: DataType, le: &[u8]) -> f64 {
    match (data_type, le) {
        (DataType::I8, &[a]) => f64::from(a as i8),
        (DataType::I16, &[a, b]) => f64::from(i16::from_le_bytes([a, b])),
        (DataType::I32, &[a, b, c, d]) => f64::from(i32::from_le_bytes([a, b, c, d])),
        (DataType::F32, &[a, b, c, d]) => f64::from(f32::from_le_bytes([a, b, c, d])),
        (DataType::F64, le) => {
            let mut word = [0; 8];
            word[..le.len()].copy_from_slice(le);
            f64::from_le_bytes(word)
        }
        // The chunks are as long as the type says.
        _ => f64::NAN,
    }
}
