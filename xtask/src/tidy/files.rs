//! Rules about files that are there or not.

use super::tree::{Finding, Tree};

/// A snapshot that nobody accepted is a test that nobody read.
pub(super) fn snapshots(tree: &Tree) -> Vec<Finding> {
    tree.files()
        .iter()
        .filter(|file| file.is(&["new", "pending-snap"]) || file.name().ends_with(".snap.new"))
        .map(|file| {
            Finding::new(
                file,
                "accept the snapshot (rename it to .snap) or delete it",
            )
        })
        .collect()
}

/// Both texts of the licence that the manifests name.
pub(super) fn licences(tree: &Tree) -> Vec<Finding> {
    [
        ("LICENSE-MIT", "MIT License"),
        ("LICENSE-APACHE", "Apache License"),
    ]
    .into_iter()
    .filter(|(path, title)| {
        let text = tree.get(path).and_then(|file| file.text.as_deref());
        !text.is_some_and(|text| text.contains(title))
    })
    .map(|(path, _)| Finding::at(path, "the text of the licence is missing"))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tree::tree;
    use super::*;

    #[test]
    fn pending_snapshots_are_found() {
        let tree = tree([
            ("a/x.snap", ""),
            ("a/y.snap.new", ""),
            ("a/.z.rs.pending-snap", ""),
        ]);
        assert_eq!(snapshots(&tree).len(), 2);
    }

    #[test]
    fn an_empty_licence_is_none() {
        let tree = tree([("LICENSE-MIT", "MIT License…"), ("LICENSE-APACHE", "")]);
        assert_eq!(licences(&tree).len(), 1);
    }
}
