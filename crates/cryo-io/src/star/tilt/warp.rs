use cryo_core::{Tilt, TiltSign};

use super::{
    super::{Document, Loop},
    TiltDetails, TiltSeriesTable,
    table::{
        check_pixel, extra, first_table, optional_f64, rotation_and_shift, set_if_known, text_at,
        transform,
    },
};
use crate::Error;

const MOVIE: &str = "wrpMovieName";
const ANGLE: &str = "wrpAngleTilt";
const AXIS: &str = "wrpAxisAngle";
const OFFSETS: [&str; 2] = ["wrpAxisOffsetX", "wrpAxisOffsetY"];
const DOSE: &str = "wrpDose";

impl TiltSeriesTable {
    /// Warp's `.tomostar` out of a document, its first table; angles are of [`TiltSign::Negative`].
    ///
    /// Offsets count only where both are there, as in Warp.
    ///
    /// # Errors
    /// As [`TiltSeriesTable::read_tomostar`].
    pub fn from_tomostar(document: &Document, pixel_size_angstrom: f64) -> Result<Self, Error> {
        check_pixel(pixel_size_angstrom)?;
        let (name, table) = first_table(document)?;
        let angles = table.column_f64(ANGLE)?;
        let axis = optional_f64(table, AXIS)?;
        let dose = optional_f64(table, DOSE)?;
        let [x, y] = OFFSETS.map(|name| optional_f64(table, name));
        let offsets = x?.zip(y?);
        let mut series = Self {
            name: name.to_owned(),
            sign: TiltSign::Negative,
            ..Self::default()
        };
        series.reserve(angles.len());
        for (row, &angle_deg) in angles.iter().enumerate() {
            let at = |values: &Option<Vec<f64>>| values.as_ref().map(|values| values[row]);
            let shift = offsets.as_ref().map_or([0.0; 2], |(x, y)| [x[row], y[row]]);
            series.tilts.push(Tilt {
                dose_before: at(&dose),
                image_from_aligned: transform(at(&axis).unwrap_or(0.0), shift, pixel_size_angstrom),
                ..Tilt::at(angle_deg)
            });
            series.details.push(TiltDetails {
                movie: text_at(table, MOVIE, row),
                aligned: true,
                ..TiltDetails::default()
            });
        }
        series.number_by_dose();
        let mut used = vec![MOVIE, ANGLE, AXIS, DOSE];
        if offsets.is_some() {
            used.extend(OFFSETS);
        }
        series.extra = extra(table, &used);
        Ok(series)
    }

    /// Warp's `.tomostar`: its angles are of [`TiltSign::Negative`].
    ///
    /// # Errors
    /// As [`TiltSeriesTable::to_relion`]; [`Needed`](crate::ErrorKind::Needed) without the names of the
    /// movies or doses, which Warp demands.
    pub fn to_tomostar(&self, pixel_size_angstrom: f64) -> Result<Document, Error> {
        check_pixel(pixel_size_angstrom)?;
        self.check()?;
        let series = self.clone().with_sign(TiltSign::Negative);
        let mut table = Loop::new();
        let movies = series
            .details
            .iter()
            .map(|details| details.movie.clone().or(details.image.clone()));
        set_if_known(&mut table, MOVIE, movies.collect())?;
        table.set_column(ANGLE, series.tilts.iter().map(|tilt| tilt.angle_deg))?;
        let geometry: Result<Vec<(f64, [f64; 2])>, Error> = series
            .tilts
            .iter()
            .map(|tilt| rotation_and_shift(&tilt.image_from_aligned, pixel_size_angstrom))
            .collect();
        let geometry = geometry?;
        table.set_column(AXIS, geometry.iter().map(|(rotation, _)| rotation))?;
        for (axis, name) in OFFSETS.into_iter().enumerate() {
            table.set_column(name, geometry.iter().map(|(_, shift)| shift[axis]))?;
        }
        set_if_known(
            &mut table,
            DOSE,
            series.tilts.iter().map(|tilt| tilt.dose_before).collect(),
        )?;
        for name in [MOVIE, DOSE] {
            if !table.has(name) && !series.tilts.is_empty() {
                return Err(
                    Error::needed(name).fix("Warp reads no tilt series without movies and doses")
                );
            }
        }
        for column in &series.extra {
            if !table.has(&column.name) {
                table.set_column(&column.name, &column.values)?;
            }
        }
        let mut document = Document::new();
        document.add_comment(
            "Warp tilt series: x' = dx cos(AngleTilt) - dz sin(AngleTilt), then AxisAngle from x to y, then the offset in Angstrom\nwritten by cryo-io",
        );
        document.add_block("")?.add_table(table);
        Ok(document)
    }
}
