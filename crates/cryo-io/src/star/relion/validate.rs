use super::{
    super::{self as star, Document, Loop},
    Convention,
    convention::{has_all, particles},
    names::{
        ANGLES, CENTRED, DETECTOR, IMAGE_PIXEL, MAGNIFICATION, OPTICS_GROUP, ORIGINS, PIXEL,
        PIXELS, SERIES_PIXEL, SUBTOMOGRAM, TOMOGRAM,
    },
    optics::Optics,
};
use crate::{Finding, Severity};

/// What a reader should know about the bytes of a particle table; see also
/// [`star::validate`](super::super::validate), whose findings come first.
#[must_use]
pub fn validate(bytes: &[u8]) -> Vec<Finding> {
    let mut findings = star::validate(bytes);
    let Ok(document) = Document::parse(bytes) else {
        return findings;
    };
    match Convention::detect(&document) {
        Ok(convention) => check(&document, convention, &mut findings),
        Err(error) => findings.push(Finding::from_error(&error)),
    }
    findings
}

fn check(document: &Document, convention: Convention, findings: &mut Vec<Finding>) {
    let Ok(table) = particles(document) else {
        return;
    };
    let mut add = |severity, place: &str, expected: &str, got: &str, fix: &str| {
        findings.push(Finding::new(severity, place, expected, got, fix));
    };
    let tomo = matches!(convention, Convention::Relion4 | Convention::Relion5);
    let optics = document.block("optics").and_then(|block| block.table());
    let has_series_pixel =
        optics.is_some_and(|optics| optics.has(SERIES_PIXEL)) || table.has(SERIES_PIXEL);
    if tomo && !has_series_pixel {
        let fix =
            "give the pixel size when reading; without it nothing says whether pixels are unbinned";
        add(
            Severity::Warning,
            "data_optics",
            SERIES_PIXEL,
            "no such column",
            fix,
        );
    }
    if tomo && !table.has(TOMOGRAM) {
        let fix = "RELION cannot tell the tomograms of the particles; name the one when reading";
        add(
            Severity::Warning,
            "data_particles",
            TOMOGRAM,
            "no such column",
            fix,
        );
    }
    if convention == Convention::Relion5 {
        let fix = "give tomograms.star or the tomogram when reading";
        add(
            Severity::Note,
            CENTRED[0],
            "the size of the tomogram, for its centre",
            "not in this file",
            fix,
        );
        if has_all(table, &PIXELS) {
            let fix = "RELION 5 reads the centred ones; so does this reader";
            add(
                Severity::Note,
                PIXELS[0],
                "one kind of coordinates",
                "pixels beside centred ones",
                fix,
            );
        }
    }
    for names in ANGLES.iter().chain([&SUBTOMOGRAM]) {
        let there: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| table.has(name))
            .collect();
        if there.len() == 1 || there.len() == 2 {
            let fix = "an orientation needs all three; the column is kept as text";
            add(
                Severity::Warning,
                names[0],
                &names.join(", "),
                &there.join(", "),
                fix,
            );
        }
    }
    if !tomo && pixel_sizes(table).is_some_and(|(least, most)| most > least * 1.001) {
        let fix =
            "rlnPixelSize is read, else rlnImagePixelSize, else the detector's; remove the others";
        add(
            Severity::Warning,
            PIXEL,
            "one pixel size",
            "several that differ",
            fix,
        );
    }
    let numbers = CENTRED
        .iter()
        .chain(&PIXELS)
        .chain(&ORIGINS)
        .chain(ANGLES[0].iter())
        .chain(&SUBTOMOGRAM);
    for name in numbers {
        if let Some(Err(error)) = table.find(name).map(|column| column.to_f64()) {
            findings.push(Finding::from_error(&error));
        }
    }
    if let Err(error) = Optics::of(document, table) {
        findings.push(Finding::from_error(&error));
    }
    if tomo && optics.is_some() && !table.has(OPTICS_GROUP) {
        let fix = "give each particle its group: RELION refuses the table without";
        findings.push(Finding::new(
            Severity::Warning,
            "data_particles",
            OPTICS_GROUP,
            "no such column",
            fix,
        ));
    }
}

/// The least and the largest pixel size that the first particle is given.
fn pixel_sizes(table: &Loop) -> Option<(f64, f64)> {
    let first = |name: &str| -> Option<f64> {
        table
            .find(name)
            .filter(|_| !table.is_empty())?
            .get(0)
            .parse()
            .ok()
    };
    let detector = first(DETECTOR)
        .map(|detector| first(MAGNIFICATION).map_or(detector, |by| detector * 1e4 / by));
    let sizes = [first(PIXEL), first(IMAGE_PIXEL), detector];
    let mut sizes = sizes.into_iter().flatten();
    let start = sizes.next()?;
    Some(sizes.fold((start, start), |(least, most), size| {
        (least.min(size), most.max(size))
    }))
}
