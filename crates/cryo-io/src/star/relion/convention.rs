use std::{fmt, str::FromStr};

use super::{
    super::{Block, Document, Loop},
    names::{CENTRED, MICROGRAPH, PARTICLE, PIXELS, SERIES_PIXEL, SOURCE, TOMOGRAM, WARP},
};
use crate::Error;

/// Whose particle table it is; what each counts is in the [module's table](super).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Convention {
    /// One table in voxels of the tomogram named by `rlnMicrographName`.
    Relion3,
    /// Unbinned pixels, `rlnTomoName`, an optics block.
    Relion4,
    /// Ångström from the tomogram's centre, `rlnTomoName`, an optics block.
    Relion5,
    /// As RELION 3 with names `NAME.tomostar`, or M's `wrpCoordinate…` in ångström.
    Warp,
}

impl Convention {
    /// Whose table a document holds.
    ///
    /// In this order: centred coordinates are RELION 5's; `wrpCoordinate…` and tomograms named
    /// `….tomostar` Warp's; `rlnTomoName`, or a tilt-series pixel size among the optics, RELION 4's;
    /// other pixel coordinates RELION 3's.
    ///
    /// # Errors
    /// [`Missing`](crate::ErrorKind::Missing) without a table that has three coordinates.
    pub fn detect(document: &Document) -> Result<Self, Error> {
        let table = particles(document)?;
        if has_all(table, &CENTRED) {
            return Ok(Self::Relion5);
        }
        let tomostar = |name| {
            table
                .find(name)
                .is_some_and(|column| column.iter().any(is_tomostar))
        };
        if WARP.iter().any(|names| has_all(table, names))
            || [MICROGRAPH, SOURCE, TOMOGRAM].into_iter().any(tomostar)
        {
            return Ok(Self::Warp);
        }
        let optics = document.block("optics").and_then(|block| block.table());
        let series = optics.is_some_and(|optics| optics.has(SERIES_PIXEL));
        if table.has(TOMOGRAM) || table.has(PARTICLE) || series {
            return Ok(Self::Relion4);
        }
        Ok(Self::Relion3)
    }
}

/// The table with coordinates: that of `data_particles`, else the first that has them.
pub(super) fn particles(document: &Document) -> Result<&Loop, Error> {
    let named = document.block("particles").and_then(|block| block.table());
    let others = document.blocks().iter().flat_map(Block::tables);
    let mut sets = vec![CENTRED, PIXELS];
    sets.extend(WARP);
    let fits = |table: &&Loop| sets.iter().any(|names| has_all(table, names));
    named.into_iter().chain(others).find(fits).ok_or_else(|| {
        let columns: Vec<&str> = document
            .blocks()
            .iter()
            .flat_map(|block| block.tables().flat_map(Loop::names))
            .filter(|name| name.contains("Coordinate"))
            .collect();
        let available = match columns.is_empty() {
            true => "none".to_owned(),
            false => columns.join(", "),
        };
        Error::missing("table with x, y and z coordinates of particles", available)
            .fix("expected rlnCenteredCoordinate{X,Y,Z}Angst, rlnCoordinate{X,Y,Z} or wrpCoordinate{X,Y,Z}1")
    })
}

pub(super) fn has_all(table: &Loop, names: &[&str; 3]) -> bool {
    names.iter().all(|name| table.has(name))
}

fn is_tomostar(name: &str) -> bool {
    name.ends_with(".tomostar")
}

impl fmt::Display for Convention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Relion3 => "relion3",
            Self::Relion4 => "relion4",
            Self::Relion5 => "relion5",
            Self::Warp => "warp",
        })
    }
}

impl FromStr for Convention {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "relion3" => Ok(Self::Relion3),
            "relion4" => Ok(Self::Relion4),
            "relion5" => Ok(Self::Relion5),
            "warp" => Ok(Self::Warp),
            other => Err(format!(
                "expected relion3, relion4, relion5 or warp, got {other:?}"
            )),
        }
    }
}
