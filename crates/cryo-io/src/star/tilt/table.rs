use std::path::Path;

use cryo_core::{ImagePos, ImageTransform, Tilt, TiltSign};

use super::super::{Document, Loop};
use crate::{Error, ExtraColumn, Overwrite, tilt::TiltTable};

/// The images of one tilt series as a STAR table lists them.
///
/// `tilts` and `details` have one entry an image, in the order of the table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TiltSeriesTable {
    /// Name of the tilt series: the block's in RELION 5, empty in Warp.
    pub name: String,
    /// Sense of the angles in `tilts`.
    pub sign: TiltSign,
    /// What [`TiltGeometry`](cryo_core::TiltGeometry) needs of each image.
    ///
    /// `acquisition_index` is the rank of the dose where all doses differ; it is not written.
    pub tilts: Vec<Tilt>,
    /// What [`Tilt`] has no field for.
    pub details: Vec<TiltDetails>,
    /// All other columns as text.
    pub extra: Vec<ExtraColumn>,
}

/// What a STAR table says of an image besides its [`Tilt`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TiltDetails {
    /// `rlnMicrographName`: the image.
    pub image: Option<String>,
    /// `rlnMicrographMovieName` or `wrpMovieName`: the frames it was made of.
    pub movie: Option<String>,
    /// `rlnTomoNominalStageTiltAngle`, in the sense of the table's `sign`.
    pub nominal_angle_deg: Option<f64>,
    /// `rlnTomoNominalTiltAxisAngle`.
    pub nominal_axis_deg: Option<f64>,
    /// `rlnTomoXTilt`, applied before the tilt; `TiltGeometry::project` does not know it.
    pub x_tilt_deg: Option<f64>,
    /// `rlnDefocusU`, `rlnDefocusV` in ångström and `rlnDefocusAngle` in degrees.
    pub astigmatism: Option<[f64; 3]>,
    /// Whether the table holds an alignment rather than the stage's angles.
    pub aligned: bool,
}

impl TiltSeriesTable {
    /// A table of tilts of which nothing else is known, as aligned.
    #[must_use]
    pub fn new(name: impl Into<String>, tilts: Vec<Tilt>, sign: TiltSign) -> Self {
        let detail = TiltDetails {
            aligned: true,
            ..TiltDetails::default()
        };
        let details = vec![detail; tilts.len()];
        Self {
            name: name.into(),
            sign,
            tilts,
            details,
            extra: Vec::new(),
        }
    }

    /// The same series with angles counted in the other sense, if need be.
    ///
    /// ```
    /// use cryo_core::{Tilt, TiltSign};
    /// use cryo_io::star::tilt::TiltSeriesTable;
    /// let table = TiltSeriesTable::new("ts_1", vec![Tilt::at(30.0)], TiltSign::Negative);
    /// assert_eq!(table.with_sign(TiltSign::Positive).tilts[0].angle_deg, -30.0);
    /// ```
    #[must_use]
    pub fn with_sign(mut self, sign: TiltSign) -> Self {
        if self.sign != sign {
            for tilt in &mut self.tilts {
                tilt.angle_deg = negative(tilt.angle_deg);
            }
            for details in &mut self.details {
                details.nominal_angle_deg = details.nominal_angle_deg.map(negative);
            }
        }
        self.sign = sign;
        self
    }

    /// What all formats of tilt geometry have in common.
    #[must_use]
    pub fn to_tilt_table(&self) -> TiltTable {
        let names = self
            .details
            .iter()
            .map(|details| details.image.as_ref().or(details.movie.as_ref()));
        let names: Option<Vec<String>> = names.map(Option::<&String>::cloned).collect();
        TiltTable {
            image_names: names.unwrap_or_default(),
            sign: Some(self.sign),
            ..TiltTable::of(self.tilts.clone())
        }
    }

    /// Reads RELION 5's table of one tilt series; shifts become pixels of `pixel_size_angstrom`.
    ///
    /// The pixel size is `rlnTomoTiltSeriesPixelSize` of the [`TiltSeriesSet`](super::TiltSeriesSet).
    ///
    /// # Errors
    /// As [`Document::read`]; [`Missing`](crate::ErrorKind::Missing) without an angle, or with a part of the
    /// alignment's columns; RELION 4's projection matrices are not read.
    pub fn read_relion(
        path: impl AsRef<Path>,
        pixel_size_angstrom: f64,
        max_bytes: u64,
    ) -> Result<Self, Error> {
        let path = path.as_ref();
        let document = Document::read(path, max_bytes)?;
        Self::from_relion(&document, pixel_size_angstrom).map_err(|error| error.in_file(path))
    }

    /// Reads Warp's `.tomostar`; shifts become pixels of `pixel_size_angstrom`.
    ///
    /// # Errors
    /// As [`Document::read`]; [`Missing`](crate::ErrorKind::Missing) without `wrpAngleTilt`.
    pub fn read_tomostar(
        path: impl AsRef<Path>,
        pixel_size_angstrom: f64,
        max_bytes: u64,
    ) -> Result<Self, Error> {
        let path = path.as_ref();
        let document = Document::read(path, max_bytes)?;
        Self::from_tomostar(&document, pixel_size_angstrom).map_err(|error| error.in_file(path))
    }

    /// Writes RELION 5's table.
    ///
    /// # Errors
    /// As [`TiltSeriesTable::to_relion`] and [`write_atomic`](crate::write_atomic).
    pub fn write_relion(
        &self,
        path: impl AsRef<Path>,
        pixel_size_angstrom: f64,
        overwrite: Overwrite,
    ) -> Result<(), Error> {
        let path = path.as_ref();
        let document = self
            .to_relion(pixel_size_angstrom)
            .map_err(|error| error.in_file(path))?;
        document.write(path, overwrite)
    }

    /// Writes Warp's `.tomostar`.
    ///
    /// # Errors
    /// As [`TiltSeriesTable::to_tomostar`] and [`write_atomic`](crate::write_atomic).
    pub fn write_tomostar(
        &self,
        path: impl AsRef<Path>,
        pixel_size_angstrom: f64,
        overwrite: Overwrite,
    ) -> Result<(), Error> {
        let path = path.as_ref();
        let document = self
            .to_tomostar(pixel_size_angstrom)
            .map_err(|error| error.in_file(path))?;
        document.write(path, overwrite)
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let count = self.tilts.len();
        let lengths = self
            .extra
            .iter()
            .map(|column| (column.name.as_str(), column.values.len()));
        for (what, length) in lengths.chain([("details", self.details.len())]) {
            if length != count {
                return Err(Error::parameter(
                    format!("values of {what}"),
                    count.to_string(),
                    length.to_string(),
                ));
            }
        }
        Ok(())
    }

    /// Room for this many images and no more: growing step by step would need twice the memory.
    pub(super) fn reserve(&mut self, images: usize) {
        self.tilts.reserve_exact(images);
        self.details.reserve_exact(images);
    }

    /// Ranks the doses, where there is one for each image and no two are equal.
    pub(super) fn number_by_dose(&mut self) {
        let doses: Option<Vec<f64>> = self.tilts.iter().map(|tilt| tilt.dose_before).collect();
        let Some(doses) = doses else {
            return;
        };
        let mut order: Vec<usize> = (0..doses.len()).collect();
        order.sort_by(|&a, &b| doses[a].total_cmp(&doses[b]));
        if order
            .windows(2)
            .any(|pair| doses[pair[0]] == doses[pair[1]])
        {
            return;
        }
        for (rank, &index) in order.iter().enumerate() {
            self.tilts[index].acquisition_index = u32::try_from(rank).ok();
        }
    }
}

fn negative(angle: f64) -> f64 {
    if angle == 0.0 { 0.0 } else { -angle }
}

/// The first table of a document.
pub(super) fn first_table(document: &Document) -> Result<(&str, &Loop), Error> {
    let mut tables = document
        .blocks()
        .iter()
        .filter_map(|block| Some((block.name(), block.table()?)));
    tables
        .next()
        .ok_or_else(|| Error::missing("table", "single values only"))
}

pub(super) fn optional_f64(table: &Loop, name: &str) -> Result<Option<Vec<f64>>, Error> {
    table.find(name).map(|column| column.to_f64()).transpose()
}

pub(super) fn text_at(table: &Loop, name: &str, row: usize) -> Option<String> {
    table.find(name).map(|column| column.get(row).to_owned())
}

pub(super) fn extra(table: &Loop, used: &[&str]) -> Vec<ExtraColumn> {
    let names = table.names().filter(|name| !used.contains(name));
    let columns = names
        .filter_map(|name| table.find(name))
        .map(|column| ExtraColumn {
            name: column.name().to_owned(),
            values: column.iter().map(str::to_owned).collect(),
        });
    columns.collect()
}

/// Adds a column if every image has a value, refuses one that only some have.
pub(super) fn set_if_known<T: ToString>(
    table: &mut Loop,
    name: &str,
    values: Vec<Option<T>>,
) -> Result<(), Error> {
    let count = values.len();
    let known: Vec<String> = values
        .into_iter()
        .flatten()
        .map(|value| value.to_string())
        .collect();
    match known.len() {
        0 => Ok(()),
        all if all == count => table.set_column(name, known),
        some => Err(Error::parameter(
            format!("images with {name}"),
            format!("all {count} or none"),
            some.to_string(),
        )),
    }
}

pub(super) fn check_pixel(pixel_size_angstrom: f64) -> Result<(), Error> {
    if pixel_size_angstrom.is_finite() && pixel_size_angstrom > 0.0 {
        return Ok(());
    }
    Err(Error::parameter(
        "pixel size",
        "a length above 0 Å",
        pixel_size_angstrom.to_string(),
    ))
}

pub(super) fn transform(angle_deg: f64, shift_angstrom: [f64; 2], pixel: f64) -> ImageTransform {
    let [x, y] = shift_angstrom.map(|shift| shift / pixel);
    ImageTransform::rotated_deg(angle_deg, ImagePos { y, x })
}

/// Rotation in degrees and shift x, y in ångström.
pub(super) fn rotation_and_shift(
    transform: &ImageTransform,
    pixel: f64,
) -> Result<(f64, [f64; 2]), Error> {
    let [[xx, xy], [yx, yy]] = transform.matrix;
    if (xx - yy).abs() > 1e-6 || (xy + yx).abs() > 1e-6 || (xx * yy - xy * yx - 1.0).abs() > 1e-6 {
        return Err(
            Error::unsupported("an image transform that is not a rotation and a shift")
                .fix("resample the images without magnification and stretch first"),
        );
    }
    Ok((
        yx.atan2(xx).to_degrees(),
        [transform.shift.x * pixel, transform.shift.y * pixel],
    ))
}
