use std::{
    fs::File,
    io::{self, Read},
    mem::MaybeUninit,
    path::Path,
};

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;

use super::{HEADER_BYTES, Header, kernel_hints};
use crate::{Error, ErrorKind};

/// Where bytes are fetched from: a file, a part at a time, or memory.
#[derive(Debug)]
pub(super) enum Source {
    /// A file and the length that it had when it was opened.
    File(File, u64),
    /// What a compressed file held, or the caller's bytes.
    Memory(Vec<u8>),
}

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Bzip2,
}

impl Compression {
    /// By the first bytes: names lie.
    fn of_bytes(start: &[u8]) -> Self {
        match start {
            // A plain header that begins so would have more than half a million columns.
            [0x1f, 0x8b, 8, ..] => Self::Gzip,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            _ => Self::None,
        }
    }

    /// By the ending of a name: for writing.
    pub(super) fn of_name(path: &Path) -> Self {
        match path.extension() {
            Some(ending) if ending.eq_ignore_ascii_case("gz") => Self::Gzip,
            Some(ending) if ending.eq_ignore_ascii_case("bz2") => Self::Bzip2,
            _ => Self::None,
        }
    }
}

impl Source {
    /// A plain file stays where it is; a compressed one is unpacked as far as its header says.
    pub(super) fn open(path: &Path, max_bytes: u64, permissive: bool) -> Result<Self, Error> {
        let mut file = File::open(path).map_err(|error| Error::io("open the file", error))?;
        let metadata = file.metadata();
        let metadata = metadata.map_err(|error| Error::io("read the file's length", error))?;
        if metadata.is_dir() {
            return Err(Error::unexpected("path", "a file", "a folder"));
        }
        let mut start = Vec::new();
        (&mut file)
            .take(4)
            .read_to_end(&mut start)
            .map_err(|error| Error::io("read the file", error))?;
        match Compression::of_bytes(&start) {
            Compression::None if metadata.is_file() => Ok(Self::File(file, metadata.len())),
            Compression::None => {
                // A pipe: nothing is known of its length and nothing can be read twice.
                let packed = io::Cursor::new(start).chain(file);
                unpack(packed, "read the pipe", max_bytes, permissive)
            }
            Compression::Gzip => {
                let packed = MultiGzDecoder::new(io::Cursor::new(start).chain(file));
                unpack(packed, "unpack the gzip file", max_bytes, permissive)
            }
            Compression::Bzip2 => {
                let packed = MultiBzDecoder::new(io::Cursor::new(start).chain(file));
                unpack(packed, "unpack the bzip2 file", max_bytes, permissive)
            }
        }
    }

    /// Bytes that are a file, compressed or not.
    pub(super) fn of_bytes(bytes: &[u8], max_bytes: u64, permissive: bool) -> Result<Self, Error> {
        match Compression::of_bytes(bytes) {
            Compression::None => Ok(Self::Memory(bytes.to_vec())),
            Compression::Gzip => {
                let packed = MultiGzDecoder::new(bytes);
                unpack(packed, "unpack the gzip file", max_bytes, permissive)
            }
            Compression::Bzip2 => {
                let packed = MultiBzDecoder::new(bytes);
                unpack(packed, "unpack the bzip2 file", max_bytes, permissive)
            }
        }
    }

    /// Length in bytes, unpacked.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::File(_, length) => *length,
            Self::Memory(bytes) => bytes.len() as u64,
        }
    }

    /// Fills `buffer` with the bytes from `offset` on.
    pub(super) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), Error> {
        let expected = offset.saturating_add(buffer.len() as u64);
        match self {
            Self::File(file, _) => {
                read_exact_at(file, buffer, offset).map_err(|error| self.failed(error, expected))
            }
            Self::Memory(bytes) => {
                let part = part(bytes, offset, buffer.len());
                buffer.copy_from_slice(part.ok_or_else(|| self.truncated(expected))?);
                Ok(())
            }
        }
    }

    /// Fills a buffer that holds nothing yet with the bytes from `offset` on, all of it or an error.
    pub(super) fn read_new_at(
        &self,
        offset: u64,
        buffer: &mut [MaybeUninit<u8>],
    ) -> Result<(), Error> {
        let expected = offset.saturating_add(buffer.len() as u64);
        match self {
            Self::File(file, _) => kernel_hints::read_new(file, buffer, offset)
                .map_err(|error| self.failed(error, expected)),
            Self::Memory(bytes) => {
                let part = part(bytes, offset, buffer.len());
                buffer.write_copy_of_slice(part.ok_or_else(|| self.truncated(expected))?);
                Ok(())
            }
        }
    }

    fn failed(&self, error: io::Error, expected: u64) -> Error {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => self.truncated(expected),
            _ => Error::io("read the file", error),
        }
    }

    fn truncated(&self, expected: u64) -> Error {
        Error::new(ErrorKind::Truncated {
            expected,
            got: self.len(),
        })
        .fix("the file became shorter while it was read")
    }
}

fn part(bytes: &[u8], offset: u64, length: usize) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    bytes.get(start..start.checked_add(length)?)
}

#[cfg(unix)]
pub(super) fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(windows)]
pub(super) fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        let count = std::os::windows::fs::FileExt::seek_read(file, buffer, offset)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buffer = &mut buffer[count..];
        offset += count as u64;
    }
    Ok(())
}

/// Reads no more than the header declares, and one byte to see whether there is more.
fn unpack(
    mut packed: impl Read,
    action: &'static str,
    max_bytes: u64,
    permissive: bool,
) -> Result<Source, Error> {
    let failed =
        |error: io::Error| Error::io(action, error).fix("the file is cut or damaged; get it again");
    let mut bytes = Vec::new();
    (&mut packed)
        .take(HEADER_BYTES as u64)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    let (header, _) = Header::parse(&bytes, permissive)?;
    let declared = header
        .data_bytes()
        .and_then(|data| (data as u64).checked_add(header.data_offset()))
        .unwrap_or(u64::MAX);
    if declared > max_bytes {
        return Err(Error::new(ErrorKind::OverLimit {
            what: "the unpacked file".to_owned(),
            needed: declared,
            limit: max_bytes,
        })
        .fix("unpack it first, or raise max_bytes if it is meant to be so large"));
    }
    // The vector grows with what is there, not with what is declared.
    packed
        .take((declared + 1).saturating_sub(HEADER_BYTES as u64))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    Ok(Source::Memory(bytes))
}
