//! What an application takes on when it adds the facade: counted, with a limit.

use std::collections::BTreeSet;
use std::fmt;

use crate::cargo;
use crate::metadata::Metadata;

/// An application that adds `cutover` should stay light.
const LIMIT: usize = 55;

/// Third-party crates behind `cutover` with default features.
#[derive(Debug)]
pub(super) struct Facade {
    crates: usize,
}

/// Asks cargo for the facade alone: the whole workspace would unify more features into it.
pub(super) fn measure(metadata: &Metadata) -> Result<Facade, String> {
    let tree = cargo::read(&mut cargo::cargo([
        "tree",
        "--package",
        "cutover",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]))?;
    let ours: BTreeSet<&str> = metadata
        .members()
        .map(|package| package.name.as_str())
        .collect();
    let others: BTreeSet<&str> = tree
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .filter(|line| {
            line.split(' ')
                .next()
                .is_some_and(|name| !name.is_empty() && !ours.contains(name))
        })
        .collect();
    Ok(Facade {
        crates: others.len(),
    })
}

impl Facade {
    /// The limit, if it is passed.
    pub(super) fn check(&self) -> Option<String> {
        (self.crates >= LIMIT)
            .then(|| format!("{self}; see `cargo tree -p cutover -e normal,build` for what is new"))
    }
}

impl fmt::Display for Facade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the facade brings {} crates of others (limit: under {LIMIT})",
            self.crates
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_itself_is_too_much() {
        assert_eq!(Facade { crates: LIMIT - 1 }.check(), None);
        assert!(Facade { crates: LIMIT }.check().is_some());
    }
}
