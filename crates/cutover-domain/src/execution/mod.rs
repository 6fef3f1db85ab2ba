//! Running old and new: who answers, who runs beside it, and which calls are sampled.
//!
//! ```
//! use cutover_domain::execution::{ReadPlan, WriteOrder, effective_stage};
//! use cutover_domain::flags::Decision;
//! use cutover_domain::{Side, Stage};
//!
//! let plan = ReadPlan::at(effective_stage(&Decision::fixed(false)));
//! assert_eq!(plan, ReadPlan { authoritative: Side::Old, candidate: Some(Side::New) });
//! assert_eq!(WriteOrder::at(Stage::Live), WriteOrder { first: Side::New, second: Some(Side::Old) });
//! ```

mod sample;
mod stage_table;

pub use sample::Sample;
pub use stage_table::{ReadPlan, WriteOrder, effective_stage};
