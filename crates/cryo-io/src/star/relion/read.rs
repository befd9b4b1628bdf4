use std::{collections::HashSet, path::Path};

use super::{
    super::{Document, Loop},
    Convention,
    assemble::{Table, assemble},
    convention::{has_all, particles},
    fields::{Fields, triple, triple_if},
    names::{
        ANGLES, CENTRED, DETECTOR, IMAGE_PIXEL, MAGNIFICATION, MICROGRAPH, OPTICS_GROUP, ORIGINS,
        ORIGINS_PX, PIXEL, PIXELS, SERIES_PIXEL, SOURCE, SUBTOMOGRAM, TOMOGRAM, WARP,
    },
    optics::Optics,
    space::Unit,
    tomograms,
};
use crate::{Error, Picks, PicksOptions};

/// Reads particles, whose convention is [detected](Convention::detect).
///
/// Positions are counted on the grid of the tomogram's [`Frame`](crate::Frame): its voxel size, or the
/// file's pixel where the frame has none. Uses all fields of the options.
///
/// # Errors
/// As [`Document::read`]; [`Missing`](crate::ErrorKind::Missing) without coordinates;
/// [`Needed`](crate::ErrorKind::Needed) for a pixel size, or the size of a tomogram that coordinates are
/// centred in, which neither the file nor the options say.
///
/// ```
/// use cryo_core::{VoxelPos, VoxelSize};
/// use cryo_io::{Frame, Frames, PicksOptions, star::{Document, relion}};
/// let text = "data_optics\n\nloop_\n_rlnOpticsGroup #1\n_rlnTomoTiltSeriesPixelSize #2\n1 2.5\n\n\
///     data_particles\n\nloop_\n_rlnTomoName #1\n_rlnCenteredCoordinateXAngst #2\n\
///     _rlnCenteredCoordinateYAngst #3\n_rlnCenteredCoordinateZAngst #4\n_rlnOpticsGroup #5\n\
///     ts_1 100 0 -50 1\n";
/// let frame = Frame {
///     unbinned_shape: Some([400, 600, 802]),
///     voxel_size: VoxelSize::new(10.0),
///     ..Frame::default()
/// };
/// let options = PicksOptions { frames: Frames::all(frame), ..PicksOptions::default() };
/// let picks = relion::picks_from(&Document::parse(text)?, None, &options)?;
/// // x: (100 / 2.5 + 802 / 2) / 4
/// assert_eq!(picks.sets[0].items[0].position, VoxelPos::xyz(110.25, 75.0, 45.0));
/// # Ok::<(), cryo_io::Error>(())
/// ```
pub fn read(path: impl AsRef<Path>, options: &PicksOptions) -> Result<Picks, Error> {
    read_from(path.as_ref(), None, options)
}

/// Reads particles in a given convention.
///
/// # Errors
/// As [`read`], and [`Missing`](crate::ErrorKind::Missing) without the convention's columns.
pub fn read_as(
    path: impl AsRef<Path>,
    convention: Convention,
    options: &PicksOptions,
) -> Result<Picks, Error> {
    read_from(path.as_ref(), Some(convention), options)
}

fn read_from(
    path: &Path,
    convention: Option<Convention>,
    options: &PicksOptions,
) -> Result<Picks, Error> {
    let document = Document::read(path, options.max_bytes)?;
    let stem = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    picks(&document, convention, options, stem).map_err(|error| error.in_file(path))
}

/// The particles of a document; the convention is [detected](Convention::detect) where none is given.
///
/// # Errors
/// As [`read`]; [`Needed`](crate::ErrorKind::Needed) also for the tomogram where the document names none.
pub fn picks_from(
    document: &Document,
    convention: Option<Convention>,
    options: &PicksOptions,
) -> Result<Picks, Error> {
    picks(document, convention, options, None)
}

fn picks(
    document: &Document,
    convention: Option<Convention>,
    options: &PicksOptions,
    stem: Option<String>,
) -> Result<Picks, Error> {
    let options = &tomograms::options_with(document, options)?;
    let convention = convention.map_or_else(|| Convention::detect(document), Ok)?;
    let table = particles(document)?;
    let fields = Fields::of(table)?;
    let mut used: HashSet<&str> = fields.used.clone();

    let (names, unit) = coordinates(table, convention);
    let coordinates = triple(table, &names)?;
    used.extend(names);
    // Whichever coordinates are not read would contradict those that are written later.
    used.extend(CENTRED.into_iter().chain(PIXELS));

    let optics = Optics::of(document, table)?;
    if optics.is_some() {
        used.insert(OPTICS_GROUP);
    }
    let pixel = match (convention, unit) {
        (Convention::Relion4 | Convention::Relion5, _) => series_pixel(table, optics.as_ref())?,
        (_, Unit::Corner) => None,
        _ => {
            used.extend([PIXEL, IMAGE_PIXEL, DETECTOR, MAGNIFICATION]);
            image_pixel(table, optics.as_ref())?
        }
    };

    let angle_names = ANGLES.iter().find(|names| has_all(table, names));
    let angles = angle_names.map(|names| triple(table, names)).transpose()?;
    used.extend(angle_names.into_iter().flatten());
    let subtomogram = triple_if(table, &SUBTOMOGRAM)?;
    if subtomogram.is_some() {
        used.extend(SUBTOMOGRAM);
    }

    let names = names_of(convention)
        .into_iter()
        .find_map(|name| table.find(name));
    used.extend(names.map(|column| column.name()));
    let name = options.tomogram.clone().or(stem);
    if names.is_none() && name.is_none() {
        return Err(Error::needed("the name of the tomogram")
            .fix("name it in the options, or in a column rlnTomoName or rlnMicrographName"));
    }
    let shifts = shifts(table, convention, &mut used)?;
    assemble(
        &Table {
            table,
            convention,
            unit,
            coordinates,
            pixel,
            angles,
            subtomogram,
            shifts: shifts.0,
            shifts_in_pixels: shifts.1,
            names,
            name: name.unwrap_or_default(),
            fields,
            optics,
            used,
        },
        options,
    )
}

fn coordinates(table: &Loop, convention: Convention) -> ([&'static str; 3], Unit) {
    let warp = WARP.into_iter().find(|names| has_all(table, names));
    match (convention, warp) {
        (Convention::Relion5, _) => (CENTRED, Unit::Centred),
        (Convention::Warp, Some(names)) if !has_all(table, &PIXELS) => (names, Unit::Corner),
        _ => (PIXELS, Unit::Pixels),
    }
}

/// Columns that may name the tomogram, the first that is there counts.
fn names_of(convention: Convention) -> [&'static str; 3] {
    match convention {
        Convention::Relion4 | Convention::Relion5 => [TOMOGRAM, TOMOGRAM, TOMOGRAM],
        Convention::Relion3 => [MICROGRAPH, TOMOGRAM, TOMOGRAM],
        Convention::Warp => [MICROGRAPH, SOURCE, TOMOGRAM],
    }
}

/// Shifts by axis where there are any, and whether they count pixels.
type Shifts = ([Option<Vec<f64>>; 3], bool);

fn shifts<'a>(
    table: &'a Loop,
    convention: Convention,
    used: &mut HashSet<&'a str>,
) -> Result<Shifts, Error> {
    let in_pixels = convention == Convention::Relion3 || convention == Convention::Warp;
    let in_pixels = in_pixels && !ORIGINS.iter().any(|name| table.has(name));
    let names = if in_pixels { ORIGINS_PX } else { ORIGINS };
    used.extend(names);
    let [x, y, z] = names.map(|name| table.find(name).map(|column| column.to_f64()).transpose());
    Ok(([x?, y?, z?], in_pixels))
}

/// RELION 4 and 5: the unbinned pixel by particle.
fn series_pixel(table: &Loop, optics: Option<&Optics<'_>>) -> Result<Option<Vec<f64>>, Error> {
    if let Some(column) = table.find(SERIES_PIXEL) {
        return column.to_f64().map(Some);
    }
    from_optics(table, optics, SERIES_PIXEL)
}

/// RELION 3: the pixel of the images that particles were picked in.
fn image_pixel(table: &Loop, optics: Option<&Optics<'_>>) -> Result<Option<Vec<f64>>, Error> {
    for name in [PIXEL, IMAGE_PIXEL] {
        if let Some(column) = table.find(name) {
            return column.to_f64().map(Some);
        }
    }
    if let Some(pixels) = from_optics(table, optics, IMAGE_PIXEL)? {
        return Ok(Some(pixels));
    }
    let Some(detector) = table.find(DETECTOR) else {
        return Ok(None);
    };
    let mut pixels = detector.to_f64()?;
    // In µm of the detector; pytom-match-pick writes ångström and no magnification.
    if let Some(magnification) = table.find(MAGNIFICATION) {
        for (row, (pixel, magnification)) in
            pixels.iter_mut().zip(magnification.to_f64()?).enumerate()
        {
            if magnification <= 0.0 {
                let error =
                    Error::unexpected(MAGNIFICATION, "a number above 0", magnification.to_string());
                return Err(detector.error_at(row, Some(error)));
            }
            *pixel *= 1e4 / magnification;
        }
    }
    Ok(Some(pixels))
}

fn from_optics(
    table: &Loop,
    optics: Option<&Optics<'_>>,
    name: &str,
) -> Result<Option<Vec<f64>>, Error> {
    let Some((optics, column)) = optics.and_then(|optics| Some((optics, optics.table.find(name)?)))
    else {
        return Ok(None);
    };
    let values = column.to_f64()?;
    Ok(Some(
        (0..table.len())
            .map(|row| values[optics.row(row)])
            .collect(),
    ))
}
