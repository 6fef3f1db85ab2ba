//! Finding the programs: given by the environment, or built beside the test itself.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The built `cutover`.
#[must_use]
pub fn cutover_binary() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| find("CUTOVER_BIN", "cutover-cli", "cutover"))
}

/// The built `mdm`, the reference migration.
#[must_use]
pub fn mdm_binary() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| find("MDM_BIN", "mdm", "mdm"))
}

/// The built `store-driver`: a flag store in a process of its own.
#[must_use]
pub fn store_driver_binary() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| find("STORE_DRIVER_BIN", "cutover-store-driver", "store-driver"))
}

/// `cargo xtask test` builds once and names the program in `variable`. Without it (a single test
/// run by hand) cargo is asked to build it in the folder that this test was built in: it knows
/// whether there is anything to do, and its lock makes many tests at once wait for one build.
fn find(variable: &str, package: &str, name: &str) -> PathBuf {
    if let Some(path) = env::var_os(variable) {
        let path = PathBuf::from(path);
        assert!(
            path.is_file(),
            "{variable} names {}, which is not there",
            path.display()
        );
        return path;
    }
    let test = env::current_exe().expect("a test knows its own path");
    // <target>/<profile>/deps/<test>
    let profile = test
        .ancestors()
        .nth(2)
        .expect("a test is built below a profile's folder");
    let target = profile
        .parent()
        .expect("a profile's folder is in the target folder");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build
        .args(["build", "--quiet", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml"))
        .args(["--package", package, "--bin", name, "--target-dir"])
        .arg(target);
    if profile.ends_with("release") {
        build.arg("--release");
    }
    let status = build.status().expect("cargo can be started");
    assert!(status.success(), "`cargo build --package {package}` failed");
    profile.join(format!("{name}{}", env::consts::EXE_SUFFIX))
}
