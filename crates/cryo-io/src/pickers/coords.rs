use cryo_core::Particle;

use super::{only_tomogram, particle};
use crate::{
    Error, Picks, PicksOptions,
    points::Gather,
    text::{decode, finite, shorten},
};

/// What the numbers of a line are.
pub(super) struct Line {
    /// In words.
    pub(super) says: &'static str,
    /// Which of them are x, y, z.
    pub(super) xyz: [usize; 3],
    /// Whether a score may follow.
    pub(super) score: bool,
}

pub(super) const XYZ: Line = Line {
    says: "x y z",
    xyz: [0, 1, 2],
    score: false,
};

pub(super) const XZY: Line = Line {
    says: "x z y, or x z y score",
    xyz: [0, 2, 1],
    score: true,
};

pub(super) fn parse(bytes: &[u8], kind: &Line, options: &PicksOptions) -> Result<Picks, Error> {
    let text = decode(bytes)?;
    let tomogram = only_tomogram(options)?;
    let mut gather = Gather::default();
    let slot = gather.slot(tomogram, || options.frames.get(tomogram).grid(tomogram))?;
    for (index, line) in text.lines().enumerate() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        if !fields.is_empty() {
            let one = row(&fields, kind, options).map_err(|error| error.at_line(index + 1))?;
            gather.push(slot, one);
        }
    }
    Ok(gather.finish(Vec::new()))
}

fn row(fields: &[&str], kind: &Line, options: &PicksOptions) -> Result<Particle, Error> {
    if fields.len() != 3 && !(kind.score && fields.len() == 4) {
        let line = fields.join(" ");
        let got = format!("{:?}", shorten(&line));
        return Err(Error::unexpected("line", kind.says, got)
            .fix("write numbers with blanks between them, or name the format"));
    }
    let [x, y, z] = kind.xyz;
    let xyz = [
        finite("x", fields[x])?,
        finite("y", fields[y])?,
        finite("z", fields[z])?,
    ];
    let score = fields.get(3).map(|field| finite("score", field));
    Ok(Particle {
        score: score.transpose()?.map(|score| score as f32),
        ..particle(xyz, options)
    })
}
