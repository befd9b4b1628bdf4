use cryo_core::{Grid, VoxelSize};

use super::{
    AxisMap, ByteOrder, Header, Kind, Mode, Statistics, WriteOptions,
    extended::{NINT, NREAL},
};
use crate::Error;

/// What a header says of the dimensions.
pub(super) struct Shape {
    pub(super) kind: Kind,
    /// Sections, rows, columns of the file.
    pub(super) file: [usize; 3],
    /// Intervals of the cell along z, y, x.
    cell: [usize; 3],
    voxel: [f64; 3],
    origin: [f64; 3],
}

impl Shape {
    pub(super) fn volume(grid: &Grid) -> Self {
        Self {
            kind: Kind::Volume,
            file: grid.shape,
            cell: grid.shape,
            voxel: edges(grid.voxel_size),
            origin: [grid.origin.z, grid.origin.y, grid.origin.x],
        }
    }

    pub(super) fn image_stack(shape: [usize; 3], pixel_size_angstrom: f64) -> Result<Self, Error> {
        let Some(pixel) = VoxelSize::new(pixel_size_angstrom) else {
            let got = format!("{pixel_size_angstrom} Å");
            return Err(Error::parameter(
                "pixel size",
                "a finite length above 0 Å",
                got,
            ));
        };
        Ok(Self {
            kind: Kind::ImageStack,
            file: shape,
            cell: [1, shape[1], shape[2]],
            voxel: edges(pixel),
            origin: [0.0; 3],
        })
    }

    pub(super) fn header(&self, mode: Mode, options: &WriteOptions) -> Result<Header, Error> {
        let fits = |n: usize| i32::try_from(n).ok().filter(|&n| n > 0);
        for (name, n) in ["sections", "rows", "columns"].into_iter().zip(self.file) {
            if fits(n).is_none() {
                return Err(Error::parameter(name, "1 to 2147483647", n.to_string()));
            }
        }
        let (extended_kind, extended_bytes, extra) = extended(options)?;
        let labels = labels(&options.labels)?;
        let mut cell_angstrom = [0.0; 3];
        for (axis, edge) in cell_angstrom.iter_mut().enumerate() {
            *edge = (self.voxel[axis] * self.cell[axis] as f64) as f32;
        }
        Ok(Header {
            shape: self.file,
            mode,
            byte_order: options.byte_order,
            start: [0; 3],
            sampling: self.cell.map(|n| fits(n).unwrap_or(1)),
            cell_angstrom,
            cell_angles_deg: [90.0; 3],
            axis_map: AxisMap::STANDARD,
            statistics: Statistics::UNDETERMINED,
            space_group: self.kind.space_group(),
            version: 20141,
            extended_kind,
            extended_bytes,
            origin_angstrom: self.origin.map(|length| length as f32),
            map_id: *b"MAP ",
            machine_stamp: options.byte_order.stamp(),
            label_count: labels.iter().filter(|label| !label.is_empty()).count() as i32,
            labels,
            extra,
        })
    }
}

fn edges(size: VoxelSize) -> [f64; 3] {
    [size.z(), size.y(), size.x()]
}

/// Kind, length and extra bytes of the header that go with the extended header.
fn extended(options: &WriteOptions) -> Result<([u8; 4], usize, [u8; 100]), Error> {
    let mut extra = [0; 100];
    let Some(extended) = &options.extended else {
        return Ok(([0; 4], 0, extra));
    };
    let length = extended.bytes.len();
    if i32::try_from(length).is_err() {
        let expected = "at most 2147483647 bytes";
        return Err(Error::parameter(
            "extended header",
            expected,
            length.to_string(),
        ));
    }
    if extended.byte_order != options.byte_order && !extended.is_text() {
        let expected = format!("{}, as the file", options.byte_order);
        let got = extended.byte_order.to_string();
        let error = Error::parameter("byte order of the extended header", expected, got);
        return Err(error.fix("write the file in the byte order of its extended header"));
    }
    for (place, word) in [NINT, NREAL].into_iter().zip(extended.record_words) {
        let bytes = match options.byte_order {
            ByteOrder::Little => word.to_le_bytes(),
            ByteOrder::Big => word.to_be_bytes(),
        };
        extra[place..place + 2].copy_from_slice(&bytes);
    }
    Ok((extended.kind.code(), length, extra))
}

fn labels(given: &[String]) -> Result<[String; 10], Error> {
    let mut labels: [String; 10] = Default::default();
    if given.is_empty() {
        labels[0] = concat!("Written by cryo-io ", env!("CARGO_PKG_VERSION")).to_owned();
        return Ok(labels);
    }
    if given.len() > labels.len() {
        return Err(Error::parameter(
            "labels",
            "at most 10",
            given.len().to_string(),
        ));
    }
    for (label, given) in labels.iter_mut().zip(given) {
        let printable = given.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if !printable || given.len() > 80 || given.trim().is_empty() {
            let expected = "1 to 80 printable ASCII characters";
            return Err(Error::parameter("label", expected, format!("{given:?}")));
        }
        label.clone_from(given);
    }
    Ok(labels)
}
