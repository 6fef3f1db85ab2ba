//! Rules about Rust sources.

use super::tree::{File, Finding, Tree};

const LONGEST: usize = 600;

/// Long files are split by idea.
pub(super) fn length(tree: &Tree) -> Vec<Finding> {
    tree.rust()
        .filter_map(|file| {
            let lines = file.lines().count();
            (lines > LONGEST).then(|| {
                Finding::new(
                    file,
                    format!("{lines} lines: split it by idea, not by length"),
                )
            })
        })
        .collect()
}

/// Names that say nothing about what is inside.
pub(super) fn names(tree: &Tree) -> Vec<Finding> {
    const VAGUE: &[&str] = &[
        "common", "helper", "helpers", "misc", "model", "models", "types", "util", "utils",
    ];
    tree.rust()
        .filter(|file| {
            file.path
                .split('/')
                .any(|part| VAGUE.contains(&part.trim_end_matches(".rs")))
        })
        .map(|file| Finding::new(file, "name it after what is inside"))
        .collect()
}

/// What must not be committed. Put together so that this file does not find itself.
const UNFINISHED: &[&str] = &[
    concat!("to", "do!("),
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("unimplem", "ented!("),
    concat!("#[ign", "ore"),
    concat!("db", "g!("),
];

/// What a test is marked with that others start again as a process of its own, to be killed.
const CHILD_PROCESS: &str = "= \"a child process";

/// No stub, no skipped test, no note to oneself.
pub(super) fn unfinished(tree: &Tree) -> Vec<Finding> {
    search(
        tree.files()
            .iter()
            .filter(|file| file.is(&["rs", "toml", "sh"])),
        |_, line| {
            let mark = UNFINISHED.iter().find(|mark| line.contains(**mark))?;
            if line.contains(CHILD_PROCESS) {
                return None;
            }
            Some(format!(
                "`{mark}`: finish it, or leave it out and open an issue"
            ))
        },
    )
}

/// A test that sleeps is slow on a fast machine and flaky on a slow one. The rare case where the
/// passing of time is what is tested says so just above: `sleeps: reason`.
pub(super) fn sleeping(tree: &Tree) -> Vec<Finding> {
    const SLEEP: &str = concat!("sle", "ep(");
    let mut findings = Vec::new();
    for file in tree.rust() {
        let mut in_tests = file.path.contains("/tests/");
        let mut excused = false;
        for (number, line) in file.lines() {
            in_tests |= line.starts_with("#[cfg(test)]");
            excused |= line.contains("sleeps: ");
            if !line.contains(SLEEP) {
                continue;
            }
            if in_tests && !excused {
                findings.push(Finding::line(
                    file,
                    number,
                    "a test waits for an event with a deadline; if time itself is tested, say \
                     `// sleeps: why` above",
                ));
            }
            excused = false;
        }
    }
    findings
}

/// One integration test binary per crate: `tests/it/main.rs` and its modules. A file that no
/// `mod` names is never compiled, and its tests never fail.
pub(super) fn orphans(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        let Some((package, inside)) = file.path.rsplit_once("/tests/it/") else {
            let in_tests = file.folder().ends_with("/tests") && file.name() != "main.rs";
            if in_tests && !file.path.starts_with("tests/foreign/") {
                findings.push(Finding::new(
                    file,
                    "move it to tests/it/ as a module of main.rs: one test binary per crate",
                ));
            }
            continue;
        };
        let module = inside.trim_end_matches(".rs").trim_end_matches("/mod");
        let module = module.rsplit('/').next().unwrap_or(module);
        if inside == "main.rs" {
            continue;
        }
        let declared = format!("mod {module};");
        let folder = format!("{package}/tests/it/");
        let found = tree
            .rust()
            .filter(|other| other.path.starts_with(&folder))
            .any(|other| {
                other
                    .lines()
                    .any(|(_, line)| line.trim_start().ends_with(&declared))
            });
        if !found {
            findings.push(Finding::new(
                file,
                format!("never run: no `{declared}` in {folder}main.rs"),
            ));
        }
    }
    findings
}

/// Paths of somebody's machine.
pub(super) fn machine_paths(tree: &Tree) -> Vec<Finding> {
    const PATHS: &[&str] = &[
        concat!("/ho", "me/"),
        concat!("/ro", "ot/"),
        concat!("/Us", "ers/"),
        concat!("/wo", "rk/"),
        concat!("C:\\Us", "ers"),
    ];
    let text = [
        "rs", "toml", "md", "sh", "json", "yml", "yaml", "snap", "html",
    ];
    let files = tree
        .files()
        .iter()
        .filter(|file| file.is(&text) || file.path.starts_with(".ci/"));
    search(files, |_, line| {
        let path = PATHS.iter().find(|path| {
            line.match_indices(**path)
                .any(|(at, _)| starts_a_path(&line[..at]) && !is_made_up(&line[at + path.len()..]))
        })?;
        Some(format!("`{path}…` is a path of one machine"))
    })
}

/// Names of nobody, for examples and tests.
fn is_made_up(rest: &str) -> bool {
    const NOBODY: &[&str] = &["alice", "me", "somebody", "u", "user", "you"];
    rest.split(|c: char| !c.is_alphanumeric())
        .next()
        .is_some_and(|name| NOBODY.contains(&name))
}

/// Whether a path can start here: `docs/home/x` is not below the root.
fn starts_a_path(before: &str) -> bool {
    !before.ends_with(|c: char| {
        c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '}' | ')' | '~' | '*')
    })
}

fn search<'a>(
    files: impl Iterator<Item = &'a File>,
    problem: impl Fn(&File, &str) -> Option<String>,
) -> Vec<Finding> {
    files
        .flat_map(|file| {
            file.lines()
                .filter_map(|(number, line)| {
                    Some(Finding::line(file, number, problem(file, line)?))
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tree::{shown, tree};
    use super::*;

    #[test]
    fn long_and_vague_files_are_found() {
        let long = "//\n".repeat(LONGEST + 1);
        let tree = tree([
            ("a/src/long.rs", &long),
            ("a/src/short.rs", ""),
            ("a/src/utils.rs", ""),
        ]);
        assert_eq!(length(&tree).len(), 1);
        assert_eq!(
            shown(&names(&tree)),
            ["a/src/utils.rs: name it after what is inside"]
        );
    }

    #[test]
    fn every_mark_of_the_unfinished_is_found() {
        for mark in UNFINISHED {
            let text = format!("fn main() {{}}\n    {mark}\n");
            let found = unfinished(&tree([("a/src/lib.rs", &text)]));
            assert_eq!(found.len(), 1, "{mark}");
            assert!(shown(&found)[0].starts_with("a/src/lib.rs:2:"), "{mark}");
        }
    }

    #[test]
    fn a_test_that_others_start_as_a_process_may_be_left_to_them() {
        let mark = concat!("#[ign", "ore");
        let text = format!("{mark} = \"a child process of the tests below\"]\n{mark} = \"slow\"]");
        let found = unfinished(&tree([("a/tests/it/kill.rs", &text)]));
        assert!(shown(&found)[0].starts_with("a/tests/it/kill.rs:2:"));
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn tests_that_sleep_are_found_and_excuses_hold_for_one_call() {
        let nap = concat!("thread::sle", "ep(second);");
        let unit = format!("{nap}\n#[cfg(test)]\nmod tests {{\n{nap}\n}}\n");
        let excused = format!("// sleeps: the pause is what is measured\n{nap}\n{nap}\n");
        let found = sleeping(&tree([
            ("a/src/lib.rs", &unit),
            ("a/tests/it/x.rs", nap),
            ("a/tests/it/excused.rs", &excused),
            ("a/src/production.rs", nap),
        ]));
        let places: Vec<String> = shown(&found)
            .iter()
            .map(|text| text.split(": ").next().unwrap().to_owned())
            .collect();
        assert_eq!(
            places,
            [
                "a/src/lib.rs:4",
                "a/tests/it/x.rs:1",
                "a/tests/it/excused.rs:3"
            ]
        );
    }

    #[test]
    fn test_files_that_nobody_names_are_found() {
        let found = orphans(&tree([
            ("crates/a/tests/it/main.rs", "mod named;\npub mod folder;\n"),
            ("crates/a/tests/it/named.rs", ""),
            ("crates/a/tests/it/folder/mod.rs", "mod inner;"),
            ("crates/a/tests/it/folder/inner.rs", ""),
            ("crates/a/tests/it/forgotten.rs", ""),
            ("crates/a/tests/second.rs", ""),
            ("tests/tests/it/main.rs", "mod kills;"),
            ("tests/tests/it/kills.rs", ""),
        ]));
        let found = shown(&found);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("forgotten"), "{found:?}");
        assert!(found[1].contains("second"), "{found:?}");
    }

    #[test]
    fn paths_of_a_machine_are_found_but_not_inside_other_paths() {
        let mine = concat!(
            "let x = \"/ho",
            "me/bob/x\";\n// docs/ho",
            "me/page and ~/wo",
            "rk/x\n"
        );
        assert_eq!(machine_paths(&tree([("a.rs", mine)])).len(), 1);
    }
}
