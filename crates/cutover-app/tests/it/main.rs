//! The use cases, over the in-memory adapters.

mod flags;
