/// A chunk that is kept as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Its four-letter name.
    pub id: [u8; 4],
    /// What follows name and size.
    pub data: Vec<u8>,
}

impl Chunk {
    /// Its name, for messages.
    #[must_use]
    pub fn name(&self) -> String {
        String::from_utf8_lossy(&self.id).into_owned()
    }

    /// The image that the model was last shown on, if this is a `MINX` of full length.
    #[must_use]
    pub fn minx(&self) -> Option<Minx> {
        if &self.id != b"MINX" {
            return None;
        }
        let mut values = self.data.chunks_exact(4).map(|bytes| {
            let bytes = [bytes[0], bytes[1], bytes[2], bytes[3]];
            f32::from_be_bytes(bytes)
        });
        let mut triple = || Some([values.next()?, values.next()?, values.next()?]);
        Some(Minx {
            old_scale: triple()?,
            image_origin: triple()?,
            old_rotation_deg: triple()?,
            scale: triple()?,
            translation: triple()?,
            rotation_deg: triple()?,
        })
    }

    /// The size of each point, if this is a `SIZE`; −1 stands for the object's default.
    #[must_use]
    pub fn point_sizes(&self) -> Option<Vec<f32>> {
        (&self.id == b"SIZE").then(|| {
            let values = self.data.chunks_exact(4);
            values
                .map(|bytes| f32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
                .collect()
        })
    }

    /// A `SIZE` of one size a point.
    #[must_use]
    pub fn from_point_sizes(sizes: &[f32]) -> Self {
        let data = sizes.iter().flat_map(|size| size.to_be_bytes()).collect();
        Self { id: *b"SIZE", data }
    }
}

/// The chunk `MINX`: how the model lay over the image that it was last shown on, triples in x, y, z.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Minx {
    /// `oscale`, not used in files.
    pub old_scale: [f32; 3],
    /// `otrans`: the origin of the image file, if the header's flag 14 is set.
    pub image_origin: [f32; 3],
    /// `orot`, not used in files.
    pub old_rotation_deg: [f32; 3],
    /// `cscale`: pixel size in ångström.
    pub scale: [f32; 3],
    /// `ctrans`: the origin less the scaled start of what was loaded.
    pub translation: [f32; 3],
    /// `crot`: tilt angles of the image's header.
    pub rotation_deg: [f32; 3],
}

impl Minx {
    /// The chunk.
    #[must_use]
    pub fn to_chunk(&self) -> Chunk {
        let triples = [
            self.old_scale,
            self.image_origin,
            self.old_rotation_deg,
            self.scale,
            self.translation,
            self.rotation_deg,
        ];
        let data = triples
            .iter()
            .flatten()
            .flat_map(|value| value.to_be_bytes());
        Chunk {
            id: *b"MINX",
            data: data.collect(),
        }
    }
}
