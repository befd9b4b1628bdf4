use cryo_core::Particle;

use super::{only_tomogram, particle};
use crate::{
    Error, Picks, PicksOptions,
    points::Gather,
    text::{decode, finite, shorten},
};

/// Numbers a row.
pub(super) const COLUMNS: usize = 20;

// Columns, counted from 0.
const SCORE: usize = 0;
const PLACE: usize = 7;
const CLASS: usize = 19;

pub(super) fn parse(bytes: &[u8], options: &PicksOptions) -> Result<Picks, Error> {
    let text = decode(bytes)?;
    let tomogram = only_tomogram(options)?;
    let mut gather = Gather::default();
    let slot = gather.slot(tomogram, || options.frames.get(tomogram).grid(tomogram))?;
    for (index, line) in text.lines().enumerate() {
        // pandas writes a list without rows as one pair of quotes.
        if line.trim().is_empty() || line.trim() == "\"\"" {
            continue;
        }
        let one = row(line, options).map_err(|error| error.at_line(index + 1))?;
        gather.push(slot, one);
    }
    Ok(gather.finish(Vec::new()))
}

fn row(line: &str, options: &PicksOptions) -> Result<Particle, Error> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    if fields.len() != COLUMNS {
        let expected = format!("{COLUMNS} numbers with commas between them");
        let got = format!("{} from {:?} on", fields.len(), shorten(fields[0]));
        return Err(Error::unexpected("row of a motive list", expected, got)
            .fix("a list with a header is a table: name the format csv"));
    }
    let xyz = [
        finite("x (column 8)", fields[PLACE])?,
        finite("y (column 9)", fields[PLACE + 1])?,
        finite("z (column 10)", fields[PLACE + 2])?,
    ];
    let class = finite("class (column 20)", fields[CLASS])?;
    let is_class = class >= 0.0 && class.fract() == 0.0 && class <= f64::from(u32::MAX);
    Ok(Particle {
        score: Some(finite("score (column 1)", fields[SCORE])? as f32),
        class: is_class.then_some(class as u32),
        ..particle(xyz, options)
    })
}
