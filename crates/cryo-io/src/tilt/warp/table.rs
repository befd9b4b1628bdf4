use cryo_core::{ImagePos, ImageTransform, Tilt, TiltSign};

use super::WarpSeries;
use crate::{Error, tilt::TiltTable};

/// What the `Dose` of an image counts.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum DoseCount {
    /// The images before it: WarpTools.
    #[default]
    Before,
    /// These, and this share (0 to 1) of its own dose in e/Å²: Warp 1.0 counted half of a given
    /// dose, and the whole dose that an `.mdoc` states.
    Including {
        /// Dose of one image in e/Å².
        exposure: f64,
        /// Share of it that is counted.
        share: f64,
    },
}

impl WarpSeries {
    /// The images in the order of the file.
    ///
    /// `LevelAngleY` is added to the angles. The order of acquisition is that of the dose. Offsets become pixels of
    /// `pixel_size_angstrom`, or of the file's own where that is `None`.
    ///
    /// # Errors
    /// [`Needed`](crate::ErrorKind::Needed) if there are offsets and no pixel size is known.
    pub fn table(
        &self,
        pixel_size_angstrom: Option<f64>,
        dose: DoseCount,
    ) -> Result<TiltTable, Error> {
        let pixel = pixel_size_angstrom.or(self.pixel_size_angstrom);
        let offsets = self.offsets_x_angstrom.iter();
        let mut offsets = offsets.chain(&self.offsets_y_angstrom);
        if pixel.is_none() && offsets.any(|&offset| offset != 0.0) {
            return Err(Error::needed("the pixel size of the tilt series")
                .fix("give it: the offsets of the images are in ångström"));
        }
        let order = self.acquisition_order();
        let tilts = self.angles_deg.iter().enumerate().map(|(i, &angle_deg)| {
            let px = |offsets: &[f64]| match (offsets.get(i), pixel) {
                (Some(&offset), Some(pixel)) => offset / pixel,
                _ => 0.0,
            };
            let shift = ImagePos {
                y: px(&self.offsets_y_angstrom),
                x: px(&self.offsets_x_angstrom),
            };
            let axis = self.axis_angles_deg.get(i).copied().unwrap_or(0.0);
            Tilt {
                angle_deg: angle_deg + self.level_y_deg,
                dose_before: self.dose.get(i).map(|&counted| match dose {
                    DoseCount::Before => counted,
                    DoseCount::Including { exposure, share } => counted - exposure * share,
                }),
                defocus_angstrom: self.defocus_um.get(i).map(|&defocus| defocus * 1e4),
                acquisition_index: order.as_ref().map(|order| order[i]),
                image_from_aligned: ImageTransform::rotated_deg(axis, shift),
            }
        });
        let table = TiltTable::of(tilts.collect());
        let excluded = self.use_tilt.iter().map(|&used| !used).collect();
        Ok(TiltTable {
            excluded: if self.use_tilt.is_empty() {
                table.excluded
            } else {
                excluded
            },
            tilts: table.tilts,
            image_names: self.movie_paths.clone(),
            axis_angle_deg: self.axis_angle_deg(),
            pixel_size_angstrom: pixel,
            image_shape: self.image_shape(pixel),
            x_axis_tilt_deg: Some(self.level_x_deg).filter(|&angle| angle != 0.0),
            sign: Some(TiltSign::Negative),
        })
    }

    /// The series that says the same as a table; angles are taken as they are.
    ///
    /// The dose is the dose before, where every image has one; stretch and skew are left out.
    ///
    /// # Errors
    /// As [`TiltTable::check_level`]; [`Parameter`](crate::ErrorKind::Parameter) if the table's sign is positive;
    /// [`Needed`](crate::ErrorKind::Needed) if images are shifted and there is no pixel size.
    pub fn from_table(table: &TiltTable) -> Result<Self, Error> {
        table.check_level()?;
        if table.sign == Some(TiltSign::Positive) {
            return Err(
                Error::parameter("sign", "Warp's, negative", "positive").fix("negate the angles")
            );
        }
        let shifts = table.tilts.iter().map(|tilt| tilt.image_from_aligned.shift);
        let shifts: Vec<ImagePos> = shifts.collect();
        let shifted = shifts.iter().any(|shift| shift.x != 0.0 || shift.y != 0.0);
        let pixel = match table.pixel_size_angstrom {
            Some(pixel) => pixel,
            None if shifted => {
                return Err(Error::needed("the pixel size of the tilt series"));
            }
            None => 1.0,
        };
        let axis = |tilt: &Tilt| {
            let [[xx, xy], [yx, yy]] = tilt.image_from_aligned.matrix;
            (yx - xy).atan2(xx + yy).to_degrees()
        };
        let doses: Option<Vec<f64>> = table.tilts.iter().map(|tilt| tilt.dose_before).collect();
        let defocus = table.tilts.iter().map(|tilt| tilt.defocus_angstrom);
        let defocus: Option<Vec<f64>> = defocus.map(|value| Some(value? * 1e-4)).collect();
        Ok(Self {
            angles_deg: table.angles_deg(),
            dose: doses.unwrap_or_default(),
            use_tilt: table.excluded.iter().map(|&excluded| !excluded).collect(),
            axis_angles_deg: table.tilts.iter().map(axis).collect(),
            offsets_x_angstrom: shifts.iter().map(|shift| shift.x * pixel).collect(),
            offsets_y_angstrom: shifts.iter().map(|shift| shift.y * pixel).collect(),
            movie_paths: table.image_names.clone(),
            defocus_um: defocus.unwrap_or_default(),
            are_angles_inverted: false,
            pixel_size_angstrom: table.pixel_size_angstrom,
            level_x_deg: 0.0,
            level_y_deg: 0.0,
            image_size_angstrom: table
                .image_shape
                .zip(table.pixel_size_angstrom)
                .map(|([y, x], pixel)| [x as f64 * pixel, y as f64 * pixel]),
            has_local_refinement: false,
        })
    }

    fn image_shape(&self, pixel: Option<f64>) -> Option<[usize; 2]> {
        let [x, y] = self.image_size_angstrom?;
        let pixel = pixel?;
        // `as` saturates, and a size of no pixels is none.
        let shape = [y, x].map(|length| (length / pixel).round() as usize);
        (!shape.contains(&0)).then_some(shape)
    }

    /// The axis angle where it is the same in all images.
    fn axis_angle_deg(&self) -> Option<f64> {
        let first = *self.axis_angles_deg.first()?;
        let same = self.axis_angles_deg.iter().all(|&angle| angle == first);
        same.then_some(first)
    }

    fn acquisition_order(&self) -> Option<Vec<u32>> {
        if self.dose.is_empty() {
            return None;
        }
        let mut places: Vec<usize> = (0..self.dose.len()).collect();
        places.sort_by(|&a, &b| self.dose[a].total_cmp(&self.dose[b]));
        let tied = |pair: &[usize]| self.dose[pair[0]] == self.dose[pair[1]];
        if places.windows(2).any(tied) {
            return None;
        }
        let mut order = vec![0; places.len()];
        for (index, place) in (0_u32..).zip(places) {
            order[place] = index;
        }
        Some(order)
    }
}
