//! How far each path has got on the way down.

use super::super::engine::{Segment, Selector, SelectorError};
use super::{Compiled, RedactAction, secrets};

/// A path and what becomes of what stands there.
#[derive(Debug)]
pub(super) struct PathRedaction {
    selector: Selector,
    action: RedactAction,
}

impl PathRedaction {
    pub(super) fn new(path: &str, action: RedactAction) -> Result<Self, SelectorError> {
        let selector = path.parse()?;
        Ok(Self { selector, action })
    }
}

/// For each path that may still match: its number, and how many of its segments are matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reach(Vec<(u16, u16)>);

impl Reach {
    /// The state from which everything that follows from either follows.
    pub(super) fn union(mut self, other: &Self) -> Self {
        self.0.extend(&other.0);
        self.0.sort_unstable();
        self.0.dedup();
        self
    }
}

impl Compiled {
    /// At the whole document.
    pub(super) fn start(&self) -> Reach {
        Reach((0..self.paths.len() as u16).map(|rule| (rule, 0)).collect())
    }

    /// What becomes of the value here by the paths that end here.
    pub(super) fn action(&self, reach: &Reach) -> Option<RedactAction> {
        let arrived = reach.0.iter().filter_map(|(rule, matched)| {
            let rule = &self.paths[usize::from(*rule)];
            (rule.selector.segments().len() == usize::from(*matched)).then_some(rule.action)
        });
        arrived.max()
    }

    /// At a member, and what becomes of it.
    pub(super) fn member(&self, reach: &Reach, name: &str) -> (Reach, Option<RedactAction>) {
        let next = self.step(reach, |segment| segment.takes_member(name));
        let by_name = self.secret_names.filter(|_| secrets::is_secret_name(name));
        let action = self.action(&next).max(by_name);
        (next, action)
    }

    /// At an element, and what becomes of it. Where the length of the array is not known, what
    /// may be meant is taken.
    pub(super) fn element(
        &self,
        reach: &Reach,
        index: usize,
        len: Option<usize>,
    ) -> (Reach, Option<RedactAction>) {
        let next = self.step(reach, |segment| match len {
            Some(len) => segment.takes_element(index, len),
            None => segment.may_take_element(index),
        });
        let action = self.action(&next);
        (next, action)
    }

    fn step(&self, reach: &Reach, takes: impl Fn(&Segment) -> bool) -> Reach {
        let mut next = Vec::new();
        for (rule, matched) in &reach.0 {
            let segments = self.paths[usize::from(*rule)].selector.segments();
            let Some(segment) = segments.get(usize::from(*matched)) else {
                continue;
            };
            if segment.descendant {
                next.push((*rule, *matched));
            }
            if takes(segment) {
                next.push((*rule, matched + 1));
            }
        }
        next.sort_unstable();
        next.dedup();
        Reach(next)
    }
}
