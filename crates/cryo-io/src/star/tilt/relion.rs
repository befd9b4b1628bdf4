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

const X_TILT: &str = "rlnTomoXTilt";
const Y_TILT: &str = "rlnTomoYTilt";
const Z_ROT: &str = "rlnTomoZRot";
const SHIFTS: [&str; 2] = ["rlnTomoXShiftAngst", "rlnTomoYShiftAngst"];
const NOMINAL: &str = "rlnTomoNominalStageTiltAngle";
const NOMINAL_AXIS: &str = "rlnTomoNominalTiltAxisAngle";
const DOSE: &str = "rlnMicrographPreExposure";
const DEFOCUS: [&str; 3] = ["rlnDefocusU", "rlnDefocusV", "rlnDefocusAngle"];
const IMAGE: &str = "rlnMicrographName";
const MOVIE: &str = "rlnMicrographMovieName";

impl TiltSeriesTable {
    /// RELION 5's table of one tilt series out of a document, its first table.
    ///
    /// # Errors
    /// As [`TiltSeriesTable::read_relion`].
    pub fn from_relion(document: &Document, pixel_size_angstrom: f64) -> Result<Self, Error> {
        check_pixel(pixel_size_angstrom)?;
        let (name, table) = first_table(document)?;
        let aligned = [Y_TILT, Z_ROT, SHIFTS[0], SHIFTS[1]]
            .iter()
            .any(|name| table.has(name));
        let nominal = optional_f64(table, NOMINAL)?;
        let nominal_axis = optional_f64(table, NOMINAL_AXIS)?;
        let x_tilt = optional_f64(table, X_TILT)?;
        let dose = optional_f64(table, DOSE)?;
        let [u, v, azimuth] = DEFOCUS.map(|name| optional_f64(table, name));
        let (u, v, azimuth) = (u?, v?, azimuth?);
        let (angles, rotations, shifts) = match (aligned, &nominal) {
            (true, _) => {
                let [x, y] = SHIFTS.map(|name| table.column_f64(name));
                (
                    table.column_f64(Y_TILT)?,
                    Some(table.column_f64(Z_ROT)?),
                    Some([x?, y?]),
                )
            }
            (false, Some(nominal)) => (nominal.clone(), nominal_axis.clone(), None),
            (false, None) => {
                let names: Vec<&str> = table.names().collect();
                return Err(Error::missing(
                    format!("column {Y_TILT} or {NOMINAL}"),
                    names.join(", "),
                ));
            }
        };
        let mut series = Self {
            name: name.to_owned(),
            sign: TiltSign::Positive,
            ..Self::default()
        };
        series.reserve(table.len());
        for row in 0..table.len() {
            let at = |values: &Option<Vec<f64>>| values.as_ref().map(|values| values[row]);
            let shift = shifts.as_ref().map_or([0.0; 2], |[x, y]| [x[row], y[row]]);
            let defocus = at(&u).zip(at(&v));
            series.tilts.push(Tilt {
                angle_deg: angles[row],
                dose_before: at(&dose),
                defocus_angstrom: defocus.map(|(u, v)| (u + v) / 2.0),
                acquisition_index: None,
                image_from_aligned: transform(
                    at(&rotations).unwrap_or(0.0),
                    shift,
                    pixel_size_angstrom,
                ),
            });
            series.details.push(TiltDetails {
                image: text_at(table, IMAGE, row),
                movie: text_at(table, MOVIE, row),
                nominal_angle_deg: at(&nominal),
                nominal_axis_deg: at(&nominal_axis),
                x_tilt_deg: at(&x_tilt),
                astigmatism: defocus.map(|(u, v)| [u, v, at(&azimuth).unwrap_or(0.0)]),
                aligned,
            });
        }
        series.number_by_dose();
        let mut used = vec![
            X_TILT,
            Y_TILT,
            Z_ROT,
            NOMINAL,
            NOMINAL_AXIS,
            DOSE,
            IMAGE,
            MOVIE,
        ];
        used.extend(SHIFTS);
        // Half a defocus says nothing, so it stays text.
        if u.is_some() && v.is_some() {
            used.extend(DEFOCUS);
        }
        series.extra = extra(table, &used);
        Ok(series)
    }

    /// RELION 5's table of one tilt series: its angles are of [`TiltSign::Positive`].
    ///
    /// # Errors
    /// [`Parameter`](crate::ErrorKind::Parameter) for a value that only some images have, for details or
    /// extra columns of another length; [`Unsupported`](crate::ErrorKind::Unsupported) for images that are
    /// magnified or stretched.
    pub fn to_relion(&self, pixel_size_angstrom: f64) -> Result<Document, Error> {
        check_pixel(pixel_size_angstrom)?;
        self.check()?;
        let series = self.clone().with_sign(TiltSign::Positive);
        let mut table = Loop::new();
        series.add_names(&mut table)?;
        series.add_geometry(&mut table, pixel_size_angstrom)?;
        let tilts = series.tilts.iter();
        set_if_known(
            &mut table,
            DOSE,
            tilts.map(|tilt| tilt.dose_before).collect(),
        )?;
        let astigmatism = series
            .details
            .iter()
            .zip(&series.tilts)
            .map(|(details, tilt)| {
                let round = |defocus| [defocus, defocus, 0.0];
                details.astigmatism.or(tilt.defocus_angstrom.map(round))
            });
        let astigmatism: Vec<Option<[f64; 3]>> = astigmatism.collect();
        for (part, name) in DEFOCUS.into_iter().enumerate() {
            set_if_known(
                &mut table,
                name,
                astigmatism
                    .iter()
                    .map(|values| values.map(|v| v[part]))
                    .collect(),
            )?;
        }
        for column in &series.extra {
            if !table.has(&column.name) {
                table.set_column(&column.name, &column.values)?;
            }
        }
        let mut document = Document::new();
        document.add_comment(
            "RELION 5 tilt series: x' = dx cos(YTilt) + dz sin(YTilt), then ZRot from x to y, then the shift in Angstrom\nwritten by cryo-io",
        );
        document.add_block(&series.name)?.add_table(table);
        Ok(document)
    }

    fn add_names(&self, table: &mut Loop) -> Result<(), Error> {
        let details = || self.details.iter();
        set_if_known(
            table,
            MOVIE,
            details().map(|details| details.movie.clone()).collect(),
        )?;
        set_if_known(
            table,
            NOMINAL,
            details().map(|details| details.nominal_angle_deg).collect(),
        )?;
        set_if_known(
            table,
            NOMINAL_AXIS,
            details().map(|details| details.nominal_axis_deg).collect(),
        )?;
        set_if_known(
            table,
            IMAGE,
            details().map(|details| details.image.clone()).collect(),
        )
    }

    fn add_geometry(&self, table: &mut Loop, pixel: f64) -> Result<(), Error> {
        let geometry: Result<Vec<(f64, [f64; 2])>, Error> = self
            .tilts
            .iter()
            .map(|tilt| rotation_and_shift(&tilt.image_from_aligned, pixel))
            .collect();
        let geometry = geometry?;
        if !self.details.iter().any(|details| details.aligned) {
            if !table.has(NOMINAL) {
                table.set_column(NOMINAL, self.tilts.iter().map(|tilt| tilt.angle_deg))?;
            }
            return Ok(());
        }
        let x_tilts = self
            .details
            .iter()
            .map(|details| details.x_tilt_deg.unwrap_or(0.0));
        table.set_column(X_TILT, x_tilts)?;
        table.set_column(Y_TILT, self.tilts.iter().map(|tilt| tilt.angle_deg))?;
        table.set_column(Z_ROT, geometry.iter().map(|(rotation, _)| rotation))?;
        for (axis, name) in SHIFTS.into_iter().enumerate() {
            table.set_column(name, geometry.iter().map(|(_, shift)| shift[axis]))?;
        }
        Ok(())
    }
}
