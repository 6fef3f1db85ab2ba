//! Running old and new.
