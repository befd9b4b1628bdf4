//! IMOD transforms, `.xf`: one line `A11 A12 A21 A22 DX DY` an image.
//!
//! A position in the image as recorded goes to `A · (raw − centre) + centre + d` in the aligned
//! image, in pixels of the recorded images. The centre of an axis of `n` pixels is `n/2` counted
//! from the *edge* of the first pixel (comment of `cubinterp.c` in IMOD's `libcfshr`: x runs "from
//! 0 at the left edge of the first pixel to nxa at the right edge of the last"), so it is
//! `(n − 1)/2` among 0-based pixel centres: see [`imod_centre_px`] and [`recentred`].

use std::{io::Write, path::Path};

use cryo_core::{ImagePos, ImageTransform};

use super::{MAX_BYTES, rows};
use crate::{
    Error, Finding, Overwrite, Severity,
    text::{decode, finite, read_bytes},
    write_atomic,
};

/// The transforms `aligned_from_raw`, one an image, about IMOD's centre.
///
/// # Errors
/// Bytes that are not text, a line without six finite numbers, or no line at all.
///
/// ```
/// use cryo_core::ImagePos;
/// let transforms = cryo_io::tilt::xf::parse(b"0.0 1.0 -1.0 0.0 5.0 0.0\n")?;
/// let aligned = transforms[0].apply(ImagePos { y: 3.0, x: 2.0 });
/// assert_eq!((aligned.x, aligned.y), (8.0, -2.0));
/// # Ok::<(), cryo_io::Error>(())
/// ```
pub fn parse(bytes: &[u8]) -> Result<Vec<ImageTransform>, Error> {
    let text = decode(bytes)?;
    let mut transforms = Vec::new();
    for (line, row) in rows::Rows::new(&text) {
        transforms.push(parse_row(row).map_err(|error| error.at_line(line))?);
    }
    rows::not_empty(transforms, "transform")
}

fn parse_row(row: &str) -> Result<ImageTransform, Error> {
    const NAMES: [&str; 6] = ["A11", "A12", "A21", "A22", "DX", "DY"];
    let mut values = [0.0; 6];
    let mut fields = row.split_whitespace();
    for (value, name) in values.iter_mut().zip(NAMES) {
        let Some(field) = fields.next() else {
            return Err(wrong_count(row));
        };
        *value = finite(name, field)?;
    }
    if fields.next().is_some() {
        return Err(wrong_count(row));
    }
    let [xx, xy, yx, yy, x, y] = values;
    Ok(ImageTransform {
        matrix: [[xx, xy], [yx, yy]],
        shift: ImagePos { y, x },
    })
}

fn wrong_count(row: &str) -> Error {
    let got = row.split_whitespace().count();
    let mut error = Error::unexpected(
        "transform",
        "the six numbers A11 A12 A21 A22 DX DY",
        got.to_string(),
    );
    if got == 10 {
        error = error.fix("ten fields are an AreTomo .aln: renaming one does not make it an .xf");
    }
    error
}

/// The transforms of a file, as [`parse`].
///
/// # Errors
/// As [`parse`], and when the file cannot be read.
pub fn read(path: impl AsRef<Path>) -> Result<Vec<ImageTransform>, Error> {
    let path = path.as_ref();
    parse(&read_bytes(path, MAX_BYTES)?).map_err(|error| error.in_file(path))
}

/// Writes transforms `aligned_from_raw` about IMOD's centre, in IMOD's columns.
///
/// # Errors
/// As [`write_atomic`].
pub fn write(
    path: impl AsRef<Path>,
    overwrite: Overwrite,
    aligned_from_raw: &[ImageTransform],
) -> Result<(), Error> {
    write_atomic(path.as_ref(), overwrite, |out| {
        for transform in aligned_from_raw {
            let [[xx, xy], [yx, yy]] = transform.matrix;
            let ImagePos { y, x } = transform.shift;
            writeln!(
                out,
                "{xx:12.7}{xy:12.7}{yx:12.7}{yy:12.7} {x:11.3} {y:11.3}"
            )?;
        }
        Ok(())
    })
}

/// The transform `image_from_aligned` of [`Tilt`](cryo_core::Tilt) to a line of an `.xf`: its inverse.
///
/// Both count from the same centre. `None` if the matrix has no inverse.
#[must_use]
pub fn image_from_aligned(aligned_from_raw: &ImageTransform) -> Option<ImageTransform> {
    aligned_from_raw.inverse()
}

/// The angle of the tilt axis that a transform turns onto y, in degrees; the `ROT` of an `.aln`.
///
/// Read off the rotation nearest to the matrix, so that stretch and skew do not disturb it.
#[must_use]
pub fn axis_angle_deg(aligned_from_raw: &ImageTransform) -> f64 {
    let [[xx, xy], [yx, yy]] = aligned_from_raw.matrix;
    (xy - yx).atan2(xx + yy).to_degrees()
}

/// Where IMOD's centre of an image of `shape` (`[y, x]`) lies among 0-based pixel centres.
#[must_use]
pub fn imod_centre_px(shape: [usize; 2]) -> ImagePos {
    let [y, x] = shape.map(|n| (n as f64 - 1.0) / 2.0);
    ImagePos { y, x }
}

/// The same map of positions, counted from the centre `to` instead of `from` on both sides.
///
/// IMOD's centre is `(n − 1)/2`, that of [`TiltGeometry::centred`](cryo_core::TiltGeometry::centred)
/// ⌊n/2⌋: for even sizes they differ by half a pixel, which a rotation turns into a shift.
#[must_use]
pub fn recentred(transform: &ImageTransform, from: ImagePos, to: ImagePos) -> ImageTransform {
    let offset = ImagePos {
        y: to.y - from.y,
        x: to.x - from.x,
    };
    let moved = transform.apply(offset);
    let shift = ImagePos {
        y: moved.y - offset.y,
        x: moved.x - offset.x,
    };
    ImageTransform {
        matrix: transform.matrix,
        shift,
    }
}

/// What is odd about the bytes of such a file.
#[must_use]
pub fn validate(bytes: &[u8]) -> Vec<Finding> {
    let transforms = match parse(bytes) {
        Ok(transforms) => transforms,
        Err(error) => return vec![Finding::from_error(&error)],
    };
    let mut findings = Vec::new();
    for (place, transform) in transforms.iter().enumerate() {
        let [[xx, xy], [yx, yy]] = transform.matrix;
        let determinant = xx * yy - xy * yx;
        if transform.inverse().is_none() {
            findings.push(Finding::new(
                Severity::Error,
                format!("transform {place} (from 0)"),
                "a matrix with an inverse",
                format!("determinant {determinant}"),
                "align the series again, or exclude the image",
            ));
        } else if !(0.64..=1.5625).contains(&determinant) {
            findings.push(Finding::new(
                Severity::Warning,
                format!("transform {place} (from 0)"),
                "a rotation with little stretch (determinant near 1)",
                format!("determinant {determinant:.4}"),
                "check that the file holds the alignment of this series",
            ));
        }
    }
    findings
}
