use std::collections::BTreeSet;

use cryo_core::{ImagePos, ImageTransform, Tilt};

use super::{AlignedImage, Alignment, parse};
use crate::{
    Error, Finding, Severity,
    tilt::{TiltTable, tlt},
};

impl AlignedImage {
    /// The transform of [`Tilt`]: `R(ROT)`, then `(TX, TY)`.
    #[must_use]
    pub fn image_from_aligned(&self) -> ImageTransform {
        let shift = ImagePos {
            y: self.shift_y_px,
            x: self.shift_x_px,
        };
        ImageTransform::rotated_deg(self.axis_angle_deg, shift)
    }

    /// The line of an IMOD `.xf` that says the same: `R(−ROT)` and `−R(−ROT) · (TX, TY)`.
    #[must_use]
    pub fn aligned_from_raw(&self) -> ImageTransform {
        let rotation = ImageTransform::rotated_deg(-self.axis_angle_deg, ImagePos::default());
        let moved = rotation.apply(ImagePos {
            y: self.shift_y_px,
            x: self.shift_x_px,
        });
        let shift = ImagePos {
            y: -moved.y,
            x: -moved.x,
        };
        ImageTransform {
            matrix: rotation.matrix,
            shift,
        }
    }

    /// The line that says the same as a transform of [`Tilt`], stretch and skew left out.
    #[must_use]
    pub fn of(section: usize, tilt_deg: f64, image_from_aligned: &ImageTransform) -> Self {
        let [[xx, xy], [yx, yy]] = image_from_aligned.matrix;
        Self {
            section,
            axis_angle_deg: (yx - xy).atan2(xx + yy).to_degrees(),
            magnification: 1.0,
            shift_x_px: image_from_aligned.shift.x,
            shift_y_px: image_from_aligned.shift.y,
            unused: [1.0, 1.0, 1.0, 0.0],
            tilt_deg,
        }
    }
}

impl Alignment {
    /// The number of the first section in this file, 0 or 1.
    #[must_use]
    pub fn first_section(&self) -> usize {
        let sections = self.sections();
        usize::from(!sections.into_iter().any(|section| section == 0))
    }

    /// The images of the raw stack in its order, the dark ones excluded.
    ///
    /// # Errors
    /// A section that is named twice, or that lies beyond `RawSize`.
    pub fn table(&self) -> Result<TiltTable, Error> {
        let first = self.first_section();
        let mut seen = BTreeSet::new();
        for section in self.sections() {
            if !seen.insert(section) {
                let got = format!("section {section} twice");
                return Err(Error::unexpected("SEC", "each section once", got));
            }
        }
        if let (Some([_, _, count]), Some(&last)) = (self.raw_size, seen.last())
            && last >= count.saturating_add(first)
        {
            let expected = format!("a section below {}", count.saturating_add(first));
            return Err(Error::unexpected("SEC", expected, last.to_string()));
        }
        let aligned = self.images.iter().map(|image| {
            let tilt = Tilt {
                image_from_aligned: image.image_from_aligned(),
                ..Tilt::at(image.tilt_deg)
            };
            (image.section, tilt, false)
        });
        let dark = self.dark.iter();
        let dark = dark.map(|frame| (frame.section, Tilt::at(frame.tilt_deg), true));
        let mut entries: Vec<(usize, Tilt, bool)> = aligned.chain(dark).collect();
        entries.sort_by_key(|entry| entry.0);
        Ok(TiltTable {
            excluded: entries.iter().map(|entry| entry.2).collect(),
            tilts: entries.into_iter().map(|entry| entry.1).collect(),
            axis_angle_deg: self.axis_angle_deg(),
            image_shape: self.raw_size.map(|[x, y, _]| [y, x]),
            ..TiltTable::default()
        })
    }

    /// `ROT` where it is the same in all images.
    fn axis_angle_deg(&self) -> Option<f64> {
        let first = self.images.first()?.axis_angle_deg;
        let same = |image: &AlignedImage| image.axis_angle_deg == first;
        self.images.iter().all(same).then_some(first)
    }

    fn sections(&self) -> Vec<usize> {
        let dark = self.dark.iter().map(|frame| frame.section);
        let aligned = self.images.iter().map(|image| image.section);
        aligned.chain(dark).collect()
    }
}

/// What is odd about the bytes of an `.aln`.
#[must_use]
pub fn validate(bytes: &[u8]) -> Vec<Finding> {
    let alignment = match parse(bytes) {
        Ok(alignment) => alignment,
        Err(error) => return vec![Finding::from_error(&error)],
    };
    let table = match alignment.table() {
        Ok(table) => table,
        Err(error) => return vec![Finding::from_error(&error)],
    };
    let mut findings = tlt::odd_angles(&table.angles_deg());
    let mut warn = |place: &str, expected: String, got: String, fix: &str| {
        findings.push(Finding::new(Severity::Warning, place, expected, got, fix));
    };
    match alignment.raw_size {
        None => warn(
            "header",
            "# RawSize = x y n".to_owned(),
            "none".to_owned(),
            "give the stack where its size is needed",
        ),
        Some([_, _, count]) if count != table.len() => warn(
            "RawSize",
            format!("{count} images, aligned or dark"),
            table.len().to_string(),
            "check that the file belongs to the stack",
        ),
        Some(_) => {}
    }
    let local = alignment.images.len().checked_mul(alignment.patches);
    if local != Some(alignment.local.len()) {
        warn(
            "Local Alignment",
            format!("NumPatches ({}) lines an image", alignment.patches),
            format!("{} lines", alignment.local.len()),
            "local shifts are not used here; AreTomo would stop",
        );
    }
    let magnified = |image: &&AlignedImage| (image.magnification - 1.0).abs() > 1e-5;
    if let Some(image) = alignment.images.iter().find(magnified) {
        warn(
            "GMAG",
            "1, as AreTomo writes".to_owned(),
            image.magnification.to_string(),
            "it is not used, neither here nor by AreTomo",
        );
    }
    findings
}
