//! How differences are found; see the module above for the idea.
//!
//! `selector` and `scope` say which rules hold where, `text` and `tolerance` what they do to texts and
//! numbers, `sides` prepares both answers, `agree` judges
//! pairs, `align`, `keyed`, `bag`, `close` and `pairing` find who stands for whom, `walk` drives it
//! all and reports.

mod agree;
mod align;
mod assignment;
mod bag;
mod classes;
mod close;
mod keyed;
mod pairing;
mod paths;
mod scope;
mod selector;
mod sides;
mod text;
mod tolerance;
mod walk;

use super::comparator::Compiled;
use super::difference::Comparison;
use crate::tree::Tree;

pub(super) use paths::member as member_name;
pub(super) use scope::{Effect, PathRule, RuleId};
pub(super) use selector::{Segment, Selector, SelectorError, Step};
pub(super) use text::{TextChange, TextRule};
pub(super) use tolerance::{Numbers, Tolerance};

/// Compares two answers by checked rules.
pub(super) fn compare(rules: &Compiled, old: &Tree, new: &Tree) -> Comparison {
    // The usual case, whatever the rules, found without preparing anything.
    if old == new {
        return Comparison::same();
    }
    walk::Walk::new(&sides::Pair::prepare(rules, old, new)).run()
}
