use super::{Chunk, Model, ModelPart, Object, ObjectPart};
use crate::Error;

impl Model {
    /// The bytes of the file, with all counts as they are.
    ///
    /// # Errors
    /// [`Parameter`](crate::ErrorKind::Parameter) for more items than the format's 31-bit counts can say.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut out = Output(Vec::new());
        out.0.extend_from_slice(b"IMODV1.2");
        self.write_header(&mut out)?;
        for part in &self.parts {
            match part {
                ModelPart::Object(object) => write_object(&mut out, object)?,
                ModelPart::Chunk(chunk) => out.chunk(chunk)?,
            }
        }
        out.0.extend_from_slice(b"IEOF");
        out.0.extend_from_slice(&self.trailing);
        Ok(out.0)
    }

    fn write_header(&self, out: &mut Output) -> Result<(), Error> {
        let header = &self.header;
        out.0.extend_from_slice(&header.raw_name);
        out.ints(&header.size_xyz);
        out.count("objects", self.objects().count())?;
        out.uint(header.flags);
        out.ints(&[header.draw_mode, header.mouse_mode]);
        out.ints(&header.levels);
        out.floats(&header.offset);
        out.floats(&header.scale);
        out.ints(&header.current);
        out.ints(&[header.resolution, header.threshold]);
        out.floats(&[header.pixel_size]);
        out.ints(&[header.units, header.checksum]);
        out.floats(&header.angles_deg);
        Ok(())
    }
}

fn write_object(out: &mut Output, object: &Object) -> Result<(), Error> {
    let header = &object.header;
    out.0.extend_from_slice(b"OBJT");
    out.0.extend_from_slice(&header.raw_name);
    header.reserved.iter().for_each(|&word| out.uint(word));
    out.count("contours", object.contours().count())?;
    out.uint(header.flags);
    out.ints(&[header.axis, header.draw_mode]);
    out.floats(&header.colour);
    out.ints(&[header.point_radius]);
    out.0.extend_from_slice(&header.style);
    out.count("meshes", object.meshes().count())?;
    out.ints(&[header.surfaces]);
    for part in &object.parts {
        match part {
            ObjectPart::Chunk(chunk) => out.chunk(chunk)?,
            ObjectPart::Contour(contour) => {
                out.0.extend_from_slice(b"CONT");
                out.count("points", contour.points.len())?;
                out.uint(contour.header.flags);
                out.ints(&[contour.header.time, contour.header.surface]);
                out.triples(&contour.points);
                contour.chunks.iter().try_for_each(|c| out.chunk(c))?;
            }
            ObjectPart::Mesh(mesh) => {
                out.0.extend_from_slice(b"MESH");
                out.count("vertices", mesh.vertices.len())?;
                out.count("indices", mesh.indices.len())?;
                out.uint(mesh.header.flags);
                out.0.extend_from_slice(&mesh.header.time.to_be_bytes());
                out.0.extend_from_slice(&mesh.header.surface.to_be_bytes());
                out.triples(&mesh.vertices);
                out.ints(&mesh.indices);
                mesh.chunks.iter().try_for_each(|c| out.chunk(c))?;
            }
        }
    }
    Ok(())
}

struct Output(Vec<u8>);

impl Output {
    fn count(&mut self, what: &str, count: usize) -> Result<(), Error> {
        let count = i32::try_from(count).map_err(|_| {
            Error::parameter(what, "at most 2147483647 in a model", count.to_string())
        })?;
        self.ints(&[count]);
        Ok(())
    }

    fn uint(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    fn ints(&mut self, values: &[i32]) {
        (self.0).extend(values.iter().flat_map(|value| value.to_be_bytes()));
    }

    fn floats(&mut self, values: &[f32]) {
        (self.0).extend(values.iter().flat_map(|value| value.to_be_bytes()));
    }

    fn triples(&mut self, triples: &[[f32; 3]]) {
        self.floats(triples.as_flattened());
    }

    fn chunk(&mut self, chunk: &Chunk) -> Result<(), Error> {
        self.0.extend_from_slice(&chunk.id);
        self.count("bytes of a chunk", chunk.data.len())?;
        self.0.extend_from_slice(&chunk.data);
        Ok(())
    }
}
