use cryo_embed_viz::{Colour, Scene, Shape, class_colour};
use cryo_eval::Scores;

use crate::Scored;

const SIDE: f32 = 560.0;
const LEFT: f32 = 80.0;
const TOP: f32 = 40.0;
const LEGEND: f32 = 330.0;
const GREY: Colour = [200; 3];
const INK: Colour = [60; 3];
/// Height and advance of a letter of scale 1.
const LETTER: [f32; 2] = [6.0, 7.0];

/// Precision over recall for every tool; a disc where F1 is highest, a square at the threshold given.
pub(crate) fn plot(scored: &[Scored]) -> Result<Scene, String> {
    if scored.is_empty() {
        return Err("expected a tool to draw".to_owned());
    }
    let rows = scored.len() as f32 * 44.0 + 120.0;
    let height = (TOP + SIDE + 70.0).max(TOP + rows);
    let mut scene = Scene::new((LEFT + SIDE + LEGEND) as usize, height as usize);
    equal_f1(&mut scene);
    axes(&mut scene);
    for (number, one) in (1..).zip(scored) {
        // Curves that lie on each other all show: the later ones are thinner.
        let above = scored.len() - number as usize;
        curve(
            &mut scene,
            one,
            class_colour(number),
            2.0 * above.min(4) as f32,
        );
    }
    legend(&mut scene, scored);
    Ok(scene)
}

fn place(recall: f64, precision: f64) -> [f32; 2] {
    [
        LEFT + recall as f32 * SIDE,
        TOP + (1.0 - precision as f32) * SIDE,
    ]
}

fn text(
    scene: &mut Scene,
    corner: [f32; 2],
    text: impl Into<String>,
    scale: usize,
    colour: Colour,
) {
    scene.shapes.push(Shape::Text {
        corner,
        text: text.into(),
        scale,
        colour,
        halo: false,
    });
}

fn line(scene: &mut Scene, from: [f32; 2], to: [f32; 2], width: f32, colour: Colour) {
    scene.shapes.push(Shape::Line {
        from,
        to,
        width,
        colour,
    });
}

/// Lines on which F1 is the same.
fn equal_f1(scene: &mut Scene) {
    for tenth in [2, 4, 6, 8, 9] {
        let f1 = f64::from(tenth) / 10.0;
        let precision = |recall: f64| f1 * recall / (2.0 * recall - f1);
        let first = f1 / (2.0 - f1);
        let steps = 60;
        let recall = |step: i32| first + (1.0 - first) * f64::from(step) / f64::from(steps);
        for step in 0..steps {
            let (from, to) = (recall(step), recall(step + 1));
            line(
                scene,
                place(from, precision(from)),
                place(to, precision(to)),
                0.8,
                GREY,
            );
        }
        let end = place(1.0, precision(1.0));
        text(
            scene,
            [end[0] + 6.0, end[1] - 3.5],
            format!("F1 {f1}"),
            1,
            [150; 3],
        );
    }
}

fn axes(scene: &mut Scene) {
    for fifth in 0..=5 {
        let value = f64::from(fifth) / 5.0;
        let label = format!("{value:.1}");
        let [x, y] = place(value, 0.0);
        line(scene, [x, y], [x, y + 5.0], 1.0, INK);
        text(scene, [x - 9.0, y + 11.0], label.as_str(), 1, INK);
        let [x, y] = place(0.0, value);
        line(scene, [x - 5.0, y], [x, y], 1.0, INK);
        text(scene, [x - 28.0, y - 3.5], label, 1, INK);
    }
    for (from, to) in [((0.0, 0.0), (1.0, 0.0)), ((0.0, 0.0), (0.0, 1.0))] {
        line(scene, place(from.0, from.1), place(to.0, to.1), 1.2, INK);
    }
    let bottom = place(0.5, 0.0);
    text(
        scene,
        [bottom[0] - 3.0 * 2.0 * LETTER[0], bottom[1] + 32.0],
        "recall",
        2,
        INK,
    );
    text(scene, [LEFT - 28.0, TOP - 26.0], "precision", 2, INK);
}

/// `extra` pixels wider than the last one.
fn curve(scene: &mut Scene, one: &Scored, colour: Colour, extra: f32) {
    let points = one
        .given
        .curve
        .iter()
        .map(|point| place(point.recall, point.precision));
    let points: Vec<[f32; 2]> = points.collect();
    for pair in points.windows(2) {
        line(scene, pair[0], pair[1], 1.8 + extra, colour);
    }
    let at = |scores: &Scores| Some(place(scores.recall?, scores.precision?));
    if let Some(centre) = one.best.as_ref().and_then(|best| at(&best.pooled)) {
        for (radius, colour) in [(5.5 + extra, [255; 3]), (4.5 + extra, colour)] {
            scene.shapes.push(Shape::Disc {
                centre,
                radius,
                colour,
                opacity: 1.0,
            });
        }
    }
    if one.given.pooled.threshold.is_some()
        && let Some([x, y]) = at(&one.given.pooled)
    {
        for (half, colour) in [(5.5 + extra, [255; 3]), (4.5 + extra, colour)] {
            let (corner, size) = ([x - half, y - half], [2.0 * half; 2]);
            scene.shapes.push(Shape::Rectangle {
                corner,
                size,
                colour,
            });
        }
    }
}

fn legend(scene: &mut Scene, scored: &[Scored]) {
    let left = LEFT + SIDE + 70.0;
    let mut top = TOP;
    for (number, one) in (1..).zip(scored) {
        line(
            scene,
            [left, top + 6.0],
            [left + 22.0, top + 6.0],
            3.0,
            class_colour(number),
        );
        let name: String = one.name.chars().take(18).collect();
        text(scene, [left + 32.0, top], name, 2, INK);
        let value = |value: Option<f64>| {
            value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"))
        };
        let scores = &one.given.pooled;
        let facts = format!(
            "best F1 {}  AP {}",
            value(scores.best_f1),
            value(scores.average_precision)
        );
        text(scene, [left + 32.0, top + 20.0], facts, 1, INK);
        top += 44.0;
    }
    text(
        scene,
        [left, top + 6.0],
        "disc: best F1 at any threshold",
        1,
        INK,
    );
    text(
        scene,
        [left, top + 22.0],
        "square: at the threshold given",
        1,
        INK,
    );
}
