use super::{Scene, class_colour, draw::text_width};
use crate::{Error, error::require_at_least};

/// A quantity over another, such as a loss over the epochs of a training.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What it is, with its unit.
    pub name: String,
    /// (where along the horizontal axis, value); values that are not finite leave a gap.
    pub points: Vec<(f64, f64)>,
}

const WIDTH: f32 = 760.0;
const HEIGHT: f32 = 200.0;
const LEFT: f32 = 110.0;
const TOP: f32 = 46.0;
const BELOW: f32 = 44.0;

/// One panel for each series, below each other, with a common horizontal axis: quantities of different units
/// have no common vertical one.
///
/// # Errors
/// [`Error::TooFew`] without a series, or if no series has a finite value.
///
/// # Examples
/// ```
/// use cryo_embed_viz::{Series, curves};
/// let loss = Series { name: "loss".to_owned(), points: vec![(1.0, -0.2), (2.0, -0.6), (3.0, -0.7)] };
/// assert!(curves(&[loss], "epoch")?.to_svg()?.contains("loss"));
/// # Ok::<(), cryo_embed_viz::Error>(())
/// ```
pub fn curves(series: &[Series], horizontal: &str) -> Result<Scene, Error> {
    require_at_least("series", 1, series.len())?;
    let finite = |series: &Series| -> Vec<(f64, f64)> {
        let points = series.points.iter().copied();
        points
            .filter(|(x, y)| x.is_finite() && y.is_finite())
            .collect()
    };
    let all: Vec<(f64, f64)> = series.iter().flat_map(finite).collect();
    require_at_least("finite values", 1, all.len())?;
    let x_range = widened(range(all.iter().map(|(x, _)| *x)));
    let panel = TOP + HEIGHT;
    let height = panel * series.len() as f32 + BELOW;
    let mut scene = Scene::new((LEFT + WIDTH + 30.0) as usize, height as usize);
    for (number, one) in (0_u32..).zip(series) {
        let top = panel * number as f32 + TOP;
        let y_range = widened(range(finite(one).iter().map(|(_, y)| *y)));
        let is_last = number as usize + 1 == series.len();
        axes(&mut scene, top, x_range, y_range, is_last);
        scene.text([LEFT, top - 24.0], one.name.as_str(), 2);
        trace(&mut scene, top, one, x_range, y_range, number + 1);
    }
    let middle = LEFT + (WIDTH - text_width(horizontal, 2)) / 2.0;
    scene.text([middle, height - 18.0], horizontal, 2);
    Ok(scene)
}

type Range = (f64, f64);

fn range(values: impl Iterator<Item = f64>) -> Range {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    })
}

/// A range that has an extent.
fn widened((low, high): Range) -> Range {
    if !low.is_finite() {
        return (0.0, 1.0);
    }
    if high > low {
        return (low, high);
    }
    let room = low.abs().max(1.0) / 2.0;
    (low - room, high + room)
}

fn horizontal_place(x: f64, (low, high): Range) -> f32 {
    LEFT + ((x - low) / (high - low)) as f32 * WIDTH
}

fn vertical_place(top: f32, y: f64, (low, high): Range) -> f32 {
    top + (1.0 - (y - low) / (high - low)) as f32 * HEIGHT
}

fn axes(scene: &mut Scene, top: f32, x_range: Range, y_range: Range, is_last: bool) {
    for tick in ticks(y_range) {
        let y = vertical_place(top, tick.0, y_range);
        scene.line([LEFT, y], [LEFT + WIDTH, y], 0.6, [225; 3]);
        let left = LEFT - 8.0 - text_width(&tick.1, 1);
        scene.text([left, y - 3.5], tick.1, 1);
    }
    for tick in ticks(x_range) {
        let x = horizontal_place(tick.0, x_range);
        scene.line([x, top + HEIGHT], [x, top + HEIGHT + 4.0], 1.0, [90; 3]);
        if is_last {
            let left = x - text_width(&tick.1, 1) / 2.0;
            scene.text([left, top + HEIGHT + 9.0], tick.1, 1);
        }
    }
    scene.line(
        [LEFT, top + HEIGHT],
        [LEFT + WIDTH, top + HEIGHT],
        1.0,
        [90; 3],
    );
    scene.line([LEFT, top], [LEFT, top + HEIGHT], 1.0, [90; 3]);
}

fn trace(scene: &mut Scene, top: f32, series: &Series, x: Range, y: Range, colour: u32) {
    let place = |&(at, value): &(f64, f64)| {
        let is_finite = at.is_finite() && value.is_finite();
        is_finite.then(|| [horizontal_place(at, x), vertical_place(top, value, y)])
    };
    let places: Vec<Option<[f32; 2]>> = series.points.iter().map(place).collect();
    for pair in places.windows(2) {
        if let [Some(from), Some(to)] = pair {
            scene.line(*from, *to, 2.0, class_colour(colour));
        }
    }
    // A value between two gaps has no line; a dot shows it.
    for place in places.into_iter().flatten() {
        scene.line(place, place, 4.0, class_colour(colour));
    }
}

/// Round values within a range, about five, with their text.
fn ticks((low, high): Range) -> Vec<(f64, String)> {
    let rough = (high - low) / 5.0;
    let power = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|factor| factor * power >= rough);
    let step = factor.unwrap_or(10.0) * power;
    let digits = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
    let first = (low / step).ceil();
    let count = ((high / step).floor() - first).max(0.0) as usize;
    let text = |value: f64| {
        if value.abs() >= 1e6 {
            format!("{value:.1e}")
        } else {
            format!("{value:.digits$}")
        }
    };
    let tick = |number: usize| {
        let value = (first + number as f64) * step;
        // No "-0.0".
        let value = if value.abs() < step / 1e6 { 0.0 } else { value };
        (value, text(value))
    };
    (0..=count.min(50)).map(tick).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        let texts = |range| {
            ticks(range)
                .into_iter()
                .map(|(_, text)| text)
                .collect::<Vec<_>>()
        };
        assert_eq!(texts((0.0, 10.0)), ["0", "2", "4", "6", "8", "10"]);
        assert_eq!(texts((-0.93, -0.11)), ["-0.8", "-0.6", "-0.4", "-0.2"]);
        assert_eq!(
            texts((0.001, 0.0034)),
            ["0.0010", "0.0015", "0.0020", "0.0025", "0.0030"]
        );
        assert!(ticks((-1e12, 3e12)).len() <= 6);
    }
}
