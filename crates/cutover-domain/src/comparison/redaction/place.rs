//! The place of a difference: what may be said of its path, and of what stands there.

use super::super::difference::{Difference, DifferenceKind};
use super::super::engine::{Selector, Step, member_name};
use super::document::Shape;
use super::reach::Reach;
use super::surroundings::Surrounded;
use super::{Compiled, REDACTED, RedactAction};
use crate::tree::{Node, Tree};

/// What holds at one place of both answers.
pub(in crate::comparison) struct Place<'r> {
    rules: &'r Compiled,
    reach: Reach,
    /// What becomes of everything here, by a rule for this place or one above it.
    action: Option<RedactAction>,
    /// The path as it may be kept.
    pub(in crate::comparison) path: String,
    /// The path in new as it may be kept.
    pub(in crate::comparison) new_path: Option<String>,
}

/// One path, followed.
struct Followed {
    reach: Reach,
    action: Option<RedactAction>,
    written: String,
}

impl<'r> Place<'r> {
    pub(super) fn of(rules: &'r Compiled, path: &str, new_path: Option<&str>) -> Self {
        let old = follow(rules, path);
        let new = new_path.map(|path| follow(rules, path));
        let (mut reach, mut action) = (old.reach, old.action);
        if let Some(new) = &new {
            reach = reach.union(&new.reach);
            action = action.max(new.action);
        }
        Self {
            rules,
            reach,
            action,
            path: old.written,
            new_path: new.map(|new| new.written),
        }
    }

    /// What may be kept of a value at this place, as a sample; nothing where it is left out.
    pub(in crate::comparison) fn sample(
        &self,
        node: Node<'_>,
        surrounded: &Surrounded,
        max_bytes: usize,
    ) -> Option<Tree> {
        match self.action(node).max(surrounded.action(node)) {
            Some(action) => self.rules.stand_in(node, action),
            None => {
                let kept = self.rules.copy(node, self.reach.clone(), Shape::Value);
                Some(kept.tree.excerpt(max_bytes))
            }
        }
    }

    fn action(&self, node: Node<'_>) -> Option<RedactAction> {
        self.action.max(self.rules.text_action(&self.reach, node))
    }

    fn kept(&self, sample: &Tree, shape: Shape) -> Option<Tree> {
        match self.action(sample.root()) {
            Some(action) => self.rules.stand_in(sample.root(), action),
            None => {
                let reach = self.reach.clone();
                Some(self.rules.copy(sample.root(), reach, shape).tree)
            }
        }
    }
}

/// Redacts a difference that is made already.
pub(super) fn redact(rules: &Compiled, difference: &mut Difference) {
    let place = Place::of(rules, &difference.path, difference.new_path.as_deref());
    // These two kinds show something made around what stands at the place.
    let shape = match difference.kind {
        DifferenceKind::Outcome | DifferenceKind::Repetition => Shape::Wrapped,
        _ => Shape::Value,
    };
    for sample in [&mut difference.old, &mut difference.new] {
        if let Some(value) = sample {
            *sample = place.kept(value, shape);
        }
    }
    difference.path = place.path;
    difference.new_path = place.new_path;
}

fn follow(rules: &Compiled, path: &str) -> Followed {
    let mut reach = rules.start();
    let mut action = rules.action(&reach);
    let steps = path.parse::<Selector>().ok();
    let steps = steps.and_then(|selector| selector.as_steps());
    let Some(steps) = steps else {
        // Not the path of one place, so nobody knows which rules hold there.
        let by_place = !rules.paths.is_empty() || rules.secret_names.is_some();
        return Followed {
            reach,
            action: action.max(by_place.then_some(RedactAction::Mask)),
            written: rules.text(path).into_owned(),
        };
    };
    let mut written = "$".to_owned();
    for step in steps {
        let inside = action.is_some();
        let (next, here) = rules.along(&reach, &step);
        written.push_str(&match step {
            Step::Member(_) if inside => member_name(REDACTED),
            Step::Member(name) => member_name(&rules.text(&name)),
            Step::Element(Some(index)) => format!("[{index}]"),
            Step::Element(None) => "[*]".to_owned(),
        });
        reach = next;
        action = action.max(here);
    }
    Followed {
        reach,
        action,
        written,
    }
}
