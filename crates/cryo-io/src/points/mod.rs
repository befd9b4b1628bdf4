//! What the coordinate formats have in common.

mod angles;
mod class;
mod gather;
mod naming;
mod place;

pub(crate) use angles::intrinsic_zxz_deg;
pub(crate) use class::{LabelMeaning, class_of_label, label_of_class};
pub(crate) use gather::Gather;
pub(crate) use naming::{Numbering, name_of_number, only_set, tomogram_for};
pub(crate) use place::{counted, position_from_counted};
