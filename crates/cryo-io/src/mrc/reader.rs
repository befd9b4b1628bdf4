use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use cryo_core::{Grid, Volume, VoxelSize};
use ndarray::{Array2, Array3, Axis};
use num_complex::Complex;

use super::{
    ByteOrder, ExtendedHeader, HEADER_BYTES, Header, Kind, Mode, ReadOptions,
    axes::Axes,
    checks,
    decode::{Decoded, Decoder},
    fetch,
    geometry::Geometry,
    header::warning,
    source::Source,
};
use crate::{Error, Finding};

/// An open file of which parts are read as they are asked for.
///
/// Opening reads the header and checks it against the length of the file. A plain file is then read
/// at the places asked for, so that a part of a 60 GB tomogram costs no more than that part; a
/// compressed one is unpacked into memory, no further than its header says.
///
/// ```
/// use cryo_core::{Grid, Volume, VoxelSize};
/// use cryo_io::mrc::{self, ReadOptions, Reader, WriteOptions};
/// use ndarray::Array3;
/// # let dir = tempfile::tempdir().unwrap();
/// let path = dir.path().join("tomogram.mrc");
/// let data = Array3::from_shape_fn((4, 5, 6), |(z, y, x)| (100 * z + 10 * y + x) as f32);
/// let grid = Grid::new([4, 5, 6], VoxelSize::new(10.0).expect("valid"));
/// mrc::write(&path, &Volume::new(data, grid).expect("fits"), &WriteOptions::default())?;
///
/// let reader = Reader::open(&path, &ReadOptions::default())?;
/// assert_eq!(reader.shape(), [4, 5, 6]);
/// let part = reader.crop([1, 2, 3], [2, 1, 2])?;
/// assert_eq!(part.data()[[1, 0, 1]], 224.0);
/// assert_eq!(part.grid().origin.x, 30.0);
/// # Ok::<(), cryo_io::Error>(())
/// ```
#[derive(Debug)]
pub struct Reader {
    source: Source,
    path: Option<PathBuf>,
    header: Header,
    axes: Axes,
    /// Sections, rows, columns of one volume.
    file_shape: [usize; 3],
    volumes: usize,
    geometry: Geometry,
    decoder: Decoder,
    max_bytes: u64,
    /// Bytes that the header declares.
    declared: u64,
    warnings: Vec<Finding>,
}

impl Reader {
    /// Opens a file, plain, gzip or bzip2, whatever its name.
    ///
    /// # Errors
    /// [`Truncated`](crate::ErrorKind::Truncated) for a file shorter than its header says (permissively
    /// this is an error of the reading functions only), [`Unexpected`](crate::ErrorKind::Unexpected) for a
    /// header that cannot be read, [`OverLimit`](crate::ErrorKind::OverLimit) for a compressed file that
    /// declares more than `max_bytes`, [`Parameter`](crate::ErrorKind::Parameter) for a voxel size that is
    /// none, [`Io`](crate::ErrorKind::Io).
    pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, Error> {
        let path = path.as_ref();
        Source::open(path, options.max_bytes, options.permissive)
            .and_then(|source| Self::of_source(source, options))
            .map(|reader| Self {
                path: Some(path.to_owned()),
                ..reader
            })
            .map_err(|error| error.in_file(path))
    }

    /// Opens the bytes of a file, compressed or not.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_bytes(bytes: &[u8], options: &ReadOptions) -> Result<Self, Error> {
        let source = Source::of_bytes(bytes, options.max_bytes, options.permissive)?;
        Self::of_source(source, options)
    }

    fn of_source(source: Source, options: &ReadOptions) -> Result<Self, Error> {
        let mut start = vec![0; source.len().min(HEADER_BYTES as u64) as usize];
        source.read_at(0, &mut start)?;
        let (header, mut warnings) = Header::parse(&start, options.permissive)?;
        let declared = checks::declared_bytes(&header)?;
        checks::length(declared, source.len(), options.permissive, &mut warnings)?;
        let map = checks::axis_map(header.axis_map, options.permissive, &mut warnings)?;
        let (file_shape, volumes) =
            checks::split_stack(&header, options.permissive, &mut warnings)?;
        let (axes, exchanged) = Axes::new(map, options.axis_order, file_shape)?;
        if let Some(axis) = exchanged {
            let fix = "check that it is the thickness, and the hand of the specimen";
            let got = format!("{axis} is shorter and was exchanged with z");
            warnings.push(warning("axis order", "z, the shortest axis", got, fix));
        }
        let shape = axes.of_file(file_shape);
        let geometry = Geometry::of(&header, axes, shape, options, &mut warnings)?;
        let decoder = Decoder {
            mode: header.mode,
            byte_order: header.byte_order,
            unsigned_bytes: header.mode == Mode::Int8
                && checks::is_unsigned(&header, options.byte_sign, &mut warnings),
            upper_half_first: header.imod_flags().is_some_and(|flags| flags & 16 != 0),
        };
        Ok(Self {
            source,
            path: None,
            header,
            axes,
            file_shape,
            volumes,
            geometry,
            decoder,
            max_bytes: options.max_bytes,
            declared,
            warnings,
        })
    }

    /// The header as it is in the file.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What the third axis is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.header.kind()
    }

    /// What a voxel of the file is.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.header.mode
    }

    /// Which byte of a number comes first.
    #[must_use]
    pub fn byte_order(&self) -> ByteOrder {
        self.header.byte_order
    }

    /// Whether 8-bit voxels are read as 0 to 255.
    #[must_use]
    pub fn has_unsigned_bytes(&self) -> bool {
        self.decoder.unsigned_bytes
    }

    /// Number of voxels along z, y, x (of one volume of a volume stack), axes in order.
    #[must_use]
    pub fn shape(&self) -> [usize; 3] {
        self.axes.of_file(self.file_shape)
    }

    /// Number of volumes: 1, but for volume stacks.
    #[must_use]
    pub fn volumes(&self) -> usize {
        self.volumes
    }

    /// What was guessed or is odd, in the order in which it was noticed.
    #[must_use]
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// Edges of a voxel, `None` where neither header nor options have them.
    #[must_use]
    pub fn voxel_size(&self) -> Option<VoxelSize> {
        self.geometry.voxel_size
    }

    /// Where the voxels lie.
    ///
    /// The edges are the cell divided by its intervals. The origin is the header's, which is the
    /// position of the centre of the first voxel (MRC2014); where that is 0 it is the start indices
    /// times the edges (CCP4), as ChimeraX reads it. Files of IMOD from before MRC2014 have the
    /// origin with the opposite sign.
    ///
    /// # Errors
    /// [`Needed`](crate::ErrorKind::Needed) without a voxel size.
    pub fn grid(&self) -> Result<Grid, Error> {
        let grid = self.geometry.grid(self.shape());
        grid.map_err(|error| self.located(error))
    }

    /// The bytes between header and data.
    ///
    /// # Errors
    /// [`Truncated`](crate::ErrorKind::Truncated), [`OverLimit`](crate::ErrorKind::OverLimit) or
    /// [`Io`](crate::ErrorKind::Io).
    pub fn extended_header(&self) -> Result<ExtendedHeader, Error> {
        let length = self.header.extended_bytes;
        let fetch = || {
            fetch::check_available(&self.source, self.header.data_offset())?;
            let mut bytes = fetch::zeroed(length, self.max_bytes)?;
            self.source.read_at(HEADER_BYTES as u64, &mut bytes)?;
            Ok(bytes)
        };
        let bytes = fetch().map_err(|error| self.located(error))?;
        Ok(ExtendedHeader::of_header(&self.header, bytes))
    }

    /// All voxels as they are in the file, axes in order, `[z, y, x]`.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for complex voxels and for more than one volume,
    /// [`Truncated`](crate::ErrorKind::Truncated), [`OverLimit`](crate::ErrorKind::OverLimit) or
    /// [`Io`](crate::ErrorKind::Io).
    pub fn read(&self) -> Result<Array3<f32>, Error> {
        self.part([0; 3], self.shape())
    }

    /// All voxels with the grid that they lie on.
    ///
    /// # Errors
    /// As [`read`](Self::read) and [`grid`](Self::grid).
    pub fn volume(&self) -> Result<Volume, Error> {
        self.crop([0; 3], self.shape())
    }

    /// One volume of a stack, counted from 0.
    ///
    /// # Errors
    /// [`Parameter`](crate::ErrorKind::Parameter) for a number that the stack does not have, and as
    /// [`volume`](Self::volume).
    pub fn volume_at(&self, index: usize) -> Result<Volume, Error> {
        let grid = self.grid()?;
        let read = || {
            if index >= self.volumes {
                let expected = format!("a number below {}", self.volumes);
                return Err(Error::parameter("volume", expected, index.to_string()));
            }
            self.refuse_complex()?;
            self.fetch([index * self.file_shape[0], 0, 0], self.file_shape)
        };
        let data = read().map_err(|error| self.located(error))?;
        Ok(fetch::volume(data, grid))
    }

    /// The box of `shape` voxels from voxel `start` (both z, y, x) with its grid.
    ///
    /// # Errors
    /// [`Parameter`](crate::ErrorKind::Parameter) if it leaves the volume, and as [`volume`](Self::volume).
    pub fn crop(&self, start: [usize; 3], shape: [usize; 3]) -> Result<Volume, Error> {
        let grid = self.grid()?.cropped(start, shape);
        Ok(fetch::volume(self.part(start, shape)?, grid))
    }

    /// The voxels of the sections `z`, over the whole of y and x, with their grid.
    ///
    /// # Errors
    /// As [`crop`](Self::crop).
    pub fn slab(&self, z: Range<usize>) -> Result<Volume, Error> {
        let [_, height, width] = self.shape();
        self.crop([z.start, 0, 0], [z.len(), height, width])
    }

    /// One section, `[y, x]`; of an image stack one image.
    ///
    /// # Errors
    /// As [`part`](Self::part).
    pub fn slice(&self, z: usize) -> Result<Array2<f32>, Error> {
        let [_, height, width] = self.shape();
        let section = self.part([z, 0, 0], [1, height, width])?;
        Ok(section.index_axis_move(Axis(0), 0))
    }

    /// The voxels of a box, `[z, y, x]`, of a file with or without a voxel size.
    ///
    /// # Errors
    /// [`Parameter`](crate::ErrorKind::Parameter) if it leaves the volume, and as [`read`](Self::read).
    pub fn part(&self, start: [usize; 3], shape: [usize; 3]) -> Result<Array3<f32>, Error> {
        self.refuse_complex()
            .and_then(|()| self.real_or_complex(start, shape))
            .map_err(|error| self.located(error))
    }

    /// All voxels of a file of complex ones (modes 3 and 4), `[z, y, x]`.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for real voxels, and as [`read`](Self::read).
    pub fn read_complex(&self) -> Result<Array3<Complex<f32>>, Error> {
        let read = || {
            if !self.header.mode.is_complex() {
                let what = format!("mode {} as complex numbers", self.header.mode);
                return Err(Error::unsupported(what).fix("read it as real numbers"));
            }
            self.real_or_complex([0; 3], self.shape())
        };
        read().map_err(|error| self.located(error))
    }

    fn real_or_complex<T: Decoded>(
        &self,
        start: [usize; 3],
        shape: [usize; 3],
    ) -> Result<Array3<T>, Error> {
        if self.volumes > 1 {
            let what = format!("a stack of {} volumes as one", self.volumes);
            return Err(Error::unsupported(what).fix("read one volume at a time"));
        }
        let whole = self.shape();
        let fits = (0..3).all(|axis| {
            let end = start[axis].checked_add(shape[axis]);
            end.is_some_and(|end| end <= whole[axis])
        });
        if !fits {
            let expected = format!("inside of {whole:?} (z, y, x)");
            let got = format!("{shape:?} voxels from {start:?}");
            return Err(Error::parameter("box", expected, got));
        }
        self.fetch(self.axes.to_file(start), self.axes.to_file(shape))
    }

    fn fetch<T: Decoded>(&self, start: [usize; 3], shape: [usize; 3]) -> Result<Array3<T>, Error> {
        let data = self.fetch_in_file_order(start, shape)?;
        if self.axes.is_identity() {
            return Ok(data);
        }
        let data = data.permuted_axes(self.axes.file);
        Ok(data.as_standard_layout().into_owned())
    }

    fn fetch_in_file_order<T: Decoded>(
        &self,
        start: [usize; 3],
        shape: [usize; 3],
    ) -> Result<Array3<T>, Error> {
        fetch::check_available(&self.source, self.declared)?;
        let place = fetch::Place {
            offset: self.header.data_offset(),
            whole: self.header.shape,
            start,
            shape,
        };
        fetch::array(&self.source, &self.decoder, place, self.max_bytes)
    }

    fn refuse_complex(&self) -> Result<(), Error> {
        if self.header.mode.is_complex() {
            let what = format!("mode {} as real numbers", self.header.mode);
            return Err(Error::unsupported(what)
                .at_byte(12)
                .fix("it holds a Fourier transform; read it as complex numbers"));
        }
        Ok(())
    }

    fn located(&self, error: Error) -> Error {
        match &self.path {
            Some(path) => error.in_file(path),
            None => error,
        }
    }

    /// The voxel size, unless it is the 1 Å that permissive reading takes where there is none.
    pub(super) fn stated_voxel_size(&self) -> Option<VoxelSize> {
        self.geometry
            .voxel_size
            .filter(|_| !self.geometry.is_guessed)
    }

    /// Sections of the file, volume stacks and permuted axes as they are, in a row.
    pub(super) fn sections_real(&self, first: usize, count: usize) -> Result<Vec<f32>, Error> {
        self.sections(first, count)
    }

    /// As [`sections_real`](Self::sections_real).
    pub(super) fn sections_complex(
        &self,
        first: usize,
        count: usize,
    ) -> Result<Vec<Complex<f32>>, Error> {
        self.sections(first, count)
    }

    fn sections<T: Decoded>(&self, first: usize, count: usize) -> Result<Vec<T>, Error> {
        let [_, rows, columns] = self.header.shape;
        let sections = self.fetch_in_file_order([first, 0, 0], [count, rows, columns])?;
        Ok(sections.into_raw_vec_and_offset().0)
    }

    pub(super) fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    pub(super) fn is_plain_file(&self) -> bool {
        matches!(self.source, Source::File(..))
    }

    pub(super) fn is_in_file_order(&self) -> bool {
        self.axes.is_identity()
    }
}
