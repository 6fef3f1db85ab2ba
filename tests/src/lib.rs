//! Black-box harness over the built binaries.
