use std::fmt::Write as _;

use crate::{Arguments, Scored};

const HEAD: &str = "\
| | picks | precision | recall | F1 | error Å | best F1 | at score | precision | recall | error Å | average precision |
|---|---|---|---|---|---|---|---|---|---|---|---|
";

/// A table in Markdown: at the given threshold, then at the one with the highest F1, then over all.
pub(crate) fn table(scored: &[Scored], arguments: &Arguments) -> String {
    let truth = scored.first().map_or(0, |one| one.given.pooled.n_truth);
    let mut text = format!("{truth} particles");
    if let Some(class) = &arguments.class {
        let _ = write!(text, " of {class}");
    }
    let _ = writeln!(text, ", one to one within {} Å.\n", arguments.radius);
    text += HEAD;
    for one in scored {
        let given = &one.given.pooled;
        let best = one.best.as_ref().map(|best| &best.pooled);
        let of_best = |value: fn(&cryo_eval::Scores) -> Option<f64>, digits| {
            number(best.and_then(value), digits)
        };
        let threshold = given
            .threshold
            .map_or_else(|| "all".to_owned(), |score| format!("from {score}"));
        let _ = writeln!(
            text,
            "| {} | {} ({threshold}) | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            one.name,
            given.n_picks,
            number(given.precision, 3),
            number(given.recall, 3),
            number(given.f1, 3),
            number(given.mean_error_angstrom, 1),
            number(given.best_f1, 3),
            number(given.best_threshold.map(f64::from), 4),
            of_best(|scores| scores.precision, 3),
            of_best(|scores| scores.recall, 3),
            of_best(|scores| scores.mean_error_angstrom, 1),
            number(given.average_precision, 3),
        );
    }
    text
}

/// The points of all curves; no threshold where picks without a score count too.
pub(crate) fn curves(scored: &[Scored]) -> String {
    let mut text = "tool,threshold,picks,matched,precision,recall,f1\n".to_owned();
    for one in scored {
        let name = one.name.replace('"', "\"\"");
        for point in &one.given.curve {
            let threshold = point
                .threshold
                .map_or_else(String::new, |score| score.to_string());
            let _ = writeln!(
                text,
                "\"{name}\",{threshold},{},{},{},{},{}",
                point.n_picks, point.n_matched, point.precision, point.recall, point.f1
            );
        }
    }
    text
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
}
