//! The suites, run over the reference stores.

mod flags;
