//! The `cutover` program; everything is in the library beside it, so that it can be documented
//! and tested.

use std::process::ExitCode;

fn main() -> ExitCode {
    cutover_cli::main()
}
