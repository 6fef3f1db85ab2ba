//! The lossless value tree.
