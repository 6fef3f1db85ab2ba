//! Comparisons in a database.

mod contract;
mod processes;
