use std::path::Path;

use cryo_core::ParticleSet;
use cryo_eval::{Classes, EvaluateParams, Evaluation, evaluate};
use cryo_io::{PicksOptions, read_picks, star::relion};

use crate::{
    exit::{self, Failure},
    explore::clustered::Clustered,
    options::Common,
};

/// So many candidates are enough to learn from.
const ENOUGH: usize = 20;

/// The classes with the widest averages, which ribosomes have of all that is here, until they hold enough candidates.
pub(super) fn widest_classes(run: &Path, common: &Common) -> Result<String, Failure> {
    let mut classes = Clustered::read(run, common.memory_bytes())?.classes()?;
    classes.retain(|class| class.diameter.is_some());
    classes.sort_by(|a, b| {
        b.diameter
            .unwrap_or(0.0)
            .total_cmp(&a.diameter.unwrap_or(0.0))
    });
    let (mut chosen, mut count) = (Vec::new(), 0);
    for class in classes {
        if count < ENOUGH {
            count += class.count;
            chosen.push(class.class.to_string());
        }
    }
    if chosen.is_empty() {
        return Err(Failure::Input(format!(
            "{}: expected classes with averages, got none",
            run.display()
        )));
    }
    Ok(chosen.join(","))
}

/// The scores of each step, and where everything is.
pub(super) fn print(out: &Path, wanted: &str) -> Result<(), Failure> {
    let truth = out.join("truth.star");
    let radius = 125.0;
    let mut text = format!(
        "\n{:<34} {:>6} {:>10} {:>7} {:>6}\n",
        "ribosomes, within half a diameter", "picks", "precision", "recall", "F1"
    );
    let rows = [
        ("all candidates", "explored/candidates.star", None),
        (
            "the selected class (to learn from)",
            "selected.star",
            Some(wanted),
        ),
        ("localized", "picks/all.star", Some(wanted)),
    ];
    for (name, file, class) in rows {
        text += &row(
            name,
            &score(&truth, &out.join(file), wanted, class, radius)?,
        );
    }
    let filaments = points(&out.join("demo_filaments.star"))?;
    let traced = points(&out.join("filaments/all.star"))?;
    let along = |points: &[ParticleSet], others: &[ParticleSet]| {
        let near = |point: &cryo_core::Particle| {
            others
                .iter()
                .flat_map(|set| &set.items)
                .any(|other| other.position.distance_to(point.position) <= NEAR_VOX)
        };
        let all: Vec<_> = points.iter().flat_map(|set| &set.items).collect();
        let found = all.iter().filter(|point| near(point)).count();
        found as f64 / all.len().max(1) as f64
    };
    text += &format!(
        "\n{:<34} {:>6} {:>10.3} {:>7.3}\n",
        "length of filaments, within 60 Å",
        format!("{} of {}", ids(&traced), ids(&filaments)),
        along(&traced, &filaments),
        along(&filaments, &traced)
    );
    let at = out.display();
    text += &format!(
        "\nThe map, to open in a browser:  {at}/explored/report/index.html  (or, with slices: cryo view {at}/explored)\n\
         Classes:                        {at}/explored/report/matrix.png\n\
         The tomogram:                   {at}/demo_rec.mrc.png; with what was found: {at}/picks/demo.png, {at}/filaments/demo.png\n\
         Particles:                      {at}/picks/all.star (RELION 5), demo.mod (IMOD), ribosomes.tbl (Dynamo), relion4.star, copick/\n\
         Filaments:                      {at}/filaments/all.star (RELION 5, with tube ids and priors), demo.mod (IMOD)\n"
    );
    exit::print(&text)
}

/// A point of a filament is found within so many voxels of 10 Å.
const NEAR_VOX: f64 = 6.0;

fn points(path: &Path) -> Result<Vec<ParticleSet>, Failure> {
    let options = relion::options_with_tomograms(path, &PicksOptions::default())?;
    Ok(read_picks(path, None, &options)?.sets)
}

fn ids(sets: &[ParticleSet]) -> usize {
    let all = sets.iter().flat_map(|set| &set.items);
    let ids = all.filter_map(|item| Some(item.filament.as_ref()?.id));
    ids.collect::<std::collections::BTreeSet<_>>().len()
}

/// Of the truth one class; of the picks that class, or all of them.
fn score(
    truth: &Path,
    picks: &Path,
    wanted: &str,
    class: Option<&str>,
    radius_angstrom: f64,
) -> Result<Evaluation, Failure> {
    let mut truth = points(truth)?;
    let mut picks = points(picks)?;
    keep(&mut truth, wanted);
    if let Some(class) = class {
        keep(&mut picks, class);
    }
    let params = EvaluateParams {
        classes: Classes::Ignored,
        ..EvaluateParams::new(radius_angstrom)
    };
    Ok(evaluate(&truth, &picks, &params)?)
}

fn keep(sets: &mut [ParticleSet], class: &str) {
    for set in sets {
        let names = set.classes.clone();
        set.retain(|item| {
            let name = item.class.and_then(|number| names.get(&number));
            name.is_some_and(|name| name == class)
        });
    }
}

fn row(name: &str, found: &Evaluation) -> String {
    let scores = &found.pooled;
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.3}"));
    format!(
        "{name:<34} {:>6} {:>10} {:>7} {:>6}\n",
        scores.n_picks,
        number(scores.precision),
        number(scores.recall),
        number(scores.f1)
    )
}
