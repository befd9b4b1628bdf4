//! One file on its way out: header, extended header, data, and the header again once the statistics
//! are known.

use std::{
    borrow::Cow,
    fs::File,
    io::{BufWriter, Seek, SeekFrom, Write},
    path::Path,
};

use bzip2::write::BzEncoder;
use flate2::write::GzEncoder;

use super::{
    ByteOrder, ExtendedHeader, Header, Statistics, Voxel, WriteOptions, encode::write_values,
    kernel_hints, source::Compression, statistics::Summary,
};
use crate::{Error, write_atomic};

/// Voxels that are handled at a time: while one thread writes them, others sum them up.
pub(super) const PIECE: usize = 1 << 22;

/// Writes `pieces`, which are all voxels in order.
///
/// `summary` is theirs, where it is known before; a plain file does without, in a compressed one
/// the statistics are then marked as not determined.
pub(super) fn write_pieces<'a, T: Voxel>(
    path: &Path,
    header: Header,
    options: &WriteOptions,
    summary: Option<Summary>,
    pieces: impl Iterator<Item = Result<Cow<'a, [T]>, Error>>,
) -> Result<(), Error> {
    let mut job = Job {
        header,
        options,
        summary,
    };
    write_atomic(path, options.overwrite, |out| {
        match Compression::of_name(path) {
            Compression::None => job.plain(out, pieces),
            Compression::Gzip => {
                let mut packed = GzEncoder::new(out, flate2::Compression::default());
                job.once(&mut packed, pieces, |_, _| {})?;
                packed.finish().map(drop).map_err(failed)
            }
            Compression::Bzip2 => {
                let mut packed = BzEncoder::new(out, bzip2::Compression::default());
                job.once(&mut packed, pieces, |_, _| {})?;
                packed.finish().map(drop).map_err(failed)
            }
        }
    })
}

fn failed(error: std::io::Error) -> Error {
    Error::io("write", error)
}

struct Job<'a> {
    header: Header,
    options: &'a WriteOptions,
    summary: Option<Summary>,
}

impl Job<'_> {
    fn plain<'a, T: Voxel>(
        &mut self,
        out: &mut BufWriter<File>,
        pieces: impl Iterator<Item = Result<Cow<'a, [T]>, Error>>,
    ) -> Result<(), Error> {
        let known = self.summary;
        let file = out.get_ref().try_clone().map_err(failed)?;
        let written = |offset, length| kernel_hints::start_writeback(&file, offset, length);
        let summary = self.once(out, pieces, written)?;
        if known.is_none() {
            self.header.statistics = statistics::<T>(summary);
            out.seek(SeekFrom::Start(0)).map_err(failed)?;
            out.write_all(&self.header.to_bytes()).map_err(failed)?;
        }
        Ok(())
    }

    fn once<'a, T: Voxel>(
        &mut self,
        out: &mut (impl Write + Send),
        pieces: impl Iterator<Item = Result<Cow<'a, [T]>, Error>>,
        on_written: impl Fn(u64, u64),
    ) -> Result<Summary, Error> {
        self.header.statistics = self
            .summary
            .map_or(Statistics::UNDETERMINED, statistics::<T>);
        out.write_all(&self.header.to_bytes()).map_err(failed)?;
        if let Some(ExtendedHeader { bytes, .. }) = &self.options.extended {
            out.write_all(bytes).map_err(failed)?;
        }
        let order: ByteOrder = self.header.byte_order;
        let (mut summary, mut count) = (Summary::EMPTY, 0_usize);
        let mut offset = self.header.data_offset();
        for piece in pieces {
            let piece = piece?;
            count = count.saturating_add(piece.len());
            let (part, written) = rayon::join(
                || self.summary.is_none().then(|| Summary::of(&piece)),
                || write_values(out, &piece, order),
            );
            written?;
            let length = size_of_val::<[T]>(&piece) as u64;
            on_written(offset, length);
            offset += length;
            if let Some(part) = part {
                check_finite(part, self.options)?;
                summary = summary.join(part);
            }
        }
        let expected = self.header.voxels().unwrap_or(usize::MAX);
        if count != expected {
            return Err(Error::unexpected(
                "voxels to write",
                format!("{expected}, as the grid has"),
                count.to_string(),
            ));
        }
        Ok(self.summary.unwrap_or(summary))
    }
}

/// As `mrcfile`: of complex voxels only the deviation means something.
pub(super) fn statistics<T: Voxel>(summary: Summary) -> Statistics {
    if T::MODE.is_complex() {
        Statistics {
            rms: summary.rms() as f32,
            ..Statistics::UNDETERMINED
        }
    } else {
        summary.statistics()
    }
}

pub(super) fn check_finite(summary: Summary, options: &WriteOptions) -> Result<(), Error> {
    if summary.non_finite == 0 || options.allow_non_finite {
        return Ok(());
    }
    let got = format!("{} that are NaN or infinite", summary.non_finite);
    Err(Error::unexpected("voxels to write", "finite numbers", got)
        .fix("find out where they come from, or allow them"))
}
