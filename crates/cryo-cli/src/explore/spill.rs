use std::{
    fs::{self, File, OpenOptions},
    io::{BufWriter, Write},
    path::Path,
    sync::Mutex,
};

use cryo_contrastive::{Error, ViewIndex, ViewShape, ViewSource};

use crate::exit::Failure;

/// Views on disk, cut out of one tomogram after another, where not all tomograms fit into memory.
///
/// The file is removed from its folder as soon as it is open, where the system allows it: nothing is left of it, even
/// after a kill.
pub(super) struct Spill {
    file: Mutex<File>,
    shape: ViewShape,
    /// Tomogram and particle of each item.
    sources: Vec<(usize, usize)>,
}

/// Views that are cut out and written at a time.
const BATCH: usize = 256;

/// A file of views that is being written.
pub(super) struct Spilling {
    out: BufWriter<File>,
    shape: Option<ViewShape>,
    sources: Vec<(usize, usize)>,
}

impl Spilling {
    /// A new file in a folder.
    pub(super) fn new(folder: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(folder).map_err(failed)?;
        let path = folder.join(format!(".views.{}.part", std::process::id()));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .map_err(failed)?;
        // Some systems keep the name until the end.
        let _ = fs::remove_file(&path);
        Ok(Self {
            out: BufWriter::with_capacity(1 << 20, file),
            shape: None,
            sources: Vec::new(),
        })
    }

    /// Adds all views of a source, which belong to the `tomogram`-th tomogram and its particles.
    pub(super) fn add(
        &mut self,
        tomogram: usize,
        particles: &[usize],
        views: &dyn ViewSource,
    ) -> Result<(), Failure> {
        let shape = views.shape();
        let all: Vec<ViewIndex> = (0..shape.items)
            .flat_map(|item| (0..shape.variants).map(move |variant| ViewIndex { item, variant }))
            .collect();
        let mut buffer = Vec::new();
        for batch in all.chunks(BATCH) {
            buffer.resize(batch.len() * shape.view_len(), 0.0_f32);
            views.fill(batch, &mut buffer).map_err(super::failure)?;
            for value in &buffer {
                self.out.write_all(&value.to_ne_bytes()).map_err(failed)?;
            }
        }
        self.sources
            .extend(particles.iter().map(|particle| (tomogram, *particle)));
        self.shape.get_or_insert(shape);
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Spill, Failure> {
        let file = self.out.into_inner();
        let file = file.map_err(|error| failed(error.into_error()))?;
        let shape = self.shape.unwrap_or(ViewShape {
            items: 0,
            variants: 1,
            view: [1; 3],
        });
        Ok(Spill {
            file: Mutex::new(file),
            shape: ViewShape {
                items: self.sources.len(),
                ..shape
            },
            sources: self.sources,
        })
    }
}

fn failed(error: std::io::Error) -> Failure {
    Failure::Resources(format!("views could not be written to disk: {error}"))
}

impl Spill {
    /// Tomogram and particle of each item.
    pub(super) fn sources(&self) -> &[(usize, usize)] {
        &self.sources
    }

    fn read(&self, views: &[ViewIndex], out: &mut [f32]) -> std::io::Result<()> {
        use std::io::{Read, Seek, SeekFrom};
        let length = self.shape.view_len();
        let mut bytes = vec![0; length * size_of::<f32>()];
        let mut file = self
            .file
            .lock()
            .map_err(|_| std::io::Error::other("another thread failed"))?;
        for (view, out) in views.iter().zip(out.chunks_exact_mut(length)) {
            let place = (view.item * self.shape.variants + view.variant) * bytes.len();
            file.seek(SeekFrom::Start(place as u64))?;
            file.read_exact(&mut bytes)?;
            let (values, _) = bytes.as_chunks::<4>();
            for (out, value) in out.iter_mut().zip(values) {
                *out = f32::from_ne_bytes(*value);
            }
        }
        Ok(())
    }
}

impl ViewSource for Spill {
    fn shape(&self) -> ViewShape {
        self.shape
    }

    fn fill(&self, views: &[ViewIndex], out: &mut [f32]) -> Result<(), Error> {
        let read = self.read(views, out);
        read.map_err(|error| Error::Source(error.into()))
    }
}
