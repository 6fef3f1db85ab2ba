//! The file of a process.

use cutover_domain::metrics::ProcessIdentity;
use xxhash_rust::xxh3::xxh3_64;

/// The most bytes of an instance or boot id in a name.
const MAX_PART: usize = 60;

/// A name that is safe on every file system and different for every process: `INSTANCE-BOOT.json`
/// where that is plain, else the plain part of it and a hash of the whole.
pub(super) fn file_name(process: &ProcessIdentity) -> String {
    let ProcessIdentity { instance, boot } = process;
    let (plain_instance, plain_boot) = (plain(instance, true), plain(boot, false));
    let name = format!("{plain_instance}-{plain_boot}");
    if plain_instance == *instance && plain_boot == *boot {
        format!("{name}.json")
    } else {
        // The length tells "ab" + "c" from "a" + "bc".
        let hash = xxh3_64(format!("{}:{instance}{boot}", instance.len()).as_bytes());
        format!("{name}~{hash:016x}.json")
    }
}

/// The part of a text that may stand in a name. A dash in both parts would leave open where the
/// first one ends, and upper and lower case are one on some file systems.
fn plain(text: &str, dashes: bool) -> String {
    let allowed = |character: char| {
        character.is_ascii_lowercase()
            || character.is_ascii_digit()
            || character == '_'
            || (character == '-' && dashes)
    };
    let plain: String = text
        .chars()
        .filter(|character| allowed(*character))
        .take(MAX_PART)
        .collect();
    if plain.is_empty() {
        "x".to_owned()
    } else {
        plain
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn name(instance: &str, boot: &str) -> String {
        file_name(&ProcessIdentity::new(instance, boot))
    }

    #[test]
    fn plain_identities_are_readable() {
        assert_eq!(name("web-1", "0197c2"), "web-1-0197c2.json");
    }

    #[test]
    fn hostile_identities_stay_apart_and_in_the_directory() {
        let long = "a".repeat(100_000);
        let texts = [
            "",
            "x",
            ".",
            "..",
            "../../etc/passwd",
            "/",
            "\\",
            "a\0b",
            "CON",
            "con",
            "a-b",
            "a",
            "b",
            "é",
            "\n",
            "*",
            &long,
            "-",
            "ab",
            "c",
            "bc",
        ];
        let mut names = BTreeSet::new();
        for instance in texts {
            for boot in texts {
                let name = name(instance, boot);
                assert!(name.len() < 255 && !name.starts_with('.'), "{name}");
                assert!(
                    name.bytes().all(|b| b.is_ascii_lowercase()
                        || b.is_ascii_digit()
                        || b"-_.~".contains(&b)),
                    "{name}"
                );
                assert!(names.insert(name), "{instance:?} {boot:?}");
            }
        }
    }
}
