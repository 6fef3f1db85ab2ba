//! How much harm is done, and for how long: little each day, more when the environment asks for it.

use std::env;

/// How often harm at chance is repeated: `CUTOVER_ROUNDS`, or else `usual` times.
#[must_use]
pub fn rounds(usual: u32) -> u32 {
    number("CUTOVER_ROUNDS").unwrap_or(usual)
}

/// How long many processes work on one store: `CUTOVER_SOAK_SECONDS`, or else `usual` seconds.
#[must_use]
pub fn soak_seconds(usual: u32) -> u32 {
    number("CUTOVER_SOAK_SECONDS").unwrap_or(usual)
}

/// How many comparison records a test makes: what it usually makes, or `CUTOVER_COMPARISON_RECORDS`.
#[must_use]
pub fn comparison_records(usual: u32) -> u32 {
    number("CUTOVER_COMPARISON_RECORDS").unwrap_or(usual)
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no composition root: this is how the person who runs them is heard"
)]
fn number(variable: &str) -> Option<u32> {
    let text = env::var(variable).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{variable}={text} is no number")))
}
