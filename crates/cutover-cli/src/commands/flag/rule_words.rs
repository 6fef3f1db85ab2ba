//! Rules in words, and what a change changes about them.

use cutover_domain::flags::{Definition, Rule};

use super::split;
use crate::output::printable;

/// How much of a condition is told where a change stands on one line.
const CONDITION_SHOWN: usize = 160;

/// How many rules that differ are told one by one.
const RULES_TOLD: usize = 100;

/// What people call a rule: `rule 2`, `rule 2 "beta"`.
pub(super) fn called(index: usize, name: Option<&str>) -> String {
    let number = index + 1;
    match name {
        Some(name) => format!("rule {number} \"{}\"", printable(name)),
        None => format!("rule {number}"),
    }
}

/// What a rule gives to those whom it is about: `on`, `10 % on, 90 % off by tenant`.
pub(super) fn given(rule: &Rule, name: impl Fn(&str) -> String) -> String {
    if let Some(variant) = &rule.variant {
        return name(variant);
    }
    let split = split::in_words(&rule.split, rule.bucketing, name);
    match &rule.by {
        Some(by) => format!("{split} by {}", printable(by)),
        None => split,
    }
}

/// A whole rule: `"beta customers", when plan in ["pro"]: on`.
pub(super) fn in_full(rule: &Rule, name: impl Fn(&str) -> String) -> String {
    let called = rule
        .name
        .as_deref()
        .map(|name| format!("\"{}\", ", printable(name)));
    let condition = printable(&rule.when.to_string());
    format!(
        "{}when {condition}: {}",
        called.unwrap_or_default(),
        given(rule, name)
    )
}

/// A rule on one line, cut where it is long: `when plan in ["pro"]: on`.
fn told(rule: &Rule, name: &impl Fn(&str) -> String) -> String {
    format!("when {}: {}", condition(rule), given(rule, name))
}

fn condition(rule: &Rule) -> String {
    let text = printable(&rule.when.to_string());
    match text.char_indices().nth(CONDITION_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// What differs between the rules of a flag before and after, an item each; variants are told by
/// `name`, which gets the definition they belong to.
pub(super) fn differences(
    before: &Definition,
    after: &Definition,
    name: impl Fn(&Definition, &str) -> String,
) -> Vec<String> {
    let old = |variant: &str| name(before, variant);
    let new = |variant: &str| name(after, variant);
    let pairs = pairs(&before.rules, &after.rules);
    let mut items = Vec::new();
    for (index, rule) in before.rules.iter().enumerate() {
        if pairs.iter().all(|(from, _)| *from != index) {
            let called = called(index, rule.name.as_deref());
            items.push(format!("{called} removed ({})", told(rule, &old)));
        }
    }
    let stayed = stayed(&pairs);
    for (index, rule) in after.rules.iter().enumerate() {
        let called = called(index, rule.name.as_deref());
        let Some(pair) = pairs.iter().find(|(_, to)| *to == index) else {
            items.push(format!("{called} added: {}", told(rule, &new)));
            continue;
        };
        if !stayed.contains(pair) {
            items.push(format!("{called} moved from place {}", pair.0 + 1));
        }
        let was = &before.rules[pair.0];
        if was != rule {
            items.push(format!(
                "{called}: {}",
                changed(was, rule, &old, &new).join(", ")
            ));
        }
    }
    let more = items.len().saturating_sub(RULES_TOLD);
    if more > 0 {
        items.truncate(RULES_TOLD);
        items.push(format!("and {more} more changes of rules"));
    }
    items
}

/// What differs between two forms of one rule.
fn changed(
    before: &Rule,
    after: &Rule,
    old: &impl Fn(&str) -> String,
    new: &impl Fn(&str) -> String,
) -> Vec<String> {
    let mut items = Vec::new();
    if before.name != after.name {
        let name = |rule: &Rule| match &rule.name {
            Some(name) => format!("\"{}\"", printable(name)),
            None => "none".to_owned(),
        };
        items.push(format!("name {} → {}", name(before), name(after)));
    }
    if before.when != after.when {
        items.push(format!("when {} → {}", condition(before), condition(after)));
    }
    let (was, is) = (given(before, old), given(after, new));
    if was != is {
        items.push(format!("gives {was} → {is}"));
    }
    if items.is_empty() {
        items.push("bucketing or other fields changed".to_owned());
    }
    items
}

/// Which rule became which: first those of one name, then those that are equal, then those about
/// the same people, then those at the same place.
fn pairs(before: &[Rule], after: &[Rule]) -> Vec<(usize, usize)> {
    let same_name = |a: &Rule, b: &Rule| a.name.is_some() && a.name == b.name;
    let equal = |a: &Rule, b: &Rule| a == b;
    let same_people = |a: &Rule, b: &Rule| a.name.is_none() && b.name.is_none() && a.when == b.when;
    let tests: [fn(&Rule, &Rule) -> bool; 3] = [same_name, equal, same_people];
    let mut became: Vec<Option<usize>> = vec![None; before.len()];
    let mut taken = vec![false; after.len()];
    for is_same in tests {
        for (from, rule) in before
            .iter()
            .enumerate()
            .filter(|(from, _)| became[*from].is_none())
            .collect::<Vec<_>>()
        {
            let free = after
                .iter()
                .enumerate()
                .find(|(to, other)| !taken[*to] && is_same(rule, other));
            if let Some((to, _)) = free {
                became[from] = Some(to);
                taken[to] = true;
            }
        }
    }
    // Only where nothing was added or removed does a place say which rule it is.
    if before.len() == after.len() {
        for index in 0..before.len() {
            if became[index].is_none() && !taken[index] {
                became[index] = Some(index);
                taken[index] = true;
            }
        }
    }
    let kept = became.iter().enumerate();
    kept.filter_map(|(from, to)| Some((from, (*to)?))).collect()
}

/// The pairs that keep their order among each other: as many as can be.
fn stayed(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // Length and predecessor of the longest rising sequence that ends at each pair.
    let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(pairs.len());
    for (index, (_, to)) in pairs.iter().enumerate() {
        let before = (0..index).filter(|earlier| pairs[*earlier].1 < *to);
        let longest = before.max_by_key(|earlier| best[*earlier].0);
        best.push((longest.map_or(1, |earlier| best[earlier].0 + 1), longest));
    }
    // Of several, those that stood first: a rule that is moved is most often moved up.
    let mut at = (0..pairs.len()).rev().max_by_key(|index| best[*index].0);
    let mut stayed = Vec::new();
    while let Some(index) = at {
        stayed.push(pairs[index]);
        at = best[index].1;
    }
    stayed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Rule {
        let (name, rest) = text.split_once(": ").unwrap_or(("", text));
        let (when, variant) = rest.rsplit_once(' ').unwrap();
        let rule = Rule::serving(when.parse().unwrap(), variant);
        if name.is_empty() {
            rule
        } else {
            rule.named(name)
        }
    }

    fn told(before: &[&str], after: &[&str]) -> String {
        let with = |rules: &[&str]| Definition {
            rules: rules.iter().map(|text| rule(text)).collect(),
            ..Definition::boolean()
        };
        let name = |_: &Definition, variant: &str| variant.to_owned();
        differences(&with(before), &with(after), name).join("; ")
    }

    #[test]
    fn what_happened_to_rules_is_told_as_a_person_would_say_it() {
        let (a, b, c) = (
            "plan == \"a\" on",
            "plan == \"b\" on",
            "three: plan == \"c\" on",
        );
        for (before, after, expected) in [
            (&[a, b, c][..], &[a, b, c][..], ""),
            (&[a], &[a, b], "rule 2 added: when plan == \"b\": on"),
            (&[a, b], &[b], "rule 1 removed (when plan == \"a\": on)"),
            (
                &[a, b, c],
                &[c, a, b],
                "rule 1 \"three\" moved from place 3",
            ),
            (&[a, b], &[b, a], "rule 1 moved from place 2"),
            (&[a], &["plan == \"a\" off"], "rule 1: gives on → off"),
            (
                &[a],
                &["plan == \"z\" on"],
                "rule 1: when plan == \"a\" → plan == \"z\"",
            ),
            (
                &[a],
                &["one: plan == \"a\" on"],
                "rule 1 \"one\": name none → \"one\"",
            ),
            (
                &[a, c],
                &["three: seats > 1 off", a],
                "rule 1 \"three\" moved from place 2; \
                 rule 1 \"three\": when plan == \"c\" → seats > 1, gives on → off",
            ),
        ] {
            assert_eq!(told(before, after), expected);
        }
    }

    #[test]
    fn what_is_long_is_cut_and_what_is_much_is_counted() {
        let long = format!("plan == \"{}\" on", "x".repeat(1000));
        assert!(told(&[], &[&long]).chars().count() < 250);
        let many: Vec<_> = (0..150)
            .map(|number| format!("seats > {number} on"))
            .collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert!(told(&[], &many).ends_with("and 50 more changes of rules"));
    }
}
