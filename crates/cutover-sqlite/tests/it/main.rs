//! The SQLite adapters under their contracts, and under harm.
// `cfg(test)` tells clippy that helpers, too, are tests, and may panic.

#[cfg(test)]
#[cfg(feature = "comparison")]
mod comparison;
#[cfg(test)]
#[cfg(feature = "flags")]
mod flags;
