mod ball;
mod calibrate;
mod centre;
mod heat_map;
mod likeness;
mod localize;
mod mixture;
mod ridge;
mod searched;
mod versus;

pub(crate) use calibrate::calibrate_on;
pub use calibrate::{Calibration, Reading};
pub use centre::centre;
pub use heat_map::{HeatMap, PredictParams, predict, predict_bytes, predict_within};
pub use likeness::Profile;
pub use localize::{Found, LocalizeParams, Threshold, localize, particles};
