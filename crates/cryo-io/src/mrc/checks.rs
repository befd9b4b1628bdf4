//! What is checked of a header when a file is opened.

use super::{AxisMap, ByteSign, Header, Kind, fetch, header::warning};
use crate::{Error, Finding};

/// Length that a file with this header must have.
pub(super) fn declared_bytes(header: &Header) -> Result<u64, Error> {
    let declared = header.data_bytes().and_then(|data| {
        let length = (data as u64).checked_add(header.data_offset())?;
        i64::try_from(length).is_ok().then_some(length)
    });
    declared.ok_or_else(|| {
        let [sections, rows, columns] = header.shape;
        let got = format!("{columns} × {rows} × {sections}");
        Error::unexpected("nx, ny, nz", "dimensions of a file that can exist", got)
            .at_byte(0)
            .fix("the header is damaged; get the file again")
    })
}

/// Whether all that is declared is there, and no more.
pub(super) fn length(
    declared: u64,
    length: u64,
    permissive: bool,
    warnings: &mut Vec<Finding>,
) -> Result<(), Error> {
    if length < declared {
        let error = fetch::truncated(declared, length);
        if !permissive {
            return Err(error);
        }
        warnings.push(Finding::from_error(&error));
    } else if length > declared {
        let got = format!("{length} bytes or more");
        let fix = "what follows the data is not read; check the dimensions";
        warnings.push(warning("length", format!("{declared} bytes"), got, fix));
    }
    Ok(())
}

/// The axes to go by; 0, 0, 0 counts as 1, 2, 3.
pub(super) fn axis_map(
    map: AxisMap,
    permissive: bool,
    warnings: &mut Vec<Finding>,
) -> Result<AxisMap, Error> {
    if map.is_valid() {
        return Ok(map);
    }
    let unset = (map.columns, map.rows, map.sections) == (0, 0, 0);
    if !unset && !permissive {
        return Err(map.error().fix("read it permissively to take 1, 2, 3"));
    }
    let got = format!("{}, {}, {}", map.columns, map.rows, map.sections);
    let expected = "1, 2 and 3 in some order";
    let fix = "1, 2, 3 was taken; write the file anew";
    warnings.push(warning("mapc, mapr, maps (byte 64)", expected, got, fix));
    Ok(AxisMap::STANDARD)
}

/// Sections, rows, columns of one volume, and the number of volumes.
pub(super) fn split_stack(
    header: &Header,
    permissive: bool,
    warnings: &mut Vec<Finding>,
) -> Result<([usize; 3], usize), Error> {
    let [sections, rows, columns] = header.shape;
    if header.kind() != Kind::VolumeStack {
        return Ok((header.shape, 1));
    }
    match usize::try_from(header.sampling[0]) {
        Ok(depth) if depth > 0 && sections.is_multiple_of(depth) => {
            Ok(([depth, rows, columns], sections / depth))
        }
        _ => {
            let expected = format!("a divisor of the {sections} sections of the volume stack");
            let got = header.sampling[0].to_string();
            let fix = "read as one volume; write the file anew";
            if !permissive {
                let error = Error::unexpected("mz", expected, got).at_byte(36);
                return Err(error.fix("read it permissively to have one volume"));
            }
            warnings.push(warning("mz (byte 36)", expected, got, fix));
            Ok((header.shape, 1))
        }
    }
}

/// Whether 8-bit voxels are 0 to 255; see [`ByteSign`].
pub(super) fn is_unsigned(header: &Header, sign: ByteSign, warnings: &mut Vec<Finding>) -> bool {
    match sign {
        ByteSign::Signed => return false,
        ByteSign::Unsigned => return true,
        ByteSign::Auto => {}
    }
    if let Some(flags) = header.imod_flags() {
        return flags & 1 == 0;
    }
    let (minimum, maximum) = (header.statistics.minimum, header.statistics.maximum);
    let unsigned = if minimum < 0.0 && maximum >= 128.0 {
        -minimum <= maximum - 128.0
    } else if minimum <= maximum && maximum >= 128.0 {
        true
    } else if minimum <= maximum && (minimum < 0.0 || maximum > minimum) {
        // Values of 0 to 127 are the same either way.
        false
    } else {
        !header.has_map()
    };
    if unsigned {
        let got = format!("extrema {minimum} and {maximum} in the header");
        let fix = "read as 0 to 255; choose the sign if that is wrong";
        warnings.push(warning("mode 0", "signed bytes, −128 to 127", got, fix));
    }
    unsigned
}
