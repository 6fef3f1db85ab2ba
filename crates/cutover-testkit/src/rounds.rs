use std::env;

/// Says how often tests that do harm at chance repeat it.
const VARIABLE: &str = "CUTOVER_ROUNDS";

/// How often a test that does harm at chance repeats it: as often as the environment variable
/// `CUTOVER_ROUNDS` says, or else `usual` times, which is few enough for every day.
///
/// ```
/// let rounds = cutover_testkit::rounds(24);
/// assert!(rounds == 24 || std::env::var_os("CUTOVER_ROUNDS").is_some());
/// ```
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "tests have no composition root: this is how the person who runs them is heard"
)]
pub fn rounds(usual: u32) -> u32 {
    let wanted = env::var(VARIABLE).ok();
    wanted
        .and_then(|wanted| wanted.parse().ok())
        .unwrap_or(usual)
}
