//! HDF5: volumes and tables of embeddings (feature `hdf5`).
//!
//! A volume is one 3-D dataset `[z, y, x]` of any integer or floating-point type, with the
//! attributes `voxel_size_angstrom` and `origin_angstrom` (three numbers z, y, x) and `axes`
//! (`"zyx"`). Files of h5py without attributes are read if the voxel size is given, and EMAN2's
//! `/MDF/images/0/image` with the `EMAN.apix_*` attributes of its group. [`Embeddings`] are the table
//! of an exploration run, and [`Clustering`] is what clustering adds to it.
//!
//! **Untrusted files.** Here the signature and superblock are checked against the length of the
//! file ([`check_header`]), and ranks, types, filters, extents and chunks before memory is taken;
//! links to other files, external storage and virtual datasets are refused. What lies between is read
//! by the HDF5 C library, which is not hardened against malicious files. Eight thousand seeded
//! mutations of the golden files crashed nothing here, which is no proof: a crafted file may crash
//! the process, so open files of strangers in one that may die.
//!
//! The library takes one lock for all its calls: threads that read HDF5 wait for each other.

mod clustering;
mod convert;
mod embeddings;
mod header;
mod list;
mod volume;

pub use clustering::{Clustering, read_clustering, write_clustering};
pub use embeddings::{Embeddings, EmbeddingsOptions, read_embeddings, write_embeddings};
pub use header::{Superblock, check_header};
pub use list::{DatasetInfo, list, validate};
pub use volume::{VolumeOptions, read_volume, write_volume};
