use super::{ByteOrder, Header, fei, serialem};

/// Places of the NINT and NREAL words in the header's extra bytes, which start at byte 96.
pub(super) const NINT: usize = 32;
pub(super) const NREAL: usize = 34;

/// The bytes between header and data, and what kind of program wrote them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtendedHeader {
    /// What they are.
    pub kind: ExtendedKind,
    /// Which byte of a number comes first.
    pub byte_order: ByteOrder,
    /// The NINT and NREAL words of the header, which say how the records of [`ExtendedKind::SerialEm`]
    /// and [`ExtendedKind::Agard`] are made up; 0 for other kinds.
    pub record_words: [i16; 2],
    /// The bytes themselves.
    pub bytes: Vec<u8>,
}

/// Kinds of extended headers: the EXTTYP word, or IMOD's rule where it is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExtendedKind {
    /// `CCP4`: symmetry operators as text lines of 80 characters.
    Ccp4,
    /// `MRCO`: the format of before MRC2014.
    Mrco,
    /// `SERI`, or no kind and fields that fit: short integers an image, by SerialEM.
    SerialEm,
    /// `AGAR`: 4-byte integers and floats an image; 32 floats by FEI's older programs.
    Agard,
    /// `FEI1`: 768 bytes an image, by EPU and Tomography.
    Fei1,
    /// `FEI2`: 888 bytes an image.
    Fei2,
    /// `HDF5`.
    Hdf5,
    /// No or another kind: the four characters of EXTTYP.
    Other([u8; 4]),
}

/// What an extended header says of one section.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SectionMetadata {
    /// Tilt angle of the stage (alpha) in degrees.
    pub tilt_angle_deg: Option<f64>,
    /// Angle of the tilt axis in the image in degrees, as the microscope counts it.
    pub tilt_axis_deg: Option<f64>,
    /// Edge of a pixel in ångström.
    pub pixel_size_angstrom: Option<f64>,
}

impl ExtendedKind {
    /// The four characters of EXTTYP.
    #[must_use]
    pub fn code(self) -> [u8; 4] {
        match self {
            Self::Ccp4 => *b"CCP4",
            Self::Mrco => *b"MRCO",
            Self::SerialEm => *b"SERI",
            Self::Agard => *b"AGAR",
            Self::Fei1 => *b"FEI1",
            Self::Fei2 => *b"FEI2",
            Self::Hdf5 => *b"HDF5",
            Self::Other(code) => code,
        }
    }

    pub(super) fn of_code(code: [u8; 4]) -> Self {
        match &code {
            b"CCP4" => Self::Ccp4,
            b"MRCO" => Self::Mrco,
            b"SERI" => Self::SerialEm,
            b"AGAR" => Self::Agard,
            b"FEI1" => Self::Fei1,
            b"FEI2" => Self::Fei2,
            b"HDF5" => Self::Hdf5,
            _ => Self::Other(code),
        }
    }
}

impl ExtendedHeader {
    /// An extended header of text, or of records that say themselves how long they are.
    #[must_use]
    pub fn new(kind: ExtendedKind, byte_order: ByteOrder, bytes: Vec<u8>) -> Self {
        Self {
            kind,
            byte_order,
            record_words: [0; 2],
            bytes,
        }
    }

    /// The kind is the one that the header names, or that its words fit where it names none.
    pub(super) fn of_header(header: &Header, bytes: Vec<u8>) -> Self {
        let words = [header.extra_i16(NINT), header.extra_i16(NREAL)];
        let kind = match ExtendedKind::of_code(header.extended_kind) {
            ExtendedKind::Other(_) if serialem::Layout::of_words(words).is_some() => {
                ExtendedKind::SerialEm
            }
            ExtendedKind::Other(_) if words == serialem::AGARD_FEI_WORDS => ExtendedKind::Agard,
            named => named,
        };
        let has_words = matches!(kind, ExtendedKind::SerialEm | ExtendedKind::Agard);
        Self {
            kind,
            byte_order: header.byte_order,
            record_words: if has_words { words } else { [0; 2] },
            bytes,
        }
    }

    /// What it says of each section, as many entries as it has whole records, at most `sections`.
    ///
    /// Empty for the kinds that say nothing of sections, and where the bytes do not fit the kind.
    #[must_use]
    pub fn sections(&self, sections: usize) -> Vec<SectionMetadata> {
        match self.kind {
            ExtendedKind::Fei1 | ExtendedKind::Fei2 => {
                fei::sections(&self.bytes, self.byte_order, sections)
            }
            ExtendedKind::SerialEm => serialem::sections(self, sections),
            ExtendedKind::Agard => serialem::agard_sections(self, sections),
            _ => Vec::new(),
        }
    }

    /// Whether the bytes mean the same in either byte order.
    pub(super) fn is_text(&self) -> bool {
        self.bytes
            .iter()
            .all(|byte| matches!(byte, b' '..=b'~' | 0))
    }

    /// The lines of a CCP4 header, such as `X,  Y,  Z`; empty for other kinds.
    ///
    /// A header without a kind that holds text only, as EMDB's old maps have, counts as CCP4.
    #[must_use]
    pub fn symmetry(&self) -> Vec<String> {
        match self.kind {
            ExtendedKind::Ccp4 | ExtendedKind::Other([0, 0, 0, 0]) if self.is_text() => {
                let lines = self.bytes.chunks(80).map(|line| {
                    let line: String = line.iter().map(|&byte| char::from(byte)).collect();
                    line.trim_matches(['\0', ' ']).to_owned()
                });
                lines.filter(|line| !line.is_empty()).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The number at `place`, `None` where the bytes end before.
pub(super) fn f64_at(bytes: &[u8], place: usize, order: ByteOrder) -> Option<f64> {
    let bytes = bytes.get(place..)?.first_chunk::<8>()?;
    Some(order.f64(*bytes))
}

pub(super) fn f32_at(bytes: &[u8], place: usize, order: ByteOrder) -> Option<f32> {
    let bytes = bytes.get(place..)?.first_chunk::<4>()?;
    Some(order.f32(*bytes))
}
