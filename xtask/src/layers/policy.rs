//! `deny.toml`, the one list of allowed licences and banned crates.
//!
//! Only what this file needs of TOML is read: two lists, each in its section. `cargo deny` reads
//! the same file where it is installed.

use std::fs;

use super::licence;
use crate::cargo;
use crate::metadata::Metadata;

/// What third-party packages must meet.
#[derive(Debug)]
pub(super) struct Policy {
    licences: Vec<String>,
    banned: Vec<String>,
}

impl Policy {
    /// Reads `deny.toml`.
    pub(super) fn load() -> Result<Self, String> {
        let path = cargo::root().join("deny.toml");
        let text = fs::read_to_string(&path)
            .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let missing = |what: &str| format!("deny.toml has no list {what}");
        let licences = list(text, "licenses", "allow").ok_or_else(|| missing("licenses.allow"))?;
        let banned = list(text, "bans", "deny").ok_or_else(|| missing("bans.deny"))?;
        Ok(Self {
            licences: strings(&licences),
            banned: named(&banned, "crate"),
        })
    }

    /// Every third-party package that breaks the policy.
    pub(super) fn check(&self, metadata: &Metadata) -> Vec<String> {
        let mut broken = Vec::new();
        for package in metadata.third_party() {
            let (name, version) = (&package.name, &package.version);
            match &package.licence {
                Some(licence) if licence::is_allowed(licence, &self.licences) => {}
                Some(licence) => broken.push(format!(
                    "{name} {version} is under `{licence}`, which deny.toml does not allow"
                )),
                None => broken.push(format!("{name} {version} names no licence")),
            }
            if self.banned.contains(name) {
                broken.push(format!(
                    "{name} {version} is banned by deny.toml; `cargo tree -i {name}` shows who \
                     brings it in"
                ));
            }
        }
        broken
    }
}

/// The text between the brackets of `key = [ … ]` in `[section]`, without comments.
fn list(text: &str, section: &str, key: &str) -> Option<String> {
    let header = format!("[{section}]");
    let mut lines = text
        .lines()
        .skip_while(|line| line.trim() != header)
        .skip(1);
    let first = lines
        .by_ref()
        .take_while(|line| !line.starts_with('['))
        .find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('='))?;
    let mut inside = String::new();
    for line in std::iter::once(first).chain(lines) {
        let line = line.split('#').next().unwrap_or_default();
        inside.push_str(line);
        inside.push('\n');
        if line.trim_end().ends_with(']') {
            return Some(inside);
        }
    }
    None
}

/// All quoted strings.
fn strings(list: &str) -> Vec<String> {
    list.split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// The quoted string after each `key =`.
fn named(list: &str, key: &str) -> Vec<String> {
    let mark = format!("{key} =");
    list.split(&mark)
        .skip(1)
        .filter_map(|rest| rest.split('"').nth(1))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENY: &str = r#"
[licenses]
confidence-threshold = 0.9
allow = [
  "MIT", # ours
  "Apache-2.0",
]

[bans]
deny = [
  { crate = "serde_yaml", reason = "archived" },
  { crate = "duckdb" },
]
"#;

    #[test]
    fn both_lists_are_read() {
        let policy = Policy::parse(DENY).unwrap();
        assert_eq!(policy.licences, ["MIT", "Apache-2.0"]);
        assert_eq!(policy.banned, ["serde_yaml", "duckdb"]);
    }

    #[test]
    fn a_file_without_the_lists_is_an_error() {
        assert!(
            Policy::parse("[licenses]\n[bans]\ndeny = []")
                .unwrap_err()
                .contains("allow")
        );
        assert!(
            Policy::parse("[licenses]\nallow = []")
                .unwrap_err()
                .contains("bans")
        );
    }

    #[test]
    fn the_policy_of_this_repository_can_be_read() {
        let policy = Policy::load().unwrap();
        assert!(policy.licences.contains(&"MIT".to_owned()));
        assert!(policy.banned.contains(&"serde_yaml".to_owned()));
    }
}
