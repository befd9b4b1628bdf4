use std::path::Path;

use cryo_core::VoxelSize;

use super::{
    super::{Document, Loop},
    table::{extra, first_table, optional_f64, set_if_known, text_at},
};
use crate::{Error, ExtraColumn, Frame, Frames, Overwrite};

const NAME: &str = "rlnTomoName";
const TABLE: &str = "rlnTomoTiltSeriesStarFile";
const PIXEL: &str = "rlnTomoTiltSeriesPixelSize";
const HAND: &str = "rlnTomoHand";
const SIZE: [&str; 3] = ["rlnTomoSizeX", "rlnTomoSizeY", "rlnTomoSizeZ"];
const BINNING: &str = "rlnTomoTomogramBinning";
const RECONSTRUCTION: &str = "rlnTomoReconstructedTomogram";
const OPTICS: [&str; 3] = [
    "rlnVoltage",
    "rlnSphericalAberration",
    "rlnAmplitudeContrast",
];

/// RELION 5's `tilt_series.star` or `tomograms.star`: one row a tilt series, in `data_global`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TiltSeriesSet {
    /// The tilt series in order.
    pub entries: Vec<TiltSeriesEntry>,
    /// All other columns as text.
    pub extra: Vec<ExtraColumn>,
}

/// What RELION keeps of one tilt series and of its tomogram.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TiltSeriesEntry {
    /// `rlnTomoName`.
    pub name: String,
    /// `rlnTomoTiltSeriesStarFile`: the table of its images, from the project's folder.
    pub table: Option<String>,
    /// `rlnTomoTiltSeriesPixelSize` in ångström.
    pub pixel_size_angstrom: Option<f64>,
    /// `rlnTomoHand`: +1 or −1, whether underfocus grows with the projected z. It does not turn the geometry.
    pub hand: Option<f64>,
    /// `rlnTomoSize{Z,Y,X}`: voxels of the unbinned tomogram along z, y, x.
    pub unbinned_shape: Option<[usize; 3]>,
    /// `rlnTomoTomogramBinning`: edge of the tomogram's voxels in tilt-series pixels.
    pub binning: Option<f64>,
    /// `rlnTomoReconstructedTomogram`: the tomogram, from the project's folder.
    pub reconstruction: Option<String>,
    /// `rlnVoltage` in kV.
    pub voltage_kv: Option<f64>,
    /// `rlnSphericalAberration` in mm.
    pub spherical_aberration_mm: Option<f64>,
    /// `rlnAmplitudeContrast`, 0..=1.
    pub amplitude_contrast: Option<f64>,
}

impl TiltSeriesEntry {
    /// Size and pixel of the tomogram, as far as they are known.
    ///
    /// The shape of a binned tomogram is what `relion_tomo_reconstruct_tomogram` makes: x and y rounded,
    /// z cut off.
    #[must_use]
    pub fn frame(&self) -> Frame {
        let voxel_size = self
            .pixel_size_angstrom
            .zip(self.binning)
            .and_then(|(pixel, by)| VoxelSize::new(pixel * by));
        let shape = self
            .unbinned_shape
            .zip(self.binning)
            .filter(|(_, by)| *by > 0.0)
            .map(|([z, y, x], by)| {
                [z as f64 / by, y as f64 / by + 0.5, x as f64 / by + 0.5].map(|n| n as usize)
            });
        Frame {
            shape,
            voxel_size,
            unbinned_shape: self.unbinned_shape,
            tilt_series_pixel_size: self.pixel_size_angstrom,
        }
    }
}

impl TiltSeriesSet {
    /// Reads a set.
    ///
    /// # Errors
    /// As [`Document::read`]; [`Missing`](crate::ErrorKind::Missing) without `rlnTomoName`;
    /// [`Unexpected`](crate::ErrorKind::Unexpected) for a name given twice, a pixel size, binning or tomogram size
    /// that is not above 0.
    pub fn read(path: impl AsRef<Path>, max_bytes: u64) -> Result<Self, Error> {
        let path = path.as_ref();
        let document = Document::read(path, max_bytes)?;
        Self::from_document(&document).map_err(|error| error.in_file(path))
    }

    /// The set in a document: the table of `data_global`, else the first.
    ///
    /// # Errors
    /// As [`TiltSeriesSet::read`].
    pub fn from_document(document: &Document) -> Result<Self, Error> {
        let global = document.block("global").and_then(|block| block.table());
        let table = global.map_or_else(|| first_table(document).map(|(_, table)| table), Ok)?;
        let names = table.column(NAME)?;
        let pixel = above_zero(table, PIXEL)?;
        let binning = above_zero(table, BINNING)?;
        let hand = optional_f64(table, HAND)?;
        let [x, y, z] = SIZE.map(|name| sizes(table, name));
        let (x, y, z) = (x?, y?, z?);
        let [voltage, aberration, contrast] = OPTICS.map(|name| optional_f64(table, name));
        let (voltage, aberration, contrast) = (voltage?, aberration?, contrast?);
        let mut seen = std::collections::HashSet::new();
        let mut entries = Vec::with_capacity(table.len());
        for (row, name) in names.iter().enumerate() {
            if !seen.insert(name) {
                let error = Error::unexpected(NAME, "each name once", format!("{name:?} again"));
                return Err(names.error_at(row, Some(error)));
            }
            let at = |values: &Option<Vec<f64>>| values.as_ref().map(|values| values[row]);
            let size = |values: &Option<Vec<usize>>| values.as_ref().map(|values| values[row]);
            let shape = size(&z).zip(size(&y)).zip(size(&x));
            entries.push(TiltSeriesEntry {
                name: name.to_owned(),
                table: text_at(table, TABLE, row),
                pixel_size_angstrom: at(&pixel),
                hand: at(&hand),
                unbinned_shape: shape.map(|((z, y), x)| [z, y, x]),
                binning: at(&binning),
                reconstruction: text_at(table, RECONSTRUCTION, row),
                voltage_kv: at(&voltage),
                spherical_aberration_mm: at(&aberration),
                amplitude_contrast: at(&contrast),
            });
        }
        let mut used = vec![NAME, TABLE, PIXEL, HAND, BINNING, RECONSTRUCTION];
        used.extend(OPTICS);
        // A part of the size says nothing, so it stays text.
        if x.is_some() && y.is_some() && z.is_some() {
            used.extend(SIZE);
        }
        Ok(Self {
            entries,
            extra: extra(table, &used),
        })
    }

    /// Sizes and pixels of the tomograms by name.
    #[must_use]
    pub fn frames(&self) -> Frames {
        let named = self
            .entries
            .iter()
            .map(|entry| (entry.name.clone(), entry.frame()));
        Frames {
            named: named.collect(),
            other: Frame::default(),
        }
    }

    /// The set as a document.
    ///
    /// # Errors
    /// [`Parameter`](crate::ErrorKind::Parameter) for a value that only some tilt series have.
    pub fn to_document(&self) -> Result<Document, Error> {
        let mut table = Loop::new();
        let entries = || self.entries.iter();
        table.set_column(NAME, entries().map(|entry| &entry.name))?;
        set_if_known(
            &mut table,
            TABLE,
            entries().map(|entry| entry.table.clone()).collect(),
        )?;
        set_if_known(
            &mut table,
            PIXEL,
            entries().map(|entry| entry.pixel_size_angstrom).collect(),
        )?;
        set_if_known(
            &mut table,
            HAND,
            entries().map(|entry| entry.hand).collect(),
        )?;
        for (axis, name) in SIZE.into_iter().enumerate() {
            let sizes = entries().map(|entry| entry.unbinned_shape.map(|shape| shape[2 - axis]));
            set_if_known(&mut table, name, sizes.collect())?;
        }
        set_if_known(
            &mut table,
            BINNING,
            entries().map(|entry| entry.binning).collect(),
        )?;
        set_if_known(
            &mut table,
            RECONSTRUCTION,
            entries()
                .map(|entry| entry.reconstruction.clone())
                .collect(),
        )?;
        set_if_known(
            &mut table,
            OPTICS[0],
            entries().map(|entry| entry.voltage_kv).collect(),
        )?;
        set_if_known(
            &mut table,
            OPTICS[1],
            entries()
                .map(|entry| entry.spherical_aberration_mm)
                .collect(),
        )?;
        set_if_known(
            &mut table,
            OPTICS[2],
            entries().map(|entry| entry.amplitude_contrast).collect(),
        )?;
        for column in &self.extra {
            table.set_column(&column.name, &column.values)?;
        }
        let mut document = Document::new();
        document.add_comment("RELION 5 tilt series: sizes in unbinned voxels, lengths in Angstrom\nwritten by cryo-io");
        document.add_block("global")?.add_table(table);
        Ok(document)
    }

    /// Writes the set.
    ///
    /// # Errors
    /// As [`TiltSeriesSet::to_document`] and [`write_atomic`](crate::write_atomic).
    pub fn write(&self, path: impl AsRef<Path>, overwrite: Overwrite) -> Result<(), Error> {
        let path = path.as_ref();
        let document = self.to_document().map_err(|error| error.in_file(path))?;
        document.write(path, overwrite)
    }
}

fn above_zero(table: &Loop, name: &str) -> Result<Option<Vec<f64>>, Error> {
    let Some(column) = table.find(name) else {
        return Ok(None);
    };
    let values = column.to_f64()?;
    match values.iter().position(|&value| value <= 0.0) {
        None => Ok(Some(values)),
        Some(row) => {
            let error = Error::unexpected(name, "a number above 0", values[row].to_string());
            Err(column.error_at(row, Some(error)))
        }
    }
}

fn sizes(table: &Loop, name: &str) -> Result<Option<Vec<usize>>, Error> {
    let Some(column) = table.find(name) else {
        return Ok(None);
    };
    let values = column
        .to_i64()?
        .into_iter()
        .enumerate()
        .map(|(row, value)| {
            u32::try_from(value)
                .ok()
                .filter(|&value| value > 0)
                .map(|value| value as usize)
                .ok_or_else(|| {
                    let error = Error::unexpected(
                        name,
                        "a number of voxels from 1 to 2^32 - 1",
                        value.to_string(),
                    );
                    column.error_at(row, Some(error))
                })
        });
    values.collect::<Result<_, _>>().map(Some)
}
