//! Two-dimensional views of positions: mean tilt images and slices of the tomogram.

mod angle_check;
mod angle_reading;
mod angle_score;
mod check;
mod crop;
mod lazy;
mod options;
mod scale;
mod slice_params;
mod slices;
mod statistics;
mod tilt_params;
mod tilts;
mod view_set;

pub use angle_check::{
    ReadingScore, TiltAngleCheck, TiltAngleParams, TiltVerdict, check_tilt_angles,
};
pub use angle_reading::AngleReading;
pub use check::check_extent;
pub use lazy::{LazyViews, LeftOut, LeftOutReason, slice_views, tilt_views};
pub use options::{Border, BoxSize, Combine, NEIGHBOURS, Sampling, VoxelOffset};
pub use scale::ViewScale;
pub use slice_params::{Plane, SliceViewParams};
pub use statistics::{ViewNormalization, ViewStatistics};
pub use tilt_params::{TiltSubset, TiltViewParams};
pub use view_set::ViewSet;
