use std::collections::BTreeMap;

use cryo_core::{Grid, VoxelPos};
use ndarray::{ArrayView2, ArrayView3};

use crate::{
    Error,
    error::{require, require_at_least, require_length},
    matrix::checked,
};

/// A tomogram that candidates were found in.
#[derive(Debug, Clone, PartialEq)]
pub struct PageTomogram {
    /// Its name.
    pub name: String,
    /// Its voxels, which positions count. Exports count ångström from the centre of the first.
    pub grid: Grid,
}

/// What the interactive page shows: one row a candidate in every part.
#[derive(Debug, Clone)]
pub struct PageData<'a> {
    /// Heading of the page.
    pub title: String,
    /// `[n, 2]`: places on the map, x to the right and y up, any unit.
    pub map: ArrayView2<'a, f32>,
    /// Class of each candidate, 0 for none, at most 65535.
    pub labels: Option<&'a [u32]>,
    /// Names of classes, where they have one.
    pub names: BTreeMap<u32, String>,
    /// The tomograms, at most 65535.
    pub tomograms: &'a [PageTomogram],
    /// Place of each candidate's tomogram in that list.
    pub tomogram: &'a [usize],
    /// Positions in voxels of their tomograms.
    pub positions: &'a [VoxelPos],
    /// Confidence of each candidate, higher is better; NaN for none.
    pub scores: Option<&'a [f32]>,
    /// Distance of each candidate to its class in the class's own spread; NaN for none.
    pub outliers: Option<&'a [f32]>,
    /// `[n, y, x]`: a grey picture of each candidate.
    pub patches: Option<ArrayView3<'a, u8>>,
    /// `[n, d]`: vectors of which near ones mean like candidates, by Euclidean distance.
    pub embedding: Option<ArrayView2<'a, f32>>,
}

/// How much of the data goes into the page.
#[derive(Debug, Clone, PartialEq)]
pub struct PageParams {
    /// Pixels along a side of a thumbnail; larger patches are averaged down to it, smaller ones stay; default
    /// 32, 0 leaves pictures out. A page of 50,000 candidates has about 30 MB with 32, 17 MB with 24.
    pub thumbnail_px: usize,
    /// Up to this many candidates thumbnails have 256 grey levels, beyond it 16, which takes half of the
    /// space; default 10,000.
    pub fine_thumbnails: usize,
    /// Principal components of the embedding that "more like these" and the order of the gallery compare, 8
    /// bits each; default 32. The page takes as many bytes a candidate.
    pub components: usize,
}

impl Default for PageParams {
    fn default() -> Self {
        Self {
            thumbnail_px: 32,
            fine_thumbnails: 10_000,
            components: 32,
        }
    }
}

impl PageParams {
    /// # Errors
    /// [`Error::Parameter`] if a field is out of its range.
    pub fn validate(&self) -> Result<(), Error> {
        let side = self.thumbnail_px;
        require(side <= 512, "thumbnail_px", "at most 512", side as f64)?;
        let components = self.components;
        let rule = "1 to 1024";
        require(
            (1..=1024).contains(&components),
            "components",
            rule,
            components as f64,
        )
    }
}

impl PageData<'_> {
    /// Number of candidates.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.nrows()
    }

    /// Whether there is no candidate.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        const MOST: usize = u16::MAX as usize;
        let n = self.len();
        require_at_least("candidates", 1, n)?;
        require_length("columns of the map", 2, self.map.ncols())?;
        checked(self.map)?;
        let lengths = [
            ("labels", self.labels.map(<[u32]>::len)),
            (
                "numbers of the candidates' tomograms",
                Some(self.tomogram.len()),
            ),
            ("positions", Some(self.positions.len())),
            ("scores", self.scores.map(<[f32]>::len)),
            ("outlier scores", self.outliers.map(<[f32]>::len)),
            ("patches", self.patches.map(|patches| patches.dim().0)),
            ("rows of the embedding", self.embedding.map(|e| e.nrows())),
        ];
        for (what, length) in lengths {
            require_length(what, n, length.unwrap_or(n))?;
        }
        let count = self.tomograms.len();
        require(
            count <= MOST,
            "tomograms",
            "at most 65535 of them",
            count as f64,
        )?;
        if let Some(&strange) = self.tomogram.iter().find(|&&number| number >= count) {
            let rule = "a place in the list of tomograms";
            return require(false, "tomogram", rule, strange as f64);
        }
        let highest = self.labels.and_then(|labels| labels.iter().max().copied());
        let highest = highest.unwrap_or(0);
        let rule = "at most 65535";
        require(
            highest <= u32::from(u16::MAX),
            "labels",
            rule,
            f64::from(highest),
        )?;
        match self.positions.iter().find(|place| !place.is_finite()) {
            Some(place) => require(
                false,
                "positions",
                "finite numbers",
                place.z + place.y + place.x,
            ),
            None => Ok(()),
        }
    }
}
