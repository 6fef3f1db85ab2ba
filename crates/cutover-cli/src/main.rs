//! cutover-cli
fn main() {}
