//! Feature flags: what a flag is, what it answers, how it may change.
//!
//! A [`FlagDocument`] is what a store keeps. [`Snapshot`] is its compiled form: immutable,
//! answering without allocation, lock or failure.
//!
//! ```
//! use cutover_domain::flags::{Change, Context, Definition, FlagDocument, Interner, Snapshot};
//!
//! let key = "use_new_registrar".parse()?;
//! let document = FlagDocument::empty("2026-01-01T00:00:00Z".parse()?)
//!     .apply(
//!         &[
//!             Change::Create { key, definition: Box::new(Definition::boolean()) },
//!             Change::Rollout {
//!                 key: "use_new_registrar".parse()?,
//!                 percentage: "25".parse()?,
//!                 variant: None,
//!             },
//!         ],
//!         "2026-01-02T00:00:00Z".parse()?,
//!     )?
//!     .document;
//!
//! let mut interner = Interner::default();
//! let snapshot = Snapshot::compile(&document, &mut interner);
//! let slot = interner.slot("use_new_registrar");
//! let decision = snapshot.decide(slot, &Context::unit("iris"), false);
//! assert_eq!(decision.revision.number(), 1);
//! assert!(decision.bucket.is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bucket;
mod change;
mod condition;
mod context;
mod definition;
mod diagnosis;
mod document;
mod evaluation;
pub mod import;
mod key;
mod overlay;
mod preset;
mod rule;
mod shared;
mod snapshot;
mod text;
mod validation;
mod value;

pub use bucket::{Bucket, Bucketing, UnknownBucketing};
pub use change::{Applied, Change, ChangeError};
pub use condition::{Bound, Condition, InvalidCondition, Literal, Operator, Pattern};
pub use context::{Attribute, Context};
pub use definition::{Definition, Rollout, State};
pub use document::{ChangeRecord, FlagDocument, KeyChange, Revision, SCHEMA, digest};
pub use evaluation::{
    Decision, ErrorCode, Evaluation, Explanation, FailedTest, Reason, Tier, Unmatched,
};
pub use key::{FlagKey, InvalidFlagKey};
pub use overlay::{
    Mask, MaskEffect, Naming, Overlaid, Overlay, OverlayMode, OverlayNote, Variable,
};
pub use preset::{Preset, UnknownPreset};
pub use rule::{Rule, RuleRef, Weight};
pub use shared::Shared;
pub use snapshot::{Interner, Slot, Snapshot};
pub use validation::{Problem, Problems};
pub use value::{FlagValue, InvalidValue, ValueType};
