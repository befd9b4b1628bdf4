//! Tables with a header line: ours (`.csv`, `.tsv`), MiLoPYP's coordinate files, and the truth tables
//! of simulated data.
//!
//! The separator (tab, comma, semicolon or blanks) is that of the header line. Fields may be quoted as
//! in RFC 4180, except between blanks. Lines that start with `#` are comments; `# unit: angstrom` and
//! `first voxel 1` in one of them say what plain `x, y, z` are.
//!
//! # Columns, in any order, without regard to case
//!
//! | column | also called | |
//! |---|---|---|
//! | `tomogram` | `tomo`, `tomogram_name`, `tomo_name`, `image_name`, `run_name` | name, kept as text: `007` stays `007`; without it, all rows are of [`PicksOptions::tomogram`], by default the file's stem |
//! | `x` `y` `z` | `x_voxel`, `x_voxels`, `x_vox`, `x_coord`, `x_px`, `x_pixel` | voxels, 0-based, an integer is the centre of a voxel; [`PicksOptions::index_base`] overrides the base |
//! | `x_angstrom` `y_angstrom` `z_angstrom` | `x_ang`, `x_a` | ångström, 0 is the centre of the first voxel; taken where there are no voxels |
//! | `score` | `confidence` | |
//! | `class` | | number, or name |
//! | `class_name` | | name of `class` |
//! | `label` | | number of the class where `class` is a name |
//! | `rot` `tilt` `psi` | | RELION's z-y-z angles in degrees |
//! | `qw` `qx` `qy` `qz` | | quaternion of the rotation of the particle into the tomogram, where there are no angles |
//! | `filament` | `filament_id` | number |
//! | `arc_length_angstrom` | | place along the filament |
//! | `voxel_size_angstrom` | | used where [`PicksOptions::frames`] do not say; those of the first row of a tomogram |
//!
//! Columns with other names, and those that come second to another, are kept as text. An empty
//! field, or `nan`, is a missing value, which a coordinate cannot be.
//!
//! # MiLoPYP
//!
//! `image_name`, `x_coord`, `y_coord`, `z_coord`, separated by tabs, voxels of the tomogram from 0
//! (MiLoPYP casts them to int32). pandas reads a name like `01` as the number 1 there.
//!
//! [`PicksOptions::tomogram`]: crate::PicksOptions::tomogram
//! [`PicksOptions::index_base`]: crate::PicksOptions::index_base
//! [`PicksOptions::frames`]: crate::PicksOptions::frames

mod columns;
mod read;
mod rows;
mod validate;
mod write;

pub use read::{parse, read};
pub use rows::Separator;
pub use validate::validate;
pub use write::{write, write_milopyp};
