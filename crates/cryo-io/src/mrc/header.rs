use super::{AxisMap, ByteOrder, Kind, Mode, Statistics};
use crate::{Error, ErrorKind, Finding, Severity};

/// Length of the header in bytes.
pub const HEADER_BYTES: usize = 1024;

/// The stamp by which IMOD marks its files (`IMOD_MRC_STAMP`), at byte 152.
const IMOD_STAMP: i32 = 1_146_047_817;

/// The first 1024 bytes of a file, as they are there: nothing is corrected.
///
/// Triples of space are z, y, x; triples of the file are sections, rows, columns. Which is which is
/// in [`axis_map`](Self::axis_map).
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// Number of sections, rows and columns (NZ, NY, NX).
    pub shape: [usize; 3],
    /// What a voxel is (MODE).
    pub mode: Mode,
    /// Which byte comes first.
    pub byte_order: ByteOrder,
    /// Index of the first section, row and column in the unit cell (NSSTART, NRSTART, NCSTART).
    pub start: [i32; 3],
    /// Intervals of the unit cell along z, y, x (MZ, MY, MX).
    pub sampling: [i32; 3],
    /// Edges of the unit cell along z, y, x in ångström (CELLA).
    pub cell_angstrom: [f32; 3],
    /// Angles α, β, γ of the unit cell in degrees (CELLB).
    pub cell_angles_deg: [f32; 3],
    /// Which axes of space the axes of the file are (MAPC, MAPR, MAPS).
    pub axis_map: AxisMap,
    /// Extrema, mean and deviation as the file states them (DMIN, DMAX, DMEAN, RMS).
    pub statistics: Statistics,
    /// Space group (ISPG): 0 for images, 401 and above for volume stacks.
    pub space_group: i32,
    /// Version of the format (NVERSION): 20140 or 20141, 0 before MRC2014.
    pub version: i32,
    /// Kind of the extended header (EXTTYP), four characters.
    pub extended_kind: [u8; 4],
    /// Bytes between header and data (NSYMBT).
    pub extended_bytes: usize,
    /// Origin z, y, x in ångström as stored (ORIGIN); `Reader::grid` knows what it means.
    pub origin_angstrom: [f32; 3],
    /// The characters `MAP `.
    pub map_id: [u8; 4],
    /// Four bytes that name the byte order (MACHST).
    pub machine_stamp: [u8; 4],
    /// Number of labels that the file claims to have (NLABL).
    pub label_count: i32,
    /// The ten labels, without what is not printable ASCII and without trailing blanks.
    pub labels: [String; 10],
    /// The 100 bytes that programs use as they like, EXTTYP and NVERSION among them.
    pub extra: [u8; 100],
}

impl Header {
    /// The header in the first 1024 bytes of a file, and what had to be guessed.
    ///
    /// A file without `MAP`, without a known machine stamp or with one that contradicts its mode is
    /// refused unless `permissive`; then the byte order in which mode and dimensions make sense is
    /// taken, as `mrcfile` does.
    ///
    /// # Errors
    /// [`Truncated`](ErrorKind::Truncated) for fewer bytes;
    /// [`Unexpected`](ErrorKind::Unexpected) for the above, a mode that does not exist, dimensions
    /// below 1 or an extended header of negative length.
    pub fn parse(bytes: &[u8], permissive: bool) -> Result<(Self, Vec<Finding>), Error> {
        let Some(bytes) = bytes.first_chunk::<HEADER_BYTES>() else {
            return Err(Error::new(ErrorKind::Truncated {
                expected: HEADER_BYTES as u64,
                got: bytes.len() as u64,
            })
            .fix("check that it is an MRC file and that it was copied completely"));
        };
        let mut findings = Vec::new();
        let order = byte_order(bytes, permissive, &mut findings)?;
        Ok((Self::decode(bytes, order)?, findings))
    }

    fn decode(bytes: &[u8; HEADER_BYTES], order: ByteOrder) -> Result<Self, Error> {
        // The `mrc` crate takes the byte order from the stamp; ours may be a better guess.
        let mut stamped = *bytes;
        stamped[212..216].copy_from_slice(&order.stamp());
        let raw = mrc::Header::decode_from_bytes(&stamped);
        let Some(mode) = Mode::from_number(raw.mode) else {
            return Err(mode_error(raw.mode));
        };
        let positive = |what, place, number| {
            usize::try_from(number)
                .ok()
                .filter(|&number| number > 0)
                .ok_or_else(|| {
                    Error::unexpected(what, "a positive number", format!("{number}"))
                        .at_byte(place)
                        .fix("the header is damaged; get the file again")
                })
        };
        let columns = positive("nx", 0, raw.nx)?;
        let rows = positive("ny", 4, raw.ny)?;
        let sections = positive("nz", 8, raw.nz)?;
        let Ok(extended_bytes) = usize::try_from(raw.nsymbt) else {
            let expected = "the length of the extended header, 0 or more";
            return Err(Error::unexpected("nsymbt", expected, raw.nsymbt.to_string()).at_byte(92));
        };
        let mut machine_stamp = [0; 4];
        machine_stamp.copy_from_slice(&bytes[212..216]);
        let [x_origin, y_origin, z_origin] = raw.origin;
        Ok(Self {
            shape: [sections, rows, columns],
            mode,
            byte_order: order,
            start: [raw.nzstart, raw.nystart, raw.nxstart],
            sampling: [raw.mz, raw.my, raw.mx],
            cell_angstrom: [raw.zlen, raw.ylen, raw.xlen],
            cell_angles_deg: [raw.alpha, raw.beta, raw.gamma],
            axis_map: AxisMap {
                columns: raw.mapc,
                rows: raw.mapr,
                sections: raw.maps,
            },
            statistics: Statistics {
                minimum: raw.dmin,
                maximum: raw.dmax,
                mean: raw.dmean,
                rms: raw.rms,
            },
            space_group: raw.ispg,
            version: raw.nversion(),
            extended_kind: raw.exttyp(),
            extended_bytes,
            origin_angstrom: [z_origin, y_origin, x_origin],
            map_id: raw.map,
            machine_stamp,
            label_count: raw.nlabl,
            labels: std::array::from_fn(|index| label(&raw.label[index * 80..(index + 1) * 80])),
            extra: raw.extra,
        })
    }

    /// The 1024 bytes of this header, in its byte order.
    ///
    /// Dimensions above 2³¹ − 1 do not fit and become that.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let number = |length: usize| i32::try_from(length).unwrap_or(i32::MAX);
        let mut raw = mrc::Header::new();
        [raw.nz, raw.ny, raw.nx] = self.shape.map(number);
        raw.mode = self.mode.number();
        [raw.nzstart, raw.nystart, raw.nxstart] = self.start;
        [raw.mz, raw.my, raw.mx] = self.sampling;
        [raw.zlen, raw.ylen, raw.xlen] = self.cell_angstrom;
        [raw.alpha, raw.beta, raw.gamma] = self.cell_angles_deg;
        raw.mapc = self.axis_map.columns;
        raw.mapr = self.axis_map.rows;
        raw.maps = self.axis_map.sections;
        raw.dmin = self.statistics.minimum;
        raw.dmax = self.statistics.maximum;
        raw.dmean = self.statistics.mean;
        raw.rms = self.statistics.rms;
        raw.ispg = self.space_group;
        raw.nsymbt = number(self.extended_bytes);
        raw.extra = self.extra;
        let [z_origin, y_origin, x_origin] = self.origin_angstrom;
        raw.origin = [x_origin, y_origin, z_origin];
        raw.map = self.map_id;
        raw.machst = self.byte_order.stamp();
        raw.set_exttyp(self.extended_kind);
        raw.set_nversion(self.version);
        raw.nlabl = self.label_count;
        for (place, label) in raw.label.chunks_exact_mut(80).zip(&self.labels) {
            let length = label.len().min(80);
            place[..length].copy_from_slice(&label.as_bytes()[..length]);
        }
        let mut bytes = [0; HEADER_BYTES];
        raw.encode_to_bytes(&mut bytes);
        bytes
    }

    /// What the third axis is, by the space group.
    #[must_use]
    pub fn kind(&self) -> Kind {
        Kind::from_space_group(self.space_group)
    }

    /// Bytes of the data, `None` where the dimensions overflow.
    #[must_use]
    pub fn data_bytes(&self) -> Option<usize> {
        let [sections, rows, columns] = self.shape;
        let row = self.mode.row_bytes(columns)?;
        row.checked_mul(rows)?.checked_mul(sections)
    }

    /// Number of voxels, `None` where the dimensions overflow.
    #[must_use]
    pub fn voxels(&self) -> Option<usize> {
        let [sections, rows, columns] = self.shape;
        sections.checked_mul(rows)?.checked_mul(columns)
    }

    /// Byte at which the data starts.
    #[must_use]
    pub fn data_offset(&self) -> u64 {
        (HEADER_BYTES + self.extended_bytes) as u64
    }

    /// IMOD's flags (byte 156), if IMOD's stamp is there (byte 152).
    ///
    /// 1: bytes are signed; 4: the origin has the sign of MRC2014; 16: the first of two 4-bit values
    /// is the upper half of a byte (`mrc_format.txt`, `MRC_FLAGS_…` in IMOD's `b3dutil.h`).
    #[must_use]
    pub fn imod_flags(&self) -> Option<i32> {
        (self.extra_i32(56) == IMOD_STAMP).then(|| self.extra_i32(60))
    }

    pub(super) fn has_map(&self) -> bool {
        has_map(self.map_id)
    }

    /// Whether the file is of before 2000: no `MAP`, no machine stamp.
    #[must_use]
    pub fn is_old_style(&self) -> bool {
        !self.has_map() && ByteOrder::from_stamp(self.machine_stamp).is_none()
    }

    pub(super) fn extra_i16(&self, place: usize) -> i16 {
        self.byte_order
            .i16([self.extra[place], self.extra[place + 1]])
    }

    fn extra_i32(&self, place: usize) -> i32 {
        let bytes = &self.extra[place..place + 4];
        self.byte_order
            .i32([bytes[0], bytes[1], bytes[2], bytes[3]])
    }
}

/// `mrcfile` checks three characters too: some programs leave out the blank.
fn has_map(id: [u8; 4]) -> bool {
    id.starts_with(b"MAP")
}

fn byte_order(
    bytes: &[u8; HEADER_BYTES],
    permissive: bool,
    findings: &mut Vec<Finding>,
) -> Result<ByteOrder, Error> {
    let id = [bytes[208], bytes[209], bytes[210], bytes[211]];
    let stamp = [bytes[212], bytes[213], bytes[214], bytes[215]];
    if !has_map(id) {
        let got = format!("\"{}\"", id.escape_ascii());
        if !permissive {
            return Err(Error::unexpected("map", "\"MAP \"", got)
                .at_byte(208)
                .fix("check that it is an MRC file; if it is an old one, read it permissively"));
        }
        let fix = "old programs leave it out; write the file anew";
        findings.push(warning("map (byte 208)", "\"MAP \"", got, fix));
    }
    let stamped = ByteOrder::from_stamp(stamp);
    let got = stamp.map(|byte| format!("{byte:02x}")).join(" ");
    let known = "44 44 00 00, 44 41 00 00 or 11 11 00 00";
    if stamped.is_none() && !permissive {
        return Err(Error::unexpected("machine stamp", known, got)
            .at_byte(212)
            .fix("read it permissively to have the byte order guessed"));
    }
    let first = stamped.unwrap_or(ByteOrder::Little);
    if !permissive {
        let mode = mode_number(bytes, first);
        if Mode::from_number(mode).is_none() && is_plausible(bytes, first.opposite()) {
            let fix = "the machine stamp contradicts the data; read it permissively";
            return Err(mode_error(mode).fix(fix));
        }
        return Ok(first);
    }
    let order = if !is_plausible(bytes, first) && is_plausible(bytes, first.opposite()) {
        first.opposite()
    } else {
        first
    };
    if stamped != Some(order) {
        let expected = if stamped.is_none() {
            known.to_owned()
        } else {
            format!("that of {order}, as the dimensions are")
        };
        let fix = format!("read as {order}; write the file anew");
        findings.push(warning("machine stamp (byte 212)", expected, got, fix));
    }
    Ok(order)
}

fn is_plausible(bytes: &[u8; HEADER_BYTES], order: ByteOrder) -> bool {
    let word = |place: usize| {
        order.i32([
            bytes[place],
            bytes[place + 1],
            bytes[place + 2],
            bytes[place + 3],
        ])
    };
    // Dimensions of a wrong byte order are negative or in the millions.
    Mode::from_number(word(12)).is_some()
        && [0, 4, 8]
            .into_iter()
            .all(|place| (1..1 << 20).contains(&word(place)))
}

fn mode_number(bytes: &[u8; HEADER_BYTES], order: ByteOrder) -> i32 {
    order.i32([bytes[12], bytes[13], bytes[14], bytes[15]])
}

fn mode_error(number: i32) -> Error {
    Error::unexpected("mode", "0, 1, 2, 3, 4, 6, 12 or 101", number.to_string())
        .at_byte(12)
        .fix("check that it is an MRC file")
}

fn label(bytes: &[u8]) -> String {
    let printable = bytes.iter().filter(|byte| matches!(byte, b' '..=b'~'));
    let text: String = printable.map(|&byte| char::from(byte)).collect();
    text.trim_end().to_owned()
}

pub(super) fn warning(
    place: impl Into<String>,
    expected: impl Into<String>,
    got: impl Into<String>,
    fix: impl Into<String>,
) -> Finding {
    Finding::new(Severity::Warning, place, expected, got, fix)
}
