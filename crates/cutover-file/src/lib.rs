//! cutover-file
