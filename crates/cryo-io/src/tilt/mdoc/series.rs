use cryo_core::Tilt;

use super::{Mdoc, Section, Timestamp};
use crate::{Error, tilt::TiltTable};

impl Mdoc {
    /// The sections that stand for images, in the order of the file.
    pub fn images(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(|section| section.is_image())
    }

    /// The tilt series that the document describes.
    ///
    /// `acquisition_index` comes from [`Self::acquisition_order`], `dose_before` from
    /// [`Self::dose_before`]; `defocus_angstrom` stays empty, because `Defocus` is the setting of
    /// the lens. The angles are the stage's, before any alignment.
    ///
    /// # Errors
    /// No images, an image without `TiltAngle`, or a value that is not a number.
    pub fn table(&self) -> Result<TiltTable, Error> {
        let order = self.acquisition_order();
        let doses = self.dose_before()?;
        let mut tilts = Vec::new();
        for (place, section) in self.images().enumerate() {
            let Some(angle) = section.number("TiltAngle")? else {
                let what = format!("TiltAngle in [{} = {}]", section.kind, section.name);
                let keys = section.lines.iter().filter_map(|line| match line {
                    super::Line::Entry { key, .. } => Some(key.as_str()),
                    _ => None,
                });
                let available: Vec<&str> = keys.take(6).collect();
                let error = Error::missing(what, available.join(", "));
                return Err(error.at_line(section.line));
            };
            tilts.push(Tilt {
                dose_before: doses.as_ref().map(|doses| doses[place]),
                acquisition_index: order.as_ref().map(|order| order[place]),
                ..Tilt::at(angle)
            });
        }
        if tilts.is_empty() {
            let available = format!("{} sections of other types", self.sections.len());
            return Err(Error::missing(
                "[ZValue = n] or [FrameSet = n] section",
                available,
            ));
        }
        Ok(TiltTable {
            image_names: self.frame_names(),
            axis_angle_deg: self.axis_angle_deg()?,
            pixel_size_angstrom: self.pixel_size_angstrom()?,
            image_shape: self.image_shape(),
            ..TiltTable::of(tilts)
        })
    }

    /// The place of each image in the order in which they were taken, from 0.
    ///
    /// By `DateTime` where every image has one; images of the same second keep the order of
    /// `PriorRecordDose`, or that of the file. Without times by `PriorRecordDose`. `None` where
    /// images have neither.
    #[must_use]
    pub fn acquisition_order(&self) -> Option<Vec<u32>> {
        let times: Option<Vec<Timestamp>> = self
            .images()
            .map(|section| Timestamp::parse(section.value("DateTime")?))
            .collect();
        let doses: Option<Vec<f64>> = self
            .images()
            .map(|section| section.number("PriorRecordDose").ok()?)
            .collect();
        if times.is_none() && doses.is_none() {
            return None;
        }
        let mut places: Vec<usize> = (0..self.images().count()).collect();
        places.sort_by(|&a, &b| {
            let by_time = times.as_ref().map(|times| times[a].cmp(&times[b]));
            let by_dose = doses.as_ref().map(|doses| doses[a].total_cmp(&doses[b]));
            by_time
                .unwrap_or(std::cmp::Ordering::Equal)
                .then(by_dose.unwrap_or(std::cmp::Ordering::Equal))
        });
        let mut order = vec![0; places.len()];
        for (index, place) in (0_u32..).zip(places) {
            order[place] = index;
        }
        Some(order)
    }

    /// The dose in e/Å² that the specimen had seen before each image.
    ///
    /// `PriorRecordDose` where every image has one. Else the sum of `ExposureDose` over the images
    /// taken before, if every image has a dose above 0 and the order is known. Else `None`.
    ///
    /// # Errors
    /// A dose that is not a number.
    pub fn dose_before(&self) -> Result<Option<Vec<f64>>, Error> {
        if let Some(prior) = self.numbers("PriorRecordDose")? {
            return Ok(Some(prior));
        }
        let (Some(exposures), Some(order)) =
            (self.numbers("ExposureDose")?, self.acquisition_order())
        else {
            return Ok(None);
        };
        if exposures.iter().any(|&dose| dose <= 0.0) {
            return Ok(None);
        }
        let mut places: Vec<usize> = (0..order.len()).collect();
        places.sort_by_key(|&place| order[place]);
        let mut doses = vec![0.0; order.len()];
        let mut sum = 0.0;
        for place in places {
            doses[place] = sum;
            sum += exposures[place];
        }
        Ok(Some(doses))
    }

    /// Direction of the tilt axis in degrees, as in [`TiltTable::axis_angle_deg`].
    ///
    /// From a title with `Tilt axis angle = a` (SerialEM) or `TiltAxisAngle = a` (Tomography 5);
    /// else `RotationAngle − 90°` of the first image, brought into (−180°, 180°].
    ///
    /// # Errors
    /// A `RotationAngle` that is not a number.
    pub fn axis_angle_deg(&self) -> Result<Option<f64>, Error> {
        let titled = self.titles().find_map(|title| {
            let (_, behind) = title
                .split_once("Tilt axis angle =")
                .or_else(|| title.split_once("TiltAxisAngle ="))?;
            let number = behind.split([',', ' ', '\t']).find(|part| !part.is_empty());
            number?
                .parse::<f64>()
                .ok()
                .filter(|angle| angle.is_finite())
        });
        if titled.is_some() {
            return Ok(titled);
        }
        let Some(first) = self.images().next() else {
            return Ok(None);
        };
        let rotation = first.number("RotationAngle")?;
        Ok(rotation.map(|angle| 180.0 - (270.0 - angle).rem_euclid(360.0)))
    }

    /// The edge of a pixel: the first image's `PixelSpacing`, or the global one.
    ///
    /// # Errors
    /// A value that is not a number above 0.
    pub fn pixel_size_angstrom(&self) -> Result<Option<f64>, Error> {
        let own = match self.images().next() {
            Some(first) => first.number("PixelSpacing")?,
            None => None,
        };
        let size = match (own, self.value("PixelSpacing")) {
            (Some(size), _) => size,
            (None, Some(text)) => crate::text::finite("PixelSpacing", text)?,
            (None, None) => return Ok(None),
        };
        if size > 0.0 {
            return Ok(Some(size));
        }
        Err(Error::unexpected(
            "PixelSpacing",
            "a length above 0",
            size.to_string(),
        ))
    }

    /// `ImageSize` (x y) as `[y, x]`.
    #[must_use]
    pub fn image_shape(&self) -> Option<[usize; 2]> {
        let mut sizes = self.value("ImageSize")?.split_whitespace();
        let (x, y) = (sizes.next()?.parse().ok()?, sizes.next()?.parse().ok()?);
        Some([y, x])
    }

    /// The file names behind `SubFramePath`, without their folders; empty unless every image has one.
    #[must_use]
    pub fn frame_names(&self) -> Vec<String> {
        let names: Option<Vec<String>> = self
            .images()
            .map(|section| {
                let path = section.value("SubFramePath")?;
                // The microscope's computer runs Windows.
                Some(path.rsplit(['\\', '/']).next()?.to_owned())
            })
            .collect();
        names.unwrap_or_default()
    }

    fn numbers(&self, key: &str) -> Result<Option<Vec<f64>>, Error> {
        self.images().map(|section| section.number(key)).collect()
    }
}
