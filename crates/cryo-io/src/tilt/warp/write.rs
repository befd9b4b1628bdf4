use std::{fmt::Display, io::Write, path::Path};

use super::WarpSeries;
use crate::{Error, Overwrite, write_atomic};

/// Writes the elements that [`parse`](super::parse()) reads, as UTF-8.
///
/// Warp fills in what is not there; its processing options and local refinements are not kept.
///
/// # Errors
/// As [`write_atomic`].
pub fn write(
    path: impl AsRef<Path>,
    overwrite: Overwrite,
    series: &WarpSeries,
) -> Result<(), Error> {
    write_atomic(path.as_ref(), overwrite, |out| {
        let inverted = truth(series.are_angles_inverted);
        writeln!(out, r#"<?xml version="1.0" encoding="utf-8"?>"#)?;
        write!(out, r#"<TiltSeries AreAnglesInverted="{inverted}""#)?;
        let (x, y) = (series.level_x_deg, series.level_y_deg);
        write!(out, r#" LevelAngleX="{x}" LevelAngleY="{y}""#)?;
        if let Some([x, y]) = series.image_size_angstrom {
            write!(out, r#" ImageDimensionsAngstrom="{x}, {y}""#)?;
        }
        writeln!(out, ">")?;
        list(out, "Angles", &series.angles_deg)?;
        list(out, "Dose", &series.dose)?;
        let used: Vec<&str> = series.use_tilt.iter().map(|&used| truth(used)).collect();
        list(out, "UseTilt", &used)?;
        list(out, "AxisAngle", &series.axis_angles_deg)?;
        list(out, "AxisOffsetX", &series.offsets_x_angstrom)?;
        list(out, "AxisOffsetY", &series.offsets_y_angstrom)?;
        let paths: Vec<String> = series
            .movie_paths
            .iter()
            .map(|path| escaped(path))
            .collect();
        list(out, "MoviePath", &paths)?;
        if let Some(size) = series.pixel_size_angstrom {
            writeln!(out, "\t<CTF>")?;
            writeln!(out, "\t\t<Param Name=\"PixelSize\" Value=\"{size}\" />")?;
            writeln!(out, "\t</CTF>")?;
        }
        if !series.defocus_um.is_empty() {
            let depth = series.defocus_um.len();
            writeln!(
                out,
                "\t<GridCTF Width=\"1\" Height=\"1\" Depth=\"{depth}\" MarginX=\"0\" MarginY=\"0\" MarginZ=\"0\">"
            )?;
            for (z, value) in series.defocus_um.iter().enumerate() {
                writeln!(
                    out,
                    "\t\t<Node X=\"0\" Y=\"0\" Z=\"{z}\" Value=\"{value}\" />"
                )?;
            }
            writeln!(out, "\t</GridCTF>")?;
        }
        writeln!(out, "</TiltSeries>")?;
        Ok(())
    })
}

fn truth(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

fn list(out: &mut impl Write, name: &str, values: &[impl Display]) -> Result<(), Error> {
    let Some((first, rest)) = values.split_first() else {
        return Ok(());
    };
    write!(out, "\t<{name}>{first}")?;
    for value in rest {
        write!(out, "\n{value}")?;
    }
    writeln!(out, "</{name}>")?;
    Ok(())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
