//! Storing comparison records.
