use std::{
    fs::{self, File, OpenOptions},
    io::BufWriter,
    path::{Path, PathBuf},
    process,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{Error, ErrorKind};

/// What happens to a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overwrite {
    /// It stays, and writing is an error.
    #[default]
    Never,
    /// It is replaced, once the new one is complete.
    Replace,
}

/// Writes a file through a temporary one beside it, which is synced and renamed when `write` is done.
///
/// A failed or killed write leaves the old file, or none; a killed one leaves the temporary file
/// `.NAME.PID-N.part` behind, which [`discard_abandoned`] removes.
///
/// # Errors
/// [`ErrorKind::Exists`] under [`Overwrite::Never`], the error of `write`, or [`ErrorKind::Io`].
///
/// ```
/// use std::io::Write;
/// use cryo_io::{Overwrite, write_atomic};
/// # let dir = tempfile::tempdir().unwrap();
/// let path = dir.path().join("angles.tlt");
/// write_atomic(&path, Overwrite::Never, |out| writeln!(out, "-60.0").map_err(cryo_io::Error::from))?;
/// assert_eq!(std::fs::read_to_string(&path).unwrap(), "-60.0\n");
/// assert!(write_atomic(&path, Overwrite::Never, |_| Ok(())).is_err());
/// # Ok::<(), cryo_io::Error>(())
/// ```
pub fn write_atomic(
    path: &Path,
    overwrite: Overwrite,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<(), Error>,
) -> Result<(), Error> {
    write_beside(path, overwrite, |temporary| temporary.fill(write))
}

/// Writes as [`write_atomic`] where a library insists on opening the file itself: `write` is given
/// the path of the temporary file, which is there and empty, and leaves a complete file at it.
///
/// # Errors
/// As [`write_atomic`].
#[cfg(feature = "hdf5")]
pub(crate) fn write_atomic_path(
    path: &Path,
    overwrite: Overwrite,
    write: impl FnOnce(&Path) -> Result<(), Error>,
) -> Result<(), Error> {
    write_beside(path, overwrite, |temporary| {
        write(&temporary.path)?;
        // The library may have replaced the file that was opened here.
        let written = File::open(&temporary.path);
        written
            .and_then(|file| file.sync_all())
            .map_err(|error| Error::io("write", error))
    })
}

/// Temporary files that are being written.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes the temporary files of all writes under way, which then fail; for a program that is about to
/// exit.
pub fn discard_unfinished() {
    let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    for path in unfinished.drain(..) {
        // The best that can be done on the way out.
        let _ = fs::remove_file(path);
    }
}

/// Removes the temporary files that killed programs have left in `folder` of files whose name `is_mine` accepts;
/// a folder that is not there has none.
///
/// Nobody else may be writing files of these names: a file under way would be taken from under it.
///
/// # Errors
/// [`ErrorKind::Io`] for the first file that cannot be removed.
///
/// ```
/// use cryo_io::discard_abandoned;
/// # let folder = tempfile::tempdir().unwrap();
/// # let at = |name: &str| folder.path().join(name);
/// for name in [".a.star.4711-0.part", ".b.star.4711-1.part", "a.star"] {
///     std::fs::write(at(name), "")?;
/// }
/// discard_abandoned(folder.path(), |name| name == "a.star")?;
/// assert!(!at(".a.star.4711-0.part").exists());
/// assert!(at(".b.star.4711-1.part").exists() && at("a.star").exists());
/// # Ok::<(), cryo_io::Error>(())
/// ```
pub fn discard_abandoned(folder: &Path, is_mine: impl Fn(&str) -> bool) -> Result<(), Error> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|error| Error::io("list", error).in_file(folder))?,
    };
    for entry in entries {
        let entry = entry.map_err(|error| Error::io("list", error).in_file(folder))?;
        let name = entry.file_name();
        if name.to_str().and_then(finished_name).is_some_and(&is_mine) {
            let path = entry.path();
            fs::remove_file(&path).map_err(|error| Error::io("remove", error).in_file(&path))?;
        }
    }
    Ok(())
}

/// Of a temporary file, the name that it would have got: `NAME` of `.NAME.PID-N.part`.
fn finished_name(temporary: &str) -> Option<&str> {
    let (name, number) = temporary
        .strip_prefix('.')?
        .strip_suffix(".part")?
        .rsplit_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (process, count) = number.split_once('-')?;
    (is_number(process) && is_number(count)).then_some(name)
}

fn write_beside(
    path: &Path,
    overwrite: Overwrite,
    write: impl FnOnce(&Temporary) -> Result<(), Error>,
) -> Result<(), Error> {
    let exists = || Error::new(ErrorKind::Exists).fix("choose another name or ask to overwrite");
    if overwrite == Overwrite::Never && path.exists() {
        return Err(exists().in_file(path));
    }
    let temporary = Temporary::beside(path).map_err(|error| error.in_file(path))?;
    let result = write(&temporary).and_then(|()| match overwrite {
        // A link fails where the name has been taken meanwhile; a rename would replace it.
        Overwrite::Never => match fs::hard_link(&temporary.path, path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(exists()),
            Err(_) => rename(&temporary.path, path),
        },
        Overwrite::Replace => rename(&temporary.path, path),
    });
    result.map_err(|error| error.in_file(path))
}

fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    fs::rename(from, to).map_err(|error| Error::io("rename the finished file", error))
}

struct Temporary {
    path: PathBuf,
    file: File,
}

impl Temporary {
    fn beside(path: &Path) -> Result<Self, Error> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let Some(name) = path.file_name() else {
            return Err(Error::parameter(
                "output",
                "a file name",
                path.display().to_string(),
            ));
        };
        // A program on another machine may have the same number, and an abandoned file the same name.
        let (path, file) = loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!(".{}.{}-{count}.part", name.to_string_lossy(), process::id());
            let path = path.with_file_name(name);
            let mut options = OpenOptions::new();
            match options.read(true).write(true).create_new(true).open(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::io("create a file there", error)),
                Ok(file) => break (path, file),
            }
        };
        if let Ok(mut unfinished) = UNFINISHED.lock() {
            unfinished.push(path.clone());
        }
        Ok(Self { path, file })
    }

    fn fill(
        &self,
        write: impl FnOnce(&mut BufWriter<File>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let handle = self
            .file
            .try_clone()
            .map_err(|error| Error::io("write", error))?;
        let mut out = BufWriter::with_capacity(1 << 20, handle);
        write(&mut out)?;
        let written = out
            .into_inner()
            .map_err(|error| Error::io("write", error.into_error()))?;
        written
            .sync_all()
            .map_err(|error| Error::io("write", error))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Ok(mut unfinished) = UNFINISHED.lock() {
            unfinished.retain(|path| *path != self.path);
        }
        // After a rename there is nothing left to remove.
        let _ = fs::remove_file(&self.path);
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Error::io("read or write", error)
    }
}
