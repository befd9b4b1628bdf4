use std::{io::Write, path::Path};

use super::Alignment;
use crate::{Error, Overwrite, write_atomic};

/// Writes an alignment in the columns of AreTomo; sections as the alignment counts them.
///
/// # Errors
/// As [`write_atomic`].
pub fn write(
    path: impl AsRef<Path>,
    overwrite: Overwrite,
    alignment: &Alignment,
) -> Result<(), Error> {
    write_atomic(path.as_ref(), overwrite, |out| {
        writeln!(out, "# AreTomo Alignment / Priims bprmMn")?;
        if let Some([x, y, n]) = alignment.raw_size {
            writeln!(out, "# RawSize = {x} {y} {n}")?;
        }
        writeln!(out, "# NumPatches = {}", alignment.patches)?;
        for dark in &alignment.dark {
            let (place, section, tilt) = (dark.place, dark.section, dark.tilt_deg);
            writeln!(out, "# DarkFrame =  {place:4} {section:4} {tilt:8.2}")?;
        }
        let offsets = [
            ("AlphaOffset", alignment.alpha_offset_deg),
            ("BetaOffset", alignment.beta_offset_deg),
        ];
        for (name, offset) in offsets {
            if let Some(offset) = offset {
                writeln!(out, "# {name} = {offset:8.2}")?;
            }
        }
        if let Some(thickness) = alignment.thickness_px {
            writeln!(out, "# Thickness = {thickness}")?;
        }
        writeln!(
            out,
            "# SEC     ROT         GMAG       TX          TY      SMEAN     SFIT    SCALE     BASE     TILT"
        )?;
        for image in &alignment.images {
            let [mean, fit, scale, base] = image.unused;
            write!(
                out,
                "{:5}  {:9.4}  {:9.5}  {:9.3}  {:9.3}  ",
                image.section,
                image.axis_angle_deg,
                image.magnification,
                image.shift_x_px,
                image.shift_y_px
            )?;
            let tilt = image.tilt_deg;
            writeln!(
                out,
                "{mean:7.2}  {fit:7.2}  {scale:7.2}  {base:7.2}  {tilt:8.2}"
            )?;
        }
        if alignment.local.is_empty() {
            return Ok(());
        }
        writeln!(out, "# Local Alignment")?;
        for local in &alignment.local {
            let [x, y, shift_x, shift_y, good] = local.values;
            writeln!(
                out,
                "{:4} {:3} {x:8.2}  {y:8.2}  {shift_x:8.2}  {shift_y:8.2}  {good:4.1}",
                local.image, local.patch
            )?;
        }
        Ok(())
    })
}
