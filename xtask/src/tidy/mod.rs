//! `cargo xtask tidy`: the project's own rules about files and manifests, each a function from
//! the tree to what breaks it.

mod files;
mod manifests;
mod markdown;
mod sources;
mod tree;

use crate::cargo;
use crate::steps::{Outcome, Steps};
use tree::{Finding, Tree};

type Rule = fn(&Tree) -> Vec<Finding>;

/// Every rule, with what it is for.
const RULES: &[(&str, Rule)] = &[
    ("a file is one idea: at most 600 lines", sources::length),
    ("files are named after concepts", sources::names),
    ("nothing is unfinished", sources::unfinished),
    ("tests wait for events, not for time", sources::sleeping),
    ("every integration test file is run", sources::orphans),
    (
        "nothing of one machine is in the repository",
        sources::machine_paths,
    ),
    ("snapshots are accepted or gone", files::snapshots),
    ("the licence texts are there", files::licences),
    (
        "dependencies are declared once, in the root, without defaults",
        manifests::dependencies,
    ),
    ("every declared dependency is used", manifests::unused),
    (
        "every manifest takes what the workspace settles",
        manifests::inherited,
    ),
    (
        "a crate's README is its documentation, with an example",
        markdown::readmes,
    ),
    ("links between files lead somewhere", markdown::links),
    (
        "the changelog has a place for what comes next",
        markdown::changelog,
    ),
];

/// Runs the check as the only step.
pub(crate) fn run() -> Steps {
    let mut steps = Steps::default();
    steps.run("tidy", "cargo xtask tidy", check);
    steps
}

fn check() -> Outcome {
    let tree = Tree::load(cargo::root())?;
    let mut found = 0;
    for (rule, findings) in RULES {
        let findings = findings(&tree);
        if !findings.is_empty() {
            println!("   {rule}:");
        }
        for finding in &findings {
            println!("   - {finding}");
        }
        found += findings.len();
    }
    if found == 0 {
        Ok(format!(
            "{} rules over {} files",
            RULES.len(),
            tree.files().len()
        ))
    } else {
        Err(format!("{found} findings"))
    }
}
