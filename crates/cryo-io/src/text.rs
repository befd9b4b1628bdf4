use std::{borrow::Cow, fs::File, io::Read, path::Path};

use crate::{Error, ErrorKind};

/// The bytes of a file, read only if it is not larger than `max_bytes`.
pub(crate) fn read_bytes(path: &Path, max_bytes: u64) -> Result<Vec<u8>, Error> {
    let file = File::open(path).map_err(|error| Error::io("open the file", error).in_file(path))?;
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    let over = |needed| {
        let what = "reading the file".to_owned();
        Error::new(ErrorKind::OverLimit {
            what,
            needed,
            limit: max_bytes,
        })
        .in_file(path)
    };
    if length > max_bytes {
        return Err(over(length));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    // A pipe or a growing file can hold more than it said.
    file.take(max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| Error::io("read the file", error).in_file(path))?;
    if bytes.len() as u64 > max_bytes {
        Err(over(bytes.len() as u64))
    } else {
        Ok(bytes)
    }
}

/// Text out of bytes: UTF-8 with or without a mark, or UTF-16 with one, as Warp writes it.
pub(crate) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Error> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        let text: Result<String, _> = char::decode_utf16(units).collect();
        text.map(Cow::Owned).map_err(|error| {
            Error::unexpected("text", "UTF-16", error.to_string())
                .fix("save the file as UTF-8 text")
        })
    };
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest, 3),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => utf8(bytes, 0),
    }
}

fn utf8(bytes: &[u8], offset: u64) -> Result<Cow<'_, str>, Error> {
    std::str::from_utf8(bytes)
        .map(Cow::Borrowed)
        .map_err(|error| {
            let place = error.valid_up_to();
            let got = bytes
                .get(place)
                .map_or_else(String::new, |byte| format!("byte 0x{byte:02x}"));
            Error::unexpected("text", "UTF-8", got)
                .at_byte(place as u64 + offset)
                .fix("save the file as UTF-8 text, or check that it is the file you mean")
        })
}

/// A finite number out of a field.
pub(crate) fn finite(what: &str, field: &str) -> Result<f64, Error> {
    match field.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(Error::unexpected(
            what,
            "a finite number",
            format!("{:?}", shorten(field)),
        )),
    }
}

/// At most 60 characters of a field, for messages.
pub(crate) fn shorten(field: &str) -> Cow<'_, str> {
    match field.char_indices().nth(60) {
        Some((end, _)) => Cow::Owned(format!("{}…", &field[..end])),
        None => Cow::Borrowed(field),
    }
}
