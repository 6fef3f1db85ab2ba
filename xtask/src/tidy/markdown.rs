//! Rules about what people read.

use super::tree::{File, Finding, Tree};

/// A crate's front page and its documentation are one text, and its example runs.
pub(super) fn readmes(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for manifest in tree
        .manifests()
        .filter(|file| file.path.starts_with("crates/"))
    {
        let folder = manifest.folder();
        let Some(readme) = tree.get(&format!("{folder}/README.md")) else {
            findings.push(Finding::at(
                &format!("{folder}/README.md"),
                "the crate has no README",
            ));
            continue;
        };
        let library = tree.get(&format!("{folder}/src/lib.rs"));
        let source = library.or_else(|| tree.get(&format!("{folder}/src/main.rs")));
        let included = source
            .and_then(|file| file.text.as_deref())
            .is_some_and(|text| text.contains("#![doc = include_str!(\"../README.md\")]"));
        if let Some(source) = source.filter(|_| !included) {
            findings.push(Finding::new(
                source,
                "start with `#![doc = include_str!(\"../README.md\")]`",
            ));
        }
        let has_example = if library.is_some() {
            has_running_example
        } else {
            has_any_example
        };
        if !has_example(readme) {
            findings.push(Finding::new(readme, "show a running example"));
        }
    }
    findings
}

/// A code block that rustdoc compiles and runs.
fn has_running_example(readme: &File) -> bool {
    fences(readme).any(|language| {
        language
            .split(',')
            .all(|word| matches!(word.trim(), "" | "rust" | "edition2024"))
    })
}

/// A program has no doctests: a session of its use is the example.
fn has_any_example(readme: &File) -> bool {
    fences(readme).next().is_some()
}

/// The language of each code block.
fn fences(file: &File) -> impl Iterator<Item = &str> {
    let mut inside = false;
    file.lines().filter_map(move |(_, line)| {
        let language = line.trim_start().strip_prefix("```")?;
        inside = !inside;
        inside.then_some(language)
    })
}

/// Every relative link names a file or folder that is there.
pub(super) fn links(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files().iter().filter(|file| file.is(&["md"])) {
        let mut in_code = false;
        for (number, line) in file.lines() {
            in_code ^= line.trim_start().starts_with("```");
            if in_code {
                continue;
            }
            for link in line
                .split("](")
                .skip(1)
                .filter_map(|rest| rest.split([')', ' ']).next())
            {
                let target = link.split('#').next().unwrap_or_default();
                let is_file = !target.is_empty() && !target.contains(':') && !target.contains("::");
                if is_file
                    && looks_like_a_path(target)
                    && !exists(tree, &resolve(file.folder(), target))
                {
                    findings.push(Finding::line(
                        file,
                        number,
                        format!("nothing is at `{link}`"),
                    ));
                }
            }
        }
    }
    findings
}

/// A crate's README also links to items, by their names, which rustdoc checks.
fn looks_like_a_path(target: &str) -> bool {
    target.contains(['/', '.'])
}

fn resolve(folder: &str, link: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

fn exists(tree: &Tree, path: &str) -> bool {
    let folder = format!("{path}/");
    path.is_empty()
        || tree
            .files()
            .iter()
            .any(|file| file.path == path || file.path.starts_with(&folder))
}

/// Users read it, so it is kept while working and not made up at a release.
pub(super) fn changelog(tree: &Tree) -> Vec<Finding> {
    let text = tree
        .get("CHANGELOG.md")
        .and_then(|file| file.text.as_deref())
        .unwrap_or_default();
    if text.contains("## [Unreleased]") {
        Vec::new()
    } else {
        vec![Finding::at(
            "CHANGELOG.md",
            "there is no `## [Unreleased]` section",
        )]
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::{shown, tree};
    use super::*;

    const INCLUDED: &str = "#![doc = include_str!(\"../README.md\")]\n";

    #[test]
    fn a_readme_must_be_there_be_included_and_run() {
        for (readme, source, findings) in [
            ("# a\n```\nassert!(true);\n```\n", INCLUDED, 0),
            ("# a\n```rust\nassert!(true);\n```\n", INCLUDED, 0),
            ("# a\n```rust,no_run\n```\n", INCLUDED, 1),
            ("# a\n```text\n```\n", INCLUDED, 1),
            ("# a\n", "//! a\n", 2),
        ] {
            let tree = tree([
                ("crates/a/Cargo.toml", ""),
                ("crates/a/README.md", readme),
                ("crates/a/src/lib.rs", source),
            ]);
            assert_eq!(readmes(&tree).len(), findings, "{readme}{source}");
        }
        assert_eq!(readmes(&tree([("crates/a/Cargo.toml", "")])).len(), 1);
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let page = "[a](../README.md) [b](gone.md#x) [c](https://example.org/x.md)\n\
            ```\n[d](gone.md)\n```\n[e](#here) [f](adr) [g](Live::decide) [h](..)\n";
        let found = links(&tree([
            ("docs/page.md", page),
            ("README.md", ""),
            ("docs/adr/0001-a.md", ""),
        ]));
        assert_eq!(shown(&found), ["docs/page.md:1: nothing is at `gone.md#x`"]);
    }

    #[test]
    fn a_changelog_needs_its_next_section() {
        assert_eq!(
            changelog(&tree([("CHANGELOG.md", "# Changelog\n")])).len(),
            1
        );
        assert_eq!(
            changelog(&tree([("CHANGELOG.md", "## [Unreleased]\n")])).len(),
            0
        );
    }
}
