//! Storing flags.
