//! How far each path has got on the way down.

use super::super::engine::{Segment, Selector, SelectorError, Step};
use super::secrets::{Secrecy, is_no_secret, is_number, secrecy};
use super::{Compiled, RedactAction};
use crate::tree::Node;

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

/// What holds at a place for what is below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reach {
    /// For each path that may still match: its number, and how many of its segments are matched.
    paths: Vec<(u16, u16)>,
    /// Whether a name above says that texts are secrets and numbers are not.
    hides_texts: bool,
}

impl Reach {
    /// The state from which everything that follows from either follows.
    pub(super) fn union(mut self, other: &Self) -> Self {
        self.paths.extend(&other.paths);
        self.paths.sort_unstable();
        self.paths.dedup();
        self.hides_texts |= other.hides_texts;
        self
    }
}

impl Compiled {
    /// At the whole document.
    pub(super) fn start(&self) -> Reach {
        Reach {
            paths: (0..self.paths.len() as u16).map(|rule| (rule, 0)).collect(),
            hides_texts: false,
        }
    }

    /// What becomes of the value here by the paths that end here.
    pub(super) fn action(&self, reach: &Reach) -> Option<RedactAction> {
        let arrived = reach.paths.iter().filter_map(|(rule, matched)| {
            let rule = &self.paths[usize::from(*rule)];
            (rule.selector.segments().len() == usize::from(*matched)).then_some(rule.action)
        });
        arrived.max()
    }

    /// At a member, and what becomes of it.
    pub(super) fn member(&self, reach: &Reach, name: &str) -> (Reach, Option<RedactAction>) {
        let mut next = self.step(reach, |segment| segment.takes_member(name));
        let secrecy = self.secret_names.and_then(|_| secrecy(name));
        next.hides_texts |= secrecy == Some(Secrecy::Texts);
        let is_secret = secrecy.is_some_and(|secrecy| secrecy != Secrecy::Texts);
        let by_name = self.secret_names.filter(|_| is_secret);
        let action = self.action(&next).max(by_name);
        (next, action)
    }

    /// What becomes of a text here for a name above it.
    pub(super) fn text_action(&self, reach: &Reach, node: Node<'_>) -> Option<RedactAction> {
        let is_hidden = |text| reach.hides_texts && !is_number(text) && !is_no_secret(text);
        self.secret_names
            .filter(|_| node.as_str().is_some_and(is_hidden))
    }

    /// At an element, and what becomes of it.
    pub(super) fn element(
        &self,
        reach: &Reach,
        index: usize,
        len: usize,
    ) -> (Reach, Option<RedactAction>) {
        let next = self.step(reach, |segment| segment.takes_element(index, len));
        let action = self.action(&next);
        (next, action)
    }

    /// One step along a path, which tells no lengths: what may be meant is taken.
    pub(super) fn along(&self, reach: &Reach, step: &Step) -> (Reach, Option<RedactAction>) {
        match step {
            Step::Member(name) => self.member(reach, name),
            Step::Element(_) => {
                let next = self.step(reach, |segment| segment.may_take(step));
                let action = self.action(&next);
                (next, action)
            }
        }
    }

    fn step(&self, reach: &Reach, takes: impl Fn(&Segment) -> bool) -> Reach {
        let mut next = Vec::new();
        for (rule, matched) in &reach.paths {
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
        Reach {
            paths: next,
            hides_texts: reach.hides_texts,
        }
    }
}
