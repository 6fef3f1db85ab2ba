//! What a flag check costs, beside two engines of others, in one run: `cargo xtask bench
//! --vs-peers`.
//!
//! Every [`scenario`] is described once and translated by each engine: [`cutover`], [`yggdrasil`]
//! and [`launchdarkly`]. [`answers`] proves that they agree before anything is measured. Then
//! [`time`], [`allocations`] and [`instructions`] measure the same [`way`]s of asking, and
//! [`report`] shows them side by side.

pub mod allocations;
pub mod answers;
pub mod cutover;
pub mod floor;
pub mod instructions;
pub mod launchdarkly;
pub mod report;
pub mod scenario;
pub mod targets;
pub mod time;
pub mod way;
pub mod world;
pub mod yggdrasil;
