use crate::{Error, ErrorKind};

/// What the first bytes of an HDF5 file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Superblock {
    /// Byte at which the superblock starts: 0, or 512, 1024, … behind a user block.
    pub start: u64,
    /// 0 to 3.
    pub version: u8,
    /// Length of the file as it was closed, in bytes.
    pub end_of_file: u64,
}

const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// The superblock at the start of `bytes`, checked against the `length` of the whole file.
///
/// (HDF5 File Format Specification 3.0, II.A: versions 0 to 3.) `bytes` may be the first 4 KiB.
///
/// # Errors
/// No signature, an unknown version, or a file that is shorter than the superblock says.
///
/// ```
/// let error = cryo_io::hdf5::check_header(b"MAP ", 4).expect_err("not HDF5");
/// assert!(error.to_string().contains("expected HDF5"));
/// ```
pub fn check_header(bytes: &[u8], length: u64) -> Result<Superblock, Error> {
    let starts = std::iter::once(0).chain((9..).map(|power| 1_usize << power));
    let mut starts = starts.take_while(|&start| start + SIGNATURE.len() <= bytes.len());
    let Some(start) = starts.find(|&start| bytes[start..].starts_with(&SIGNATURE)) else {
        return Err(Error::unexpected(
            "file",
            "HDF5, which starts with \\x89HDF",
            "another format",
        )
        .fix("check that it is the file you mean"));
    };
    let block = &bytes[start..];
    let field = |place: usize| {
        block.get(place).copied().ok_or_else(|| {
            Error::new(ErrorKind::Truncated {
                expected: (start + place) as u64 + 1,
                got: length,
            })
        })
    };
    let version = field(8)?;
    let (size_at, addresses) = match version {
        0 => (13, 24),
        1 => (13, 28),
        2 | 3 => (9, 12),
        _ => return Err(Error::unsupported(format!("HDF5 superblock {version}"))),
    };
    let size = field(size_at)?;
    if ![2, 4, 8].contains(&size) {
        let place = (start + size_at) as u64;
        let got = size.to_string();
        return Err(Error::unexpected("size of offsets", "2, 4 or 8", got).at_byte(place));
    }
    let size = usize::from(size);
    let address = |index: usize| -> Result<u64, Error> {
        let first = addresses + index * size;
        let mut value = [0; 8];
        for (place, byte) in value.iter_mut().enumerate().take(size) {
            *byte = field(first + place)?;
        }
        Ok(u64::from_le_bytes(value))
    };
    // Base address, free space or superblock extension, end of file.
    let end_of_file = address(2)?;
    let expected = end_of_file;
    if expected > length {
        let error = Error::new(ErrorKind::Truncated {
            expected,
            got: length,
        });
        return Err(error.fix("the file was cut, or is still being written: copy it again"));
    }
    Ok(Superblock {
        start: start as u64,
        version,
        end_of_file,
    })
}
