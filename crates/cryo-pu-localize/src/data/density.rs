use cryo_filters::{GaussianParams, gaussian, percentiles};
use ndarray::Array3;

use super::Prepared;
use crate::Error;

/// Positions of fewer than that many particles say nothing.
const ENOUGH: usize = 5;
/// A position is on density where the smoothed tomogram differs from its median by this many of its deviations.
const STANDS_OUT: f32 = 2.0;
/// Below this share of positions on density something may be wrong,
const LOW: f64 = 0.5;
/// and another order of the columns is likely where it puts so much more of them on density.
const MORE: f64 = 0.3;

const ORDERS: [(&str, [usize; 3]); 5] = [
    ("y, x, z", [0, 2, 1]),
    ("x, z, y", [1, 0, 2]),
    ("z, y, x", [2, 1, 0]),
    ("y, z, x", [2, 0, 1]),
    ("z, x, y", [1, 2, 0]),
];

/// What is odd about the positions of a class, if anything: few lie on density, and in another order of the columns more
/// would. `places` are `z, y, x` on the prepared grid.
pub(crate) fn density_warning(
    name: &str,
    class: &str,
    prepared: &Prepared,
    places: &[[f64; 3]],
    diameter_vox: f64,
) -> Result<Option<String>, Error> {
    if places.len() < ENOUGH {
        return Ok(None);
    }
    let smooth = gaussian(
        prepared.values.view(),
        &GaussianParams::isotropic(diameter_vox / 4.0),
    )?;
    let found = percentiles(smooth.view(), &[25.0, 50.0, 75.0])?;
    let (median, spread) = (found[1], (found[2] - found[0]) / 1.349);
    let share = |order: [usize; 3]| share(&smooth, places, order, [median, spread]);
    let Some(own) = share([0, 1, 2]) else {
        return Ok(None);
    };
    if own >= LOW {
        return Ok(None);
    }
    let others = ORDERS
        .iter()
        .filter_map(|(name, order)| Some((*name, share(*order)?)));
    let best = others.max_by(|a, b| a.1.total_cmp(&b.1));
    let hint = match best {
        Some((order, other)) if other >= own + MORE => {
            format!("{:.0} % would if the columns are {order}", 100.0 * other)
        }
        _ => "are they of this tomogram, and is the diameter right?".to_owned(),
    };
    Ok(Some(format!(
        "{name}: {:.0} % of the {} positions of {class} lie on density; {hint}",
        100.0 * own,
        places.len()
    )))
}

/// Part of the places that are on density if their axes are read in that order; `None` if one would lie outside.
fn share(
    smooth: &Array3<f32>,
    places: &[[f64; 3]],
    order: [usize; 3],
    [median, spread]: [f32; 2],
) -> Option<f64> {
    let mut on = 0;
    for place in places {
        let index = order.map(|axis| place[axis].round() as usize);
        let value = smooth.get(index)?;
        on += usize::from((value - median).abs() > STANDS_OUT * spread);
    }
    Some(on as f64 / places.len() as f64)
}
