//! Recording and reading metrics.
