use std::path::Path;

use super::{
    Chunk, Contour, ContourHeader, Header, Mesh, MeshHeader, Model, ModelPart, Object,
    ObjectHeader, ObjectPart,
};
use crate::{Error, ErrorKind, text::read_bytes};

const HEADER_FIX: &str = "check that it is an IMOD model and complete";

/// A thing that was odd, but read.
pub(super) struct Oddity {
    pub(super) byte: usize,
    pub(super) expected: String,
    pub(super) got: String,
}

impl Model {
    /// A model out of a file of at most `max_bytes`.
    ///
    /// # Errors
    /// As [`Model::parse`], and if the file cannot be opened.
    pub fn read(path: impl AsRef<Path>, max_bytes: u64) -> Result<Self, Error> {
        let path = path.as_ref();
        let bytes = read_bytes(path, max_bytes)?;
        Self::parse(&bytes).map_err(|error| error.in_file(path))
    }

    /// A model out of the bytes of a file. Counts that disagree with what follows are not used.
    ///
    /// # Errors
    /// If it does not start as an IMOD model of version 1.2, a chunk is longer than the file, or the
    /// end mark is missing.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        parse_noting(bytes).map(|(model, _)| model)
    }
}

pub(super) fn parse_noting(bytes: &[u8]) -> Result<(Model, Vec<Oddity>), Error> {
    let mut input = Input { bytes, at: 0 };
    let id = input.take(8)?;
    if id != b"IMODV1.2" {
        let got = String::from_utf8_lossy(id).into_owned();
        return Err(
            Error::unexpected("file id", "\"IMODV1.2\"", format!("{got:?}"))
                .at_byte(0)
                .fix("save the model with a current 3dmod"),
        );
    }
    let (header, objects) = header(&mut input)?;
    let mut reader = Reader {
        input,
        model: Model {
            header,
            ..Model::default()
        },
        oddities: Vec::new(),
        object_at: None,
        expected_contours: None,
        of_model: true,
    };
    reader.chunks()?;
    let count = reader.model.objects().count();
    if i64::from(objects) != count as i64 {
        reader.note(148, format!("{objects} objects, as the header says"), count);
    }
    Ok((reader.model, reader.oddities))
}

struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        if count > self.left() {
            let expected = self.at as u64 + count as u64;
            return Err(Error::new(ErrorKind::Truncated {
                expected,
                got: self.bytes.len() as u64,
            })
            .at_byte(self.at as u64)
            .fix(HEADER_FIX));
        }
        let taken = &self.bytes[self.at..self.at + count];
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn int(&mut self) -> Result<i32, Error> {
        Ok(i32::from_be_bytes(self.array()?))
    }

    fn uint(&mut self) -> Result<u32, Error> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    fn float(&mut self) -> Result<f32, Error> {
        Ok(f32::from_be_bytes(self.array()?))
    }

    fn ints(&mut self) -> Result<[i32; 3], Error> {
        Ok([self.int()?, self.int()?, self.int()?])
    }

    fn floats(&mut self) -> Result<[f32; 3], Error> {
        Ok([self.float()?, self.float()?, self.float()?])
    }

    /// A count field, as the number of items of `bytes_each` that follow.
    fn count(&mut self, what: &str) -> Result<usize, Error> {
        let at = self.at as u64;
        let count = self.int()?;
        usize::try_from(count).map_err(|_| {
            Error::unexpected(what, "0 or more", count.to_string())
                .at_byte(at)
                .fix(HEADER_FIX)
        })
    }

    fn triples(&mut self, count: usize) -> Result<Vec<[f32; 3]>, Error> {
        let bytes = self.take(count.saturating_mul(12))?;
        let float = |b: &[u8]| f32::from_be_bytes([b[0], b[1], b[2], b[3]]);
        let triples = bytes.chunks_exact(12);
        Ok(triples
            .map(|b| [float(&b[..4]), float(&b[4..8]), float(&b[8..])])
            .collect())
    }
}

fn header(input: &mut Input<'_>) -> Result<(Header, i32), Error> {
    let raw_name = input.array()?;
    let size_xyz = input.ints()?;
    let objects = input.int()?;
    let header = Header {
        raw_name,
        size_xyz,
        flags: input.uint()?,
        draw_mode: input.int()?,
        mouse_mode: input.int()?,
        levels: [input.int()?, input.int()?],
        offset: input.floats()?,
        scale: input.floats()?,
        current: input.ints()?,
        resolution: input.int()?,
        threshold: input.int()?,
        pixel_size: input.float()?,
        units: input.int()?,
        checksum: input.int()?,
        angles_deg: input.floats()?,
    };
    Ok((header, objects))
}

struct Reader<'a> {
    input: Input<'a>,
    model: Model,
    oddities: Vec<Oddity>,
    /// The current object among the parts of the model.
    object_at: Option<usize>,
    /// Place and numbers of contours and meshes that the current object's header gives.
    expected_contours: Option<(usize, i32, i32)>,
    /// Whether unknown chunks belong to the model rather than to the last object.
    of_model: bool,
}

impl Reader<'_> {
    fn note(&mut self, byte: usize, expected: impl Into<String>, got: impl ToString) {
        self.oddities.push(Oddity {
            byte,
            expected: expected.into(),
            got: got.to_string(),
        });
    }

    fn chunks(&mut self) -> Result<(), Error> {
        loop {
            if self.input.left() == 0 {
                return Err(
                    Error::missing("end mark IEOF", "nothing after the last chunk")
                        .at_byte(self.input.at as u64)
                        .fix("the file was cut: copy it again"),
                );
            }
            let id: [u8; 4] = self.input.array()?;
            match &id {
                b"IEOF" => {
                    self.close_object();
                    let rest = self.input.take(self.input.left())?;
                    self.model.trailing = rest.to_vec();
                    return Ok(());
                }
                b"OBJT" => self.object()?,
                b"CONT" => self.contour()?,
                b"MESH" => self.mesh()?,
                _ => self.chunk(id)?,
            }
        }
    }

    fn object(&mut self) -> Result<(), Error> {
        self.close_object();
        let input = &mut self.input;
        let at = input.at;
        let raw_name = input.array()?;
        let mut reserved = [0; 16];
        for word in &mut reserved {
            *word = input.uint()?;
        }
        let contours = input.int()?;
        let header = ObjectHeader {
            raw_name,
            reserved,
            flags: input.uint()?,
            axis: input.int()?,
            draw_mode: input.int()?,
            colour: input.floats()?,
            point_radius: input.int()?,
            style: input.array()?,
            surfaces: {
                let meshes = input.int()?;
                self.expected_contours = Some((at, contours, meshes));
                input.int()?
            },
        };
        self.object_at = Some(self.model.parts.len());
        self.model
            .parts
            .push(ModelPart::Object(Object::new(header)));
        self.of_model = false;
        Ok(())
    }

    fn close_object(&mut self) {
        let Some((at, contours, meshes)) = self.expected_contours.take() else {
            return;
        };
        let Some(ModelPart::Object(object)) = self.object_at.map(|at| &self.model.parts[at]) else {
            return;
        };
        let got = (object.contours().count(), object.meshes().count());
        if (i64::from(contours), i64::from(meshes)) != (got.0 as i64, got.1 as i64) {
            let expected = format!("{contours} contours and {meshes} meshes, as the object says");
            self.note(at, expected, format!("{} and {}", got.0, got.1));
        }
    }

    fn current_object(&mut self, id: &str) -> Result<&mut Object, Error> {
        let at = self.input.at as u64 - 4;
        self.of_model = false;
        match self.object_at.map(|at| &mut self.model.parts[at]) {
            Some(ModelPart::Object(object)) => Ok(object),
            _ => {
                let what = format!("chunk {id}");
                let error = Error::unexpected(what, "an object (OBJT) before it", "none");
                Err(error.at_byte(at).fix(HEADER_FIX))
            }
        }
    }

    fn contour(&mut self) -> Result<(), Error> {
        self.current_object("CONT")?;
        let count = self.input.count("number of points")?;
        let header = ContourHeader {
            flags: self.input.uint()?,
            time: self.input.int()?,
            surface: self.input.int()?,
        };
        let contour = Contour {
            header,
            points: self.input.triples(count)?,
            chunks: Vec::new(),
        };
        let object = self.current_object("CONT")?;
        object.parts.push(ObjectPart::Contour(contour));
        Ok(())
    }

    fn mesh(&mut self) -> Result<(), Error> {
        self.current_object("MESH")?;
        let input = &mut self.input;
        let vertices = input.count("number of vertices")?;
        let indices = input.count("number of indices")?;
        let header = MeshHeader {
            flags: input.uint()?,
            time: i16::from_be_bytes(input.array()?),
            surface: i16::from_be_bytes(input.array()?),
        };
        let vertices = input.triples(vertices)?;
        let words = input.take(indices.saturating_mul(4))?.chunks_exact(4);
        let indices = words.map(|b| i32::from_be_bytes([b[0], b[1], b[2], b[3]]));
        let mesh = Mesh {
            header,
            vertices,
            indices: indices.collect(),
            chunks: Vec::new(),
        };
        let object = self.current_object("MESH")?;
        object.parts.push(ObjectPart::Mesh(mesh));
        Ok(())
    }

    fn chunk(&mut self, id: [u8; 4]) -> Result<(), Error> {
        let at = self.input.at - 4;
        if !id.iter().all(|byte| (b' '..=b'~').contains(byte)) {
            return Err(
                Error::unexpected("chunk name", "four letters", format!("{id:02x?}"))
                    .at_byte(at as u64)
                    .fix(HEADER_FIX),
            );
        }
        let mut size = self.input.count("size of the chunk")?;
        if let Some(real) = self.real_size(&id, size) {
            let name = String::from_utf8_lossy(&id);
            self.note(at, format!("{name} of {real} bytes, as there are"), size);
            size = real;
        }
        let data = self.input.take(size)?.to_vec();
        self.place(Chunk { id, data });
        Ok(())
    }

    /// `imodmodel` 0.1 gives `IMAT` and `SLAN` a size of 48 and writes 16 and 60 bytes.
    fn real_size(&self, id: &[u8; 4], size: usize) -> Option<usize> {
        let real = match id {
            b"IMAT" => 16,
            b"SLAN" => 60,
            _ => return None,
        };
        let next = |size: usize| {
            let start = self.input.at.checked_add(size)?;
            self.input.bytes.get(start..start.checked_add(4)?)
        };
        let known = |id: &[u8]| KNOWN.iter().any(|known| *known == id);
        let fits = |size| next(size).is_some_and(known);
        (size == 48 && !fits(48) && fits(real)).then_some(real)
    }

    fn place(&mut self, chunk: Chunk) {
        match &chunk.id {
            b"VIEW" | b"MINX" | b"SLAN" | b"MCLP" | b"OGRP" | b"MOST" | b"IMNX" => {
                self.of_model = true;
            }
            _ => {}
        }
        let last = self.model.parts.last_mut();
        let (false, Some(ModelPart::Object(object))) = (self.of_model, last) else {
            self.model.parts.push(ModelPart::Chunk(chunk));
            return;
        };
        match (&chunk.id, object.parts.last_mut()) {
            (b"IMAT" | b"CLIP" | b"OLBL" | b"OBST" | b"MEPA", _) => {
                object.parts.push(ObjectPart::Chunk(chunk));
            }
            (_, Some(ObjectPart::Contour(contour))) => contour.chunks.push(chunk),
            (_, Some(ObjectPart::Mesh(mesh))) => mesh.chunks.push(chunk),
            _ => object.parts.push(ObjectPart::Chunk(chunk)),
        }
    }
}

const KNOWN: [&[u8; 4]; 21] = [
    b"IEOF", b"OBJT", b"CONT", b"MESH", b"IMAT", b"CLIP", b"OLBL", b"OBST", b"MEPA", b"VIEW",
    b"MINX", b"SLAN", b"MCLP", b"OGRP", b"MOST", b"LABL", b"SIZE", b"COST", b"MEST", b"SKLI",
    b"IMNX",
];
