use std::collections::{BTreeMap, BTreeSet};

use super::{Place, Problems};
use crate::flags::{Definition, FlagKey};

/// At most so many flags are asked before one that requires them, directly or through others. No
/// decision takes longer than that, and no small document makes a large snapshot: ten thousand
/// flags in a chain would otherwise have fifty million requirements.
const MOST: usize = 100;

/// Flags that require too many others; of those in a chain the first for which it is too many.
pub(super) fn check(
    flags: &BTreeMap<FlagKey, Definition>,
    root: &Place<'_>,
    problems: &mut Problems,
) {
    let too_far: BTreeSet<_> = flags
        .keys()
        .filter(|key| reaches_too_far(flags, key))
        .collect();
    for key in &too_far {
        let requires = &flags[*key].requires;
        if !requires.iter().any(|required| too_far.contains(required)) {
            let all = root.field("flags");
            problems.add(
                all.key(key.as_str()).field("requires"),
                format!("it requires more than {MOST} flags, directly or through others"),
            );
        }
    }
}

fn reaches_too_far(flags: &BTreeMap<FlagKey, Definition>, key: &FlagKey) -> bool {
    let mut reached = BTreeSet::new();
    let mut open = vec![key];
    while let Some(key) = open.pop() {
        let required = flags.get(key).into_iter().flat_map(|flag| &flag.requires);
        open.extend(required.filter(|required| reached.insert(*required)));
        if reached.len() > MOST {
            return true;
        }
    }
    false
}
