use cryo_core::AngstromPos;

use crate::{
    assignment::Assignment,
    error::{Error, Place, Side, require_length},
    graph::Graph,
};

/// A pick and the truth that it found.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Match {
    /// Number of the truth in its list, from 0.
    pub truth: usize,
    /// Number of the pick in its list, from 0.
    pub pick: usize,
    /// How far they are apart.
    pub distance_angstrom: f64,
}

/// The optimal one-to-one matches of picks with truths that are at most `radius_angstrom` apart.
///
/// Of all matchings the result has the most matches, and of these the smallest total distance; every
/// truth and every pick is in at most one match, so of two picks on one particle one stays unmatched.
/// Matches are sorted by pick. Where several matchings are equally good, their number and total
/// distance do not depend on the order of the points, but which one is returned may.
///
/// A cell list finds the pairs within the radius; shortest augmenting paths run on these alone. Time is
/// near linear in the number of points while the radius is below the distance between truths; where
/// many points compete for as many others within the radius it grows faster. Runs on one thread.
///
/// # Errors
/// [`Error::Parameter`] unless the radius is finite and above zero, [`Error::NonFinitePosition`], and
/// [`Error::TooMany`] beyond [`MAX_PAIRS`](crate::MAX_PAIRS) pairs within the radius.
///
/// # Examples
/// ```
/// use cryo_core::AngstromPos;
/// let at = |x| AngstromPos::xyz(x, 0.0, 0.0);
/// // The nearest pair (10, 11) would leave the truth at 19 and the pick at 2 alone.
/// let matches = cryo_eval::match_points(&[at(10.0), at(19.0)], &[at(2.0), at(11.0)], 8.0)?;
/// assert_eq!(matches.len(), 2);
/// assert_eq!((matches[1].truth, matches[1].distance_angstrom), (1, 8.0));
/// # Ok::<(), cryo_eval::Error>(())
/// ```
pub fn match_points(
    truth: &[AngstromPos],
    picks: &[AngstromPos],
    radius_angstrom: f64,
) -> Result<Vec<Match>, Error> {
    require_length("radius_angstrom", radius_angstrom)?;
    require_finite(truth, Side::Truth)?;
    require_finite(picks, Side::Picks)?;
    let graph = Graph::new(truth, picks, radius_angstrom, |_, _| Some(radius_angstrom))?;
    let mut assignment = Assignment::new(&graph);
    for pick in 0..picks.len() {
        assignment.add(pick);
    }
    Ok(assignment.matches())
}

pub(crate) fn require_finite(positions: &[AngstromPos], side: Side) -> Result<(), Error> {
    let Some(index) = positions.iter().position(|position| !position.is_finite()) else {
        return Ok(());
    };
    let AngstromPos { z, y, x } = positions[index];
    let place = Place {
        side,
        tomogram: None,
        index,
    };
    Err(Error::NonFinitePosition { place, x, y, z })
}
