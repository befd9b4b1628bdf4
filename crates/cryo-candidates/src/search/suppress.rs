use std::collections::HashMap;

use crate::Error;

/// The places `[z, y, x]` that keep at least `radius_vox` from every better one, as indices into `places`, which come best first.
///
/// Greedy, as the reference: the best is kept and takes all closer ones out, then the next (a place exactly at the radius goes too, `milopyp-spec` C.7). Near linear in
/// the number of places by a grid of cells.
///
/// # Errors
///
/// [`Error::Parameter`] for a radius that is negative or not finite.
///
/// # Examples
///
/// ```
/// let places = [[5.0, 5.0, 5.0], [5.0, 5.0, 8.0], [5.0, 5.0, 12.0]];
/// // The second is too close to the first; the third is not.
/// assert_eq!(cryo_candidates::suppress_within(&places, 4.0)?, [0, 2]);
/// # Ok::<(), cryo_candidates::Error>(())
/// ```
pub fn suppress_within(places: &[[f64; 3]], radius_vox: f64) -> Result<Vec<usize>, Error> {
    if !(radius_vox >= 0.0 && radius_vox.is_finite()) {
        return Err(Error::Parameter {
            name: "radius_vox",
            got: radius_vox,
            rule: "expected 0 or more and finite",
        });
    }
    let side = radius_vox.max(1.0) * (1.0 + 1e-9);
    let cell = |place: &[f64; 3]| place.map(|coordinate| (coordinate / side).floor() as i64);
    let mut kept_in: HashMap<[i64; 3], Vec<usize>> = HashMap::new();
    let mut kept = Vec::new();
    for (number, place) in places.iter().enumerate() {
        let [z, y, x] = cell(place);
        let near = |other: &usize| {
            let other = &places[*other];
            let squares = place.iter().zip(other).map(|(a, b)| (a - b) * (a - b));
            squares.sum::<f64>() <= radius_vox * radius_vox
        };
        let taken = (z - 1..=z + 1).any(|z| {
            (y - 1..=y + 1).any(|y| {
                (x - 1..=x + 1).any(|x| {
                    let members = kept_in.get(&[z, y, x]);
                    members.is_some_and(|members| members.iter().any(near))
                })
            })
        });
        if !taken {
            kept_in.entry([z, y, x]).or_default().push(number);
            kept.push(number);
        }
    }
    Ok(kept)
}
