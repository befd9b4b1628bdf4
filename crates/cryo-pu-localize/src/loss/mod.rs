mod consistency;
mod contrast;
mod focal;
mod generalized_expectation;
mod objective;
mod pu_focal;
mod sets;
mod soft_focal;

pub use consistency::consistency;
pub use contrast::{ContrastParams, ContrastRows, ContrastTerms, contrast, contrast_dense};
pub use focal::positive_negative_focal;
pub use generalized_expectation::generalized_expectation;
pub use objective::{Expected, Objective};
pub use pu_focal::{PuRisks, pu_focal, pu_risks};
pub use soft_focal::soft_focal;
