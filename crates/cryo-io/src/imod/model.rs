use super::{Chunk, ContourHeader, Header, MeshHeader, Minx, ObjectHeader};

/// All that is in a model file, in its order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Model {
    /// Header.
    pub header: Header,
    /// Objects, and chunks that belong to the model, in the order of the file.
    pub parts: Vec<ModelPart>,
    /// Bytes after the end mark; nothing reads them.
    pub trailing: Vec<u8>,
}

/// A part of a model.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelPart {
    /// An object.
    Object(Object),
    /// A chunk of the model: `VIEW`, `MINX`, `SLAN`, `MCLP`, `OGRP`, `MOST`, …
    Chunk(Chunk),
}

/// An object with what belongs to it, in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// Header.
    pub header: ObjectHeader,
    /// Contours, meshes and chunks.
    pub parts: Vec<ObjectPart>,
}

/// A part of an object.
#[derive(Debug, Clone, PartialEq)]
pub enum ObjectPart {
    /// Points.
    Contour(Contour),
    /// Triangles.
    Mesh(Mesh),
    /// A chunk of the object: `IMAT`, `CLIP`, `OLBL`, `OBST`, `MEPA`, …
    Chunk(Chunk),
}

/// A contour.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Contour {
    /// Header.
    pub header: ContourHeader,
    /// Points in the order x, y, z, as stored.
    pub points: Vec<[f32; 3]>,
    /// Chunks of the contour: `SIZE`, `LABL`, `COST`, …
    pub chunks: Vec<Chunk>,
}

/// A mesh.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mesh {
    /// Header.
    pub header: MeshHeader,
    /// Vertices and normals in the order x, y, z.
    pub vertices: Vec<[f32; 3]>,
    /// Indices into the vertices, and commands below zero.
    pub indices: Vec<i32>,
    /// Chunks of the mesh: `MEST`, …
    pub chunks: Vec<Chunk>,
}

/// How the points of an object belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContourKind {
    /// A contour is an outline.
    Closed,
    /// A contour is a curve with two ends.
    Open,
    /// A contour is a bag of points.
    Scattered,
}

impl Model {
    /// The objects.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.parts.iter().filter_map(|part| match part {
            ModelPart::Object(object) => Some(object),
            ModelPart::Chunk(_) => None,
        })
    }

    /// The chunks that belong to the model as a whole.
    pub fn chunks(&self) -> impl Iterator<Item = &Chunk> {
        self.parts.iter().filter_map(|part| match part {
            ModelPart::Chunk(chunk) => Some(chunk),
            ModelPart::Object(_) => None,
        })
    }

    /// The last `MINX`, as IMOD takes it.
    #[must_use]
    pub fn minx(&self) -> Option<Minx> {
        self.chunks().filter_map(Chunk::minx).last()
    }
}

impl Object {
    /// An object without contours.
    #[must_use]
    pub fn new(header: ObjectHeader) -> Self {
        Self {
            header,
            parts: Vec::new(),
        }
    }

    /// The contours.
    pub fn contours(&self) -> impl Iterator<Item = &Contour> {
        self.parts.iter().filter_map(|part| match part {
            ObjectPart::Contour(contour) => Some(contour),
            _ => None,
        })
    }

    /// The meshes.
    pub fn meshes(&self) -> impl Iterator<Item = &Mesh> {
        self.parts.iter().filter_map(|part| match part {
            ObjectPart::Mesh(mesh) => Some(mesh),
            _ => None,
        })
    }

    /// How its points belong together; "scattered" goes before "open", as in IMOD.
    #[must_use]
    pub fn kind(&self) -> ContourKind {
        if self.header.flags & ObjectHeader::SCATTERED != 0 {
            ContourKind::Scattered
        } else if self.header.flags & ObjectHeader::OPEN != 0 {
            ContourKind::Open
        } else {
            ContourKind::Closed
        }
    }
}

impl Contour {
    /// Bit 3 of the flags: open, whatever the object says.
    pub const OPEN: u32 = 1 << 3;

    /// A contour of these points.
    #[must_use]
    pub fn new(points: Vec<[f32; 3]>) -> Self {
        Self {
            points,
            ..Self::default()
        }
    }

    /// The size of each point, where the contour has its own.
    #[must_use]
    pub fn point_sizes(&self) -> Option<Vec<f32>> {
        self.chunks.iter().find_map(Chunk::point_sizes)
    }
}
