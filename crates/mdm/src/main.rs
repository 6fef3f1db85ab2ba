//! mdm
fn main() {}
