use super::{AlignedImage, Alignment, DarkFrame, LocalShift};
use crate::{
    Error,
    text::{decode, finite, shorten},
    tilt::rows::Rows,
};

/// The alignment in the bytes of a file.
///
/// # Errors
/// Bytes that are not text, a row of another number of columns, a field that is not a number, or
/// no aligned image.
pub fn parse(bytes: &[u8]) -> Result<Alignment, Error> {
    let text = decode(bytes)?;
    let mut alignment = Alignment::default();
    let mut local = false;
    for (line, row) in Rows::new(&text) {
        let result = match row.strip_prefix('#') {
            Some(comment) => {
                local |= comment.trim() == "Local Alignment";
                header(&mut alignment, comment)
            }
            None if local => local_row(row).map(|shift| alignment.local.push(shift)),
            None => image_row(row).map(|image| alignment.images.push(image)),
        };
        result.map_err(|error| error.at_line(line))?;
    }
    if alignment.images.is_empty() {
        return Err(
            Error::unexpected("file", "at least one aligned image", "none")
                .fix("check that it is an AreTomo .aln"),
        );
    }
    Ok(alignment)
}

fn header(alignment: &mut Alignment, comment: &str) -> Result<(), Error> {
    let Some((key, value)) = comment.split_once('=') else {
        return Ok(());
    };
    match key.trim() {
        "RawSize" => {
            let [x, y, n] = fields("RawSize", value)?;
            let size = |field| whole("RawSize", field);
            alignment.raw_size = Some([size(x)?, size(y)?, size(n)?]);
        }
        "NumPatches" => {
            let [patches] = fields("NumPatches", value)?;
            alignment.patches = whole("NumPatches", patches)?;
        }
        "DarkFrame" => {
            let [place, section, tilt] = fields("DarkFrame", value)?;
            alignment.dark.push(DarkFrame {
                place: whole("DarkFrame", place)?,
                section: whole("DarkFrame", section)?,
                tilt_deg: finite("DarkFrame", tilt)?,
            });
        }
        "AlphaOffset" => alignment.alpha_offset_deg = Some(one("AlphaOffset", value)?),
        "BetaOffset" => alignment.beta_offset_deg = Some(one("BetaOffset", value)?),
        "Thickness" => alignment.thickness_px = Some(one("Thickness", value)?),
        _ => {}
    }
    Ok(())
}

fn image_row(row: &str) -> Result<AlignedImage, Error> {
    const NAMES: &str = "SEC ROT GMAG TX TY SMEAN SFIT SCALE BASE TILT";
    let [
        section,
        rotation,
        magnification,
        x,
        y,
        mean,
        fit,
        scale,
        base,
        tilt,
    ] = fields(NAMES, row)?;
    Ok(AlignedImage {
        section: whole("SEC", section)?,
        axis_angle_deg: finite("ROT", rotation)?,
        magnification: finite("GMAG", magnification)?,
        shift_x_px: finite("TX", x)?,
        shift_y_px: finite("TY", y)?,
        unused: [
            finite("SMEAN", mean)?,
            finite("SFIT", fit)?,
            finite("SCALE", scale)?,
            finite("BASE", base)?,
        ],
        tilt_deg: finite("TILT", tilt)?,
    })
}

fn local_row(row: &str) -> Result<LocalShift, Error> {
    let [image, patch, x, y, shift_x, shift_y, good] = fields("local alignment", row)?;
    let number = |field| finite("local alignment", field);
    Ok(LocalShift {
        image: whole("local alignment", image)?,
        patch: whole("local alignment", patch)?,
        values: [
            number(x)?,
            number(y)?,
            number(shift_x)?,
            number(shift_y)?,
            number(good)?,
        ],
    })
}

fn fields<'a, const N: usize>(what: &str, text: &'a str) -> Result<[&'a str; N], Error> {
    let all: Vec<&str> = text.split_whitespace().take(N + 1).collect();
    <[&str; N]>::try_from(all).map_err(|all| {
        let count = all.len();
        let got = if count > N {
            "more".to_owned()
        } else {
            count.to_string()
        };
        let expected = format!("{N} fields");
        Error::unexpected(what, expected, format!("{got} in {:?}", shorten(text)))
    })
}

fn one(what: &str, text: &str) -> Result<f64, Error> {
    let [field] = fields(what, text)?;
    finite(what, field)
}

fn whole(what: &str, field: &str) -> Result<usize, Error> {
    field.parse().map_err(|_| {
        let got = format!("{:?}", shorten(field));
        Error::unexpected(what, "a whole number from 0", got)
    })
}
