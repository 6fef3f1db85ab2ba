//! How differences are found; see the module above for the idea.
//!
//! `selector` and `scope` say which rules hold where, `text` and `tolerance` what they do to texts and
//! numbers, `sides` prepares both answers, `agree` judges
//! pairs, `align`, `align_close`, `keyed`, `bag`, `close` and
//! `pairing` find who stands for whom, `walk` drives it
//! all, `finding` keeps what is found, `stop` ends it.

mod agree;
mod align;
mod align_close;
mod assignment;
mod bag;
mod classes;
mod close;
mod finding;
mod gap;
mod hashes;
mod keyed;
mod look;
mod pairing;
mod paths;
mod scope;
mod selector;
mod sides;
mod stop;
mod text;
mod tolerance;
mod walk;

use super::comparator::Compiled;
use super::difference::{Comparison, Severity, Undecided};
use crate::tree::Tree;
use stop::Stop;

pub use gap::are_close;
pub(super) use paths::member as member_name;
pub(super) use scope::{Effect, PathRule, RuleId};
pub(super) use selector::{Segment, Selector, SelectorError, Step};
pub(super) use text::{TextChange, TextRule};
pub(super) use tolerance::{Numbers, Tolerance};

/// Compares two answers by checked rules, until `stop` says so.
pub(super) fn compare(
    rules: &Compiled,
    old: &Tree,
    new: &Tree,
    stop: &dyn Fn() -> bool,
) -> Comparison {
    // The usual case, whatever the rules, found without preparing anything.
    if old == new {
        return Comparison::same();
    }
    let bytes = (old.size() + new.size()) as u64;
    if bytes > rules.max_bytes {
        let what = format!(
            "the answers take {bytes} bytes, more than the {} allowed, and were not compared; \
             raise max_bytes",
            rules.max_bytes
        );
        return not_looked_at(what, old, new);
    }
    let stop = Stop::new(stop);
    match sides::Pair::prepare(rules, old, new, &stop) {
        Some(pair) => walk::Walk::new(&pair, &stop).run(),
        None => {
            let what = "the time ended before the answers were looked at; raise max_time";
            not_looked_at(what.to_owned(), old, new)
        }
    }
}

fn not_looked_at(what: String, old: &Tree, new: &Tree) -> Comparison {
    Comparison {
        equal: false,
        exact: false,
        inexact: vec![Undecided {
            path: "$".to_owned(),
            what,
            elements: (old.node_count() + new.node_count()) as u64,
        }],
        ..Comparison::same()
    }
}

/// How much it matters when the answers as a whole differ.
pub(super) fn severity_of_whole(rules: &Compiled) -> Severity {
    scope::Scopes::new(rules).get(scope::ROOT).severity()
}

/// Whether two texts are the same by the rules that hold everywhere; `hits` gets those it took.
pub(super) fn same_everywhere(
    rules: &Compiled,
    old: &str,
    new: &str,
    hits: &mut Vec<RuleId>,
) -> bool {
    let (texts, applied) = (&rules.texts, &rules.texts_everywhere[..]);
    let same = text::normal(texts, applied, old) == text::normal(texts, applied, new);
    if same {
        text::needed(texts, (applied, old), (applied, new), |rule| {
            hits.push(rule)
        });
    }
    same
}
