//! What the value of a variable says, as a switch and as a percentage.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use cutover_domain::Percentage;
use cutover_domain::flags::Variable;

use crate::{EnvConfig, Scheme};

/// Longer values are not repeated in messages, and are no switch and no percentage.
const LONGEST: usize = 40;

/// Reads a variable by all its spellings, of which a scheme with names in any case may find many.
pub(crate) fn read(
    config: &EnvConfig,
    name: &str,
    spellings: &BTreeMap<String, OsString>,
) -> Variable {
    let mut all = spellings.iter();
    match (all.next(), all.next()) {
        (Some((spelling, value)), None) => read_one(config, spelling, value),
        _ => {
            let names: Vec<_> = spellings.keys().map(String::as_str).collect();
            let problem = format!(
                "it is there as {}; keep one of them",
                names.join(" and as ")
            );
            Variable {
                written: name.to_owned(),
                switch: Err(problem.clone()),
                share: Err(problem),
            }
        }
    }
}

fn read_one(config: &EnvConfig, name: &str, value: &OsStr) -> Variable {
    let lossy = value.to_string_lossy();
    let shown: String = lossy.chars().take(LONGEST).collect();
    let cut = if shown.len() < lossy.len() { "…" } else { "" };
    let read = match value.to_str().map(str::trim) {
        None => Err("it is not UTF-8"),
        Some("") => Err("it is empty; unset it, or give it a value"),
        Some(value) if value.len() > LONGEST => Err("it is too long"),
        Some(value) => Ok(value),
    };
    Variable {
        written: format!("{name}={shown}{cut}"),
        switch: read
            .map_err(str::to_owned)
            .and_then(|value| switch(config, value)),
        share: read.map_err(str::to_owned).and_then(share),
    }
}

fn share(value: &str) -> Result<Percentage, String> {
    value.parse().map_err(|error| format!("{error}"))
}

/// The words of the programs that the schemes come from. A number is a switch only where these read
/// it so: beside percentages it is too easily meant as one.
fn switch(config: &EnvConfig, value: &str) -> Result<bool, String> {
    let words = match config.scheme() {
        Scheme::Feature => [&["true", "on"][..], &["false", "off"]],
        Scheme::Mdm => [
            &["true", "on", "yes", "y", "t", "1"][..],
            &["false", "off", "no", "n", "f", "0"],
        ],
    };
    let lower = value.to_ascii_lowercase();
    match words.map(|words| words.contains(&lower.as_str())) {
        [true, _] => Ok(true),
        [_, true] => Ok(false),
        _ if value.parse::<Percentage>().is_ok() => Err(format!(
            "write true or false; a percentage belongs in the variable that ends in {}",
            config.naming().share_suffix
        )),
        _ => Err("write true or false".to_owned()),
    }
}
