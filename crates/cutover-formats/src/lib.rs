//! cutover-formats
