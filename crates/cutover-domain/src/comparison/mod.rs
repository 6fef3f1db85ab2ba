//! Comparing two answers.
