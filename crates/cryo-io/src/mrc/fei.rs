//! The records of `FEI1` and `FEI2`: places as in `mrcfile` (`dtypes.py`, after the EPU manual).

use super::{ByteOrder, SectionMetadata, extended::f64_at};

/// Shortest record that holds the fields read here: that of `FEI1`.
const SHORTEST: usize = 768;
const ALPHA_TILT: usize = 100;
const TILT_AXIS: usize = 140;
const PIXEL_SIZE_X: usize = 156;

/// Each record starts with its own length; that also tells its byte order, which need not be the
/// file's.
pub(super) fn sections(bytes: &[u8], order: ByteOrder, sections: usize) -> Vec<SectionMetadata> {
    let length = |order: ByteOrder| {
        let start = bytes.first_chunk::<4>()?;
        let length = usize::try_from(order.i32(*start)).ok()?;
        (SHORTEST..=bytes.len())
            .contains(&length)
            .then_some((order, length))
    };
    let Some((order, length)) = length(order).or_else(|| length(order.opposite())) else {
        return Vec::new();
    };
    let records = bytes.chunks_exact(length).take(sections);
    records
        .map(|record| {
            let field = |place| f64_at(record, place, order).filter(|value| value.is_finite());
            SectionMetadata {
                tilt_angle_deg: field(ALPHA_TILT),
                tilt_axis_deg: field(TILT_AXIS),
                // Stored in metres.
                pixel_size_angstrom: field(PIXEL_SIZE_X)
                    .map(|metres| metres * 1e10)
                    .filter(|&size| size > 0.0),
            }
        })
        .collect()
}
