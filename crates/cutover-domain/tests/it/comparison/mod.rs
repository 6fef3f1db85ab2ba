//! Laws and known traps of comparison.

mod budgets;
mod custom;
mod fitting;
mod laws;
mod lookalikes;
mod measurements;
mod noise;
mod noise_values;
mod oracle;
mod performance;
mod redaction;
mod rules;
mod rules_file;
mod secrets;
mod strategy;
mod texts;
mod traps;

use cutover_domain::comparison::{Comparison, Rules};
use cutover_domain::tree::Tree;

fn tree(json: &str) -> Tree {
    Tree::from_json(json).unwrap()
}

fn compare(rules: Rules, old: &str, new: &str) -> Comparison {
    rules.build().unwrap().compare(&tree(old), &tree(new))
}

/// The differences, one line each.
fn lines(comparison: &Comparison) -> Vec<String> {
    comparison
        .differences
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// What the rules hid: `(rule, how often)`.
fn hidden(comparison: &Comparison) -> Vec<(&str, u64)> {
    comparison
        .hidden
        .iter()
        .map(|hit| (hit.rule.as_str(), hit.hidden))
        .collect()
}
