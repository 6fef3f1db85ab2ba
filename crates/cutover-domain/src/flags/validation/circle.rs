use std::collections::{BTreeMap, BTreeSet};

use super::{Place, Problems};
use crate::flags::{Definition, FlagKey};

/// Flags that require each other in a circle, each such circle once.
pub(super) fn check(
    flags: &BTreeMap<FlagKey, Definition>,
    root: &Place<'_>,
    problems: &mut Problems,
) {
    let mut done = BTreeSet::new();
    for start in flags.keys() {
        if let Some(circle) = find(flags, start, &mut done) {
            let names: Vec<_> = circle.iter().map(|key| key.as_str()).collect();
            let flags = root.field("flags");
            problems.add(
                flags.key(names[0]).field("requires"),
                format!(
                    "the flags require each other in a circle: {}",
                    names.join(" → ")
                ),
            );
        }
    }
}

/// A circle that `start` leads into, first flag repeated at the end. Depth-first without
/// recursion, so that a long chain in a hostile document cannot exhaust the stack.
fn find<'a>(
    flags: &'a BTreeMap<FlagKey, Definition>,
    start: &'a FlagKey,
    done: &mut BTreeSet<&'a FlagKey>,
) -> Option<Vec<&'a FlagKey>> {
    if done.contains(start) {
        return None;
    }
    let mut path: Vec<(&FlagKey, usize)> = vec![(start, 0)];
    let mut on_path: BTreeSet<&FlagKey> = BTreeSet::from([start]);
    while let Some((key, next)) = path.last_mut() {
        let required = flags.get(*key).and_then(|flag| flag.requires.get(*next));
        *next += 1;
        match required {
            None => {
                on_path.remove(*key);
                done.insert(*key);
                path.pop();
            }
            Some(required) if on_path.contains(required) => {
                let from = path.iter().position(|(key, _)| *key == required);
                let mut circle: Vec<_> = path[from.unwrap_or(0)..]
                    .iter()
                    .map(|(key, _)| *key)
                    .collect();
                circle.push(required);
                done.extend(on_path);
                return Some(circle);
            }
            Some(required) if !done.contains(required) => {
                on_path.insert(required);
                path.push((required, 0));
            }
            Some(_) => {}
        }
    }
    None
}
