use super::{only_tomogram, particle};
use crate::{
    Error, Picks, PicksOptions,
    points::Gather,
    text::{decode, finite, shorten},
};

pub(super) fn parse(bytes: &[u8], options: &PicksOptions) -> Result<Picks, Error> {
    let text = decode(bytes)?;
    let tomogram = only_tomogram(options)?;
    let mut gather = Gather::default();
    let slot = gather.slot(tomogram, || options.frames.get(tomogram).grid(tomogram))?;
    for (index, line) in text.lines().enumerate() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let xyz = match fields.as_slice() {
            [] => continue,
            [x, y, z] => triple([x, y, z]),
            _ => {
                let got = format!("{:?}", shorten(line));
                Err(Error::unexpected("line", "x y z", got)
                    .fix("write three numbers with blanks between them, or name the format"))
            }
        };
        let xyz = xyz.map_err(|error| error.at_line(index + 1))?;
        gather.push(slot, particle(xyz, options));
    }
    Ok(gather.finish(Vec::new()))
}

fn triple([x, y, z]: [&str; 3]) -> Result<[f64; 3], Error> {
    Ok([finite("x", x)?, finite("y", y)?, finite("z", z)?])
}
