use std::{collections::BTreeMap, io::Write as _, path::Path};

use crate::{
    Error, Overwrite,
    text::{decode, read_bytes, shorten},
    write_atomic,
};

/// The table map in a file of at most `max_bytes`: path or name of each tomogram by its number.
///
/// # Errors
/// As [`parse_map`], and if the file cannot be opened.
pub fn read_map(path: impl AsRef<Path>, max_bytes: u64) -> Result<BTreeMap<u32, String>, Error> {
    let path = path.as_ref();
    let bytes = read_bytes(path, max_bytes)?;
    parse_map(&bytes).map_err(|error| error.in_file(path))
}

/// A table map out of lines of number and path; paths may contain blanks.
///
/// # Errors
/// For a line without a number and a path, and for a number that comes twice, with the line.
pub fn parse_map(bytes: &[u8]) -> Result<BTreeMap<u32, String>, Error> {
    let text = decode(bytes)?;
    let mut map = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let (number, path) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let wrong = |what: &str, got: &str| {
            let got = format!("{:?}", shorten(got));
            Error::unexpected("line of the table map", what, got)
                .at_line(index + 1)
                .fix("write the tomogram's number and its path, separated by a blank")
        };
        let number: u32 = number
            .parse()
            .map_err(|_| wrong("a number first", number))?;
        let path = path.trim();
        if path.is_empty() {
            return Err(wrong("a path after the number", line));
        }
        if map.insert(number, path.to_owned()).is_some() {
            return Err(wrong("each number once", line));
        }
    }
    Ok(map)
}

/// Writes a table map.
///
/// # Errors
/// [`Parameter`](crate::ErrorKind::Parameter) for an empty entry or one with a line break; otherwise as
/// [`write_atomic`].
pub fn write_map(
    path: impl AsRef<Path>,
    map: &BTreeMap<u32, String>,
    overwrite: Overwrite,
) -> Result<(), Error> {
    let path = path.as_ref();
    for entry in map.values() {
        if entry.trim().is_empty() || entry.contains(['\n', '\r']) {
            let got = format!("{entry:?}");
            let error = Error::parameter("tomogram", "a name on one line", got);
            return Err(error.in_file(path));
        }
    }
    write_atomic(path, overwrite, |out| {
        for (number, entry) in map {
            writeln!(out, "{number} {entry}").map_err(|error| Error::io("write", error))?;
        }
        Ok(())
    })
}
