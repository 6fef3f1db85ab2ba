//! The file adapters, as their users meet them.

#[cfg(feature = "flags")]
mod flags;
