//! Laws of the domain.

mod flags;
