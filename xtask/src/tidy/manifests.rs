//! Rules about `Cargo.toml`. They read it by line: one dependency is one line there.

use super::tree::{File, Finding, Tree};

const ROOT: &str = "Cargo.toml";

/// The lines of the tables for which `wanted` says yes, with their numbers, as `(key, value)`.
fn entries<'a>(
    file: &'a File,
    wanted: impl Fn(&str) -> bool + 'a,
) -> impl Iterator<Item = (usize, &'a str, &'a str)> {
    let mut inside = false;
    file.lines().filter_map(move |(number, line)| {
        if line.starts_with('[') {
            inside = wanted(line.trim_matches(['[', ']']));
            return None;
        }
        let (key, value) = line.split_once('=')?;
        let is_entry = inside && !line.starts_with([' ', '#']);
        is_entry.then(|| (number, key.trim(), value.trim()))
    })
}

fn is_dependencies(table: &str) -> bool {
    table.ends_with("dependencies") && table != "workspace.dependencies"
}

/// Versions and features live in the root, so that one package selection builds one set of them.
pub(super) fn dependencies(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(root) = tree.get(ROOT) {
        for (line, name, value) in entries(root, |table| table == "workspace.dependencies") {
            let bare = value.starts_with('"');
            let by_path_alone = value.contains("path = ") && !value.contains("version = ");
            if (bare && !has_no_defaults(name))
                || (!bare && !by_path_alone && !value.contains("default-features = false"))
            {
                findings.push(Finding::line(
                    root,
                    line,
                    format!("{name}: say `default-features = false` and name the features"),
                ));
            }
        }
    }
    for manifest in tree.manifests() {
        for (line, key, value) in entries(manifest, is_dependencies) {
            let inherits = key.ends_with(".workspace") || value.contains("workspace = true");
            if !inherits {
                findings.push(Finding::line(
                    manifest,
                    line,
                    format!("{key}: declare it in [workspace.dependencies] and inherit it"),
                ));
            }
        }
    }
    findings
}

/// Crates without any feature: there is no default to switch off.
fn has_no_defaults(name: &str) -> bool {
    matches!(name, "async-trait")
}

/// A declared dependency that no crate names is left over.
pub(super) fn unused(tree: &Tree) -> Vec<Finding> {
    let Some(root) = tree.get(ROOT) else {
        return Vec::new();
    };
    entries(root, |table| table == "workspace.dependencies")
        .filter(|(_, name, _)| {
            !tree.manifests().any(|manifest| {
                entries(manifest, is_dependencies)
                    .any(|(_, key, _)| key.trim_end_matches(".workspace") == *name)
            })
        })
        .map(|(line, name, _)| Finding::line(root, line, format!("{name}: no crate uses it")))
        .collect()
}

/// What every crate takes from the workspace.
pub(super) fn inherited(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for manifest in tree.manifests() {
        let has = |table: &str, key: &str| {
            entries(manifest, |name| name == table).any(|(_, found, _)| found == key)
        };
        for key in ["version", "edition", "rust-version", "license"] {
            if !has("package", &format!("{key}.workspace")) {
                findings.push(Finding::new(
                    manifest,
                    format!("say `{key}.workspace = true`"),
                ));
            }
        }
        if !has("lints", "workspace") {
            findings.push(Finding::new(manifest, "say `[lints] workspace = true`"));
        }
        if !has("package", "description") {
            findings.push(Finding::new(
                manifest,
                "say in `description` what the crate is",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::tree::{shown, tree};
    use super::*;

    const GOOD: &str = "[package]\nname = \"a\"\ndescription = \"x\"\nversion.workspace = true\n\
        edition.workspace = true\nrust-version.workspace = true\nlicense.workspace = true\n\
        [dependencies]\nserde.workspace = true\nserde_json = { workspace = true, optional = true }\n\
        [lints]\nworkspace = true\n";

    #[test]
    fn a_good_manifest_has_no_findings() {
        let root = "[workspace.dependencies]\n\
            serde = { version = \"1\", default-features = false }\n\
            # A comment = here\n\
            serde_json = { version = \"1\", default-features = false }\n\
            kit = { path = \"kit\" }\n";
        let member = format!("{GOOD}[dev-dependencies]\nkit.workspace = true\n");
        let tree = tree([("Cargo.toml", root), ("crates/a/Cargo.toml", &member)]);
        for rule in [dependencies, unused, inherited] {
            assert_eq!(shown(&rule(&tree)), Vec::<String>::new());
        }
    }

    #[test]
    fn defaults_versions_and_leftovers_are_found() {
        let root = "[workspace.dependencies]\nserde = \"1\"\nserde_json = { version = \"1\" }\n\
            gone = { version = \"1\", default-features = false }\n";
        let member = format!("{GOOD}[build-dependencies]\ncc = \"1\"\n");
        let tree = tree([("Cargo.toml", root), ("crates/a/Cargo.toml", &member)]);
        assert_eq!(dependencies(&tree).len(), 3);
        assert_eq!(
            shown(&unused(&tree)),
            ["Cargo.toml:4: gone: no crate uses it"]
        );
    }

    #[test]
    fn strangers_below_tests_are_left_alone() {
        let tree = tree([("tests/foreign/a/Cargo.toml", "[dependencies]\nx = \"1\"\n")]);
        assert!(dependencies(&tree).is_empty() && inherited(&tree).is_empty());
    }
}
