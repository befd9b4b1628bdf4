use cryo_core::Particle;

use super::{only_tomogram, particle};
use crate::{Error, Picks, PicksOptions, points::Gather, star::Document, text::finite};

const BLOCK: &str = "cryolo";
const PLACE: [&str; 3] = ["CoordinateX", "CoordinateY", "CoordinateZ"];
const SIZE: [&str; 2] = ["Width", "Height"];
const SCORE: &str = "Confidence";

pub(super) fn parse(bytes: &[u8], options: &PicksOptions) -> Result<Picks, Error> {
    let document = Document::parse(bytes)?;
    let tomogram = only_tomogram(options)?;
    let table = document.require(BLOCK)?.require_table()?;
    let [x, y, z] = table.columns_f64(PLACE)?;
    let [width, height] = table.columns_f64(SIZE)?;
    let score = table.find(SCORE);
    let mut gather = Gather::default();
    let slot = gather.slot(tomogram, || options.frames.get(tomogram).grid(tomogram))?;
    for row in 0..table.len() {
        let centre = [
            x[row] + width[row] / 2.0,
            y[row] + height[row] / 2.0,
            z[row],
        ];
        let score = match score {
            Some(column) if !is_missing(column.get(row)) => {
                let value = finite(SCORE, column.get(row));
                Some(value.map_err(|error| column.error_at(row, Some(error)))? as f32)
            }
            _ => None,
        };
        gather.push(
            slot,
            Particle {
                score,
                ..particle(centre, options)
            },
        );
    }
    Ok(gather.finish(Vec::new()))
}

/// crYOLO writes `<NA>` for what it does not know, TomoTwin `nan`.
fn is_missing(field: &str) -> bool {
    field.eq_ignore_ascii_case("nan") || field == "<NA>"
}
