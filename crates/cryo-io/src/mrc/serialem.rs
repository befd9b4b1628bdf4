//! Extended headers whose records the NINT and NREAL words describe (`mrc_format.txt` of IMOD,
//! `extraIsNbytesAndFlags` of its `b3dutil.c`).

use super::{ExtendedHeader, SectionMetadata, extended::f32_at};

/// Bytes of the item of each flag: tilt angle, piece coordinates, stage position, magnification,
/// intensity, dose, and five that are reserved.
const ITEM_BYTES: [i16; 11] = [2, 6, 4, 2, 2, 4, 2, 4, 2, 4, 2];
const TILT_ANGLE: i16 = 1;

/// No integers and 32 floats a section, as FEI's programs wrote them before `FEI1`.
pub(super) const AGARD_FEI_WORDS: [i16; 2] = [0, 32];

/// How SerialEM's records are made up.
pub(super) struct Layout {
    record_bytes: usize,
    has_tilt_angle: bool,
}

impl Layout {
    /// `None` unless the items that the flags name are as long as the record.
    pub(super) fn of_words([record_bytes, flags]: [i16; 2]) -> Option<Self> {
        if flags <= 0 || flags >= 1 << ITEM_BYTES.len() {
            return None;
        }
        let items = ITEM_BYTES.iter().enumerate();
        let named = items.filter(|&(bit, _)| flags & (1 << bit) != 0);
        let total: i16 = named.map(|(_, bytes)| bytes).sum();
        (total == record_bytes).then_some(Self {
            record_bytes: usize::from(total.unsigned_abs()),
            has_tilt_angle: flags & TILT_ANGLE != 0,
        })
    }
}

/// The tilt angle comes first, in hundredths of a degree.
pub(super) fn sections(header: &ExtendedHeader, sections: usize) -> Vec<SectionMetadata> {
    let layout = Layout::of_words(header.record_words);
    let Some(layout) = layout.filter(|layout| layout.has_tilt_angle) else {
        return Vec::new();
    };
    let records = header
        .bytes
        .chunks_exact(layout.record_bytes)
        .take(sections);
    let angles = records.map(|record| header.byte_order.i16([record[0], record[1]]));
    angles
        .map(|hundredths| SectionMetadata {
            tilt_angle_deg: Some(f64::from(hundredths) / 100.0),
            ..SectionMetadata::default()
        })
        .collect()
}

/// FEI's floats: 0 is alpha, 10 the tilt axis, 11 the pixel size in metres
/// ("The extended MRC format for tomography", R. Schoenmakers, FEI).
pub(super) fn agard_sections(header: &ExtendedHeader, sections: usize) -> Vec<SectionMetadata> {
    if header.record_words != AGARD_FEI_WORDS {
        return Vec::new();
    }
    let records = header.bytes.chunks_exact(128).take(sections);
    records
        .map(|record| {
            let field = |index: usize| {
                let value = f32_at(record, 4 * index, header.byte_order)?;
                value.is_finite().then_some(f64::from(value))
            };
            SectionMetadata {
                tilt_angle_deg: field(0),
                tilt_axis_deg: field(10),
                pixel_size_angstrom: field(11)
                    .map(|metres| metres * 1e10)
                    .filter(|&size| size > 0.0),
            }
        })
        .collect()
}
