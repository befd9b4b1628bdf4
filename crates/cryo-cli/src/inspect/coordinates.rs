use std::{collections::BTreeMap, path::Path};

use cryo_core::{Particle, VoxelSize};
use cryo_io::{
    Error, Format, Frame, Frames, Picks, PicksOptions, copick,
    dataset::{self, Dataset},
    dynamo, em, imod, pickers, read_picks,
    star::{
        self, Document,
        relion::Convention,
        tilt::{TiltSeriesSet, TiltSeriesTable},
    },
    tables,
};

use super::{
    report::{Report, short},
    tilts, volumes,
};

const MAX_BYTES: u64 = 4 << 30;

pub(crate) fn inspect(path: &Path, format: Format, report: &mut Report) -> Result<(), Error> {
    match format {
        Format::Star => return star_file(path, report),
        Format::Table if Dataset::read(path).is_ok() => return list(path, report),
        _ => {}
    }
    let bytes = std::fs::read(path)?;
    if format == Format::Em
        && em::MotiveList::parse(&bytes).is_err()
        // The format has no voxel size, and none is reported.
        && let Some(any) = VoxelSize::new(1.0)
        && let (Ok((header, _)), Ok(volume)) =
            (em::Header::parse(&bytes), em::parse_volume(&bytes, any))
    {
        volumes::em(&volume, header.data_type, report);
        return Ok(());
    }
    report.findings.extend(match format {
        Format::Imod => imod::validate(&bytes),
        Format::Copick => copick::validate(&bytes),
        Format::Dynamo => dynamo::validate(&bytes),
        Format::Em => em::validate(&bytes),
        Format::Picker(picker) => pickers::validate(&bytes, picker),
        _ => tables::validate(&bytes),
    });
    if format == Format::Imod
        && let Ok(model) = imod::Model::parse(&bytes)
    {
        model_facts(&model, report);
    }
    particles(path, report);
    Ok(())
}

/// What can be counted without knowing where the tomogram lies.
fn particles(path: &Path, report: &mut Report) {
    // Placing needs the tomogram; counting does not, so any will do. No place is reported.
    let any = Frame {
        shape: Some([2; 3]),
        voxel_size: VoxelSize::new(1.0),
        unbinned_shape: Some([2; 3]),
        tilt_series_pixel_size: Some(1.0),
    };
    let options = PicksOptions {
        frames: Frames::all(any),
        ..PicksOptions::default()
    };
    match read_picks(path, None, &options) {
        Ok(picks) => picks_facts(&picks, report),
        Err(error) if report.findings.is_empty() => {
            report.findings.push(cryo_io::Finding::from_error(&error));
        }
        Err(_) => {}
    }
}

fn picks_facts(picks: &Picks, report: &mut Report) {
    report.fact(
        "particles",
        picks.len(),
        "particles",
        picks.len().to_string(),
    );
    let tomograms: BTreeMap<&str, usize> = picks
        .sets
        .iter()
        .map(|set| (set.tomogram.as_str(), set.len()))
        .collect();
    let mut lines: Vec<String> = tomograms
        .iter()
        .map(|(name, count)| format!("{name}: {count}"))
        .collect();
    if lines.len() > 8 {
        let more = lines.len() - 7;
        lines.truncate(7);
        lines.push(format!("and {more} more"));
    }
    report.fact("tomograms", &tomograms, "tomograms", lines.join("\n"));
    let mut classes: BTreeMap<String, usize> = BTreeMap::new();
    for set in &picks.sets {
        for number in set.items.iter().filter_map(|particle| particle.class) {
            let name = set
                .classes
                .get(&number)
                .cloned()
                .unwrap_or_else(|| number.to_string());
            *classes.entry(name).or_default() += 1;
        }
    }
    if !classes.is_empty() {
        let lines: Vec<String> = classes
            .iter()
            .map(|(name, count)| format!("{name}: {count}"))
            .collect();
        report.fact("classes", &classes, "classes", lines.join("\n"));
    }
    let items = || picks.sets.iter().flat_map(|set| &set.items);
    let scores = || items().filter_map(|particle: &Particle| particle.score);
    if let (Some(least), Some(most)) = (scores().reduce(f32::min), scores().reduce(f32::max)) {
        let text = format!("{} to {}", short(f64::from(least)), short(f64::from(most)));
        report.fact("scores", [least, most], "scores", text);
    }
    let turned = items()
        .filter(|particle| particle.orientation.is_some())
        .count();
    if turned > 0 {
        report.fact(
            "with_orientation",
            turned,
            "orientations",
            turned.to_string(),
        );
    }
    let mut filaments: Vec<(&str, u32)> = Vec::new();
    for set in &picks.sets {
        let ids = set.items.iter().filter_map(|particle| particle.filament);
        filaments.extend(ids.map(|point| (set.tomogram.as_str(), point.id)));
    }
    filaments.sort_unstable();
    filaments.dedup();
    if !filaments.is_empty() {
        report.fact(
            "filaments",
            filaments.len(),
            "filaments",
            filaments.len().to_string(),
        );
    }
    if !picks.extra.is_empty() {
        let names: Vec<&str> = picks
            .extra
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        report.fact("other_columns", &names, "other columns", names.join(", "));
    }
}

fn model_facts(model: &imod::Model, report: &mut Report) {
    let lines: Vec<String> = model
        .objects()
        .map(|object| {
            let points: usize = object.contours().map(|contour| contour.points.len()).sum();
            let name = if object.header.name().is_empty() {
                "without name".into()
            } else {
                object.header.name()
            };
            format!(
                "{name}: {} contours, {points} points",
                object.contours().count()
            )
        })
        .collect();
    report.fact("objects", &lines, "objects", lines.join("\n"));
    if let Some([z, y, x]) = model.image_shape() {
        report.fact(
            "image_size_xyz",
            [x, y, z],
            "image size",
            format!("{x} × {y} × {z} (x, y, z)"),
        );
    }
    if let Some(size) = model.voxel_size() {
        report.fact(
            "voxel_size_angstrom",
            size.x(),
            "voxel size",
            size.to_string(),
        );
    }
}

fn star_file(path: &Path, report: &mut Report) -> Result<(), Error> {
    let document = Document::read(path, MAX_BYTES)?;
    let bytes = std::fs::read(path)?;
    report.findings.extend(star::validate(&bytes));
    let mut lines = Vec::new();
    for block in document.blocks() {
        let tables: Vec<String> = block
            .tables()
            .map(|table| format!("{} rows × {} columns", table.len(), table.names().count()))
            .collect();
        let content = if tables.is_empty() {
            "single values".to_owned()
        } else {
            tables.join(", ")
        };
        lines.push(format!("data_{}: {content}", block.name()));
    }
    report.fact("blocks", &lines, "blocks", lines.join("\n"));
    if let Ok(convention) = Convention::detect(&document) {
        let text = format!("{convention} particles");
        report.fact("convention", convention.to_string(), "convention", text);
        particles(path, report);
    } else if let Some((kind, table)) = tilt_series(&document) {
        report.fact("convention", kind, "convention", kind);
        tilts::facts(&table.to_tilt_table(), report);
    } else if let Ok(set) = TiltSeriesSet::from_document(&document) {
        report.fact(
            "convention",
            "RELION tomograms",
            "convention",
            "RELION tomograms",
        );
        let names: Vec<&str> = set
            .entries
            .iter()
            .map(|entry| entry.name.as_str())
            .collect();
        report.fact("tomograms", &names, "tomograms", names.join(", "));
    }
    Ok(())
}

/// The images of a tilt-series table; shifts are not looked at, so any pixel size will do.
fn tilt_series(document: &Document) -> Option<(&'static str, TiltSeriesTable)> {
    if let Ok(table) = TiltSeriesTable::from_tomostar(document, 1.0) {
        return Some(("Warp tilt series", table));
    }
    let table = TiltSeriesTable::from_relion(document, 1.0).ok()?;
    Some(("RELION 5 tilt series", table))
}

fn list(path: &Path, report: &mut Report) -> Result<(), Error> {
    report.format = Some("dataset list".to_owned());
    report.findings.extend(dataset::validate(path)?);
    if let Ok(dataset) = Dataset::read(path) {
        let names: Vec<&str> = dataset
            .entries
            .iter()
            .map(|entry| entry.name.as_str())
            .collect();
        report.fact("tomograms", &names, "tomograms", names.len().to_string());
    }
    Ok(())
}
