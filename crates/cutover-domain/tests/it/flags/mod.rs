//! What flags promise, for every unit, salt and percentage.

mod buckets;
mod evaluation;
mod explain;
mod expressions;
mod fuzz;
mod laws;
mod oracle;
mod rules;
mod stale;
mod validation;

use cutover_domain::Percentage;
use cutover_domain::flags::{
    Bucketing, Context, Decision, Definition, FlagDocument, Interner, Rollout, Rule, Snapshot,
};
use jiff::Timestamp;

fn decide(document: &FlagDocument, key: &str, context: &Context<'_>) -> Decision {
    let mut interner = Interner::default();
    let snapshot = Snapshot::compile(document, &mut interner);
    snapshot.decide(interner.slot(key), context, false)
}

fn document(flags: impl IntoIterator<Item = (&'static str, Definition)>) -> FlagDocument {
    let mut document = FlagDocument::empty(Timestamp::UNIX_EPOCH);
    document.flags = flags
        .into_iter()
        .map(|(key, flag)| (key.parse().unwrap(), flag))
        .collect();
    document.validate().unwrap();
    document
}

fn rolled_out(percentage: Percentage, bucketing: Bucketing) -> Definition {
    let rollout = Rollout {
        percentage: Some(percentage),
        bucketing,
        ..Rollout::default()
    };
    Definition {
        rollout: Some(rollout),
        ..Definition::boolean()
    }
}

fn on() -> Definition {
    Definition {
        default: "on".to_owned(),
        ..Definition::boolean()
    }
}

fn requiring(keys: &[&str], definition: Definition) -> Definition {
    Definition {
        requires: keys.iter().map(|key| key.parse().unwrap()).collect(),
        ..definition
    }
}

/// A rule that answers `on` when the expression holds.
fn rule(expression: &str) -> Rule {
    let when = expression
        .parse()
        .unwrap_or_else(|error| panic!("{expression}: {error}"));
    Rule::serving(when, "on")
}

fn ruled(rules: impl IntoIterator<Item = Rule>) -> Definition {
    Definition {
        rules: rules.into_iter().collect(),
        ..Definition::boolean()
    }
}
