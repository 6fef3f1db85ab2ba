//! What hostile documents and rules do, for every format.

#![expect(
    clippy::unwrap_used,
    reason = "these are tests; the lints know only functions that are marked as such"
)]

mod documents;
mod rules;
