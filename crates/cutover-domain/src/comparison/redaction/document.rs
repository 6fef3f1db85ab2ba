//! A copy of a document without what must not be kept.

use std::collections::HashMap;

use super::reach::Reach;
use super::surroundings::{Lines, is_value, names_a_secret, names_its_second};
use super::token::token;
use super::{Compiled, REDACTED, RedactAction, Redacted};
use crate::tree::{Kind, Node, Tree, TreeBuilder};

/// What the value to be copied is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// What stands at the place.
    Value,
    /// A container made around it: the members of one key as an array, an answer as `{"ok": …}`.
    Wrapped,
}

/// A container that is being copied.
struct Open<'t> {
    children: Children<'t>,
    reach: Reach,
}

enum Children<'t> {
    Elements {
        items: crate::tree::Items<'t>,
        next: usize,
        len: usize,
        /// What becomes of the second one, where the first is its name.
        second: Option<RedactAction>,
    },
    Members {
        entries: crate::tree::Entries<'t>,
        /// Names as written, where text patterns may have made them alike, and the number that was
        /// last given to one like it.
        written: HashMap<String, u32>,
        /// What becomes of the value of a pair with this name.
        value: Option<RedactAction>,
    },
}

struct Copying<'r, 't> {
    rules: &'r Compiled,
    builder: TreeBuilder,
    open: Vec<Open<'t>>,
    places: u64,
    lines: Lines,
}

impl Compiled {
    /// A whole document as it may be kept.
    pub(super) fn document(&self, root: Node<'_>) -> Redacted {
        let start = self.start();
        match self.action(&start) {
            Some(action) => Redacted {
                tree: self.stand_in(root, action).unwrap_or_else(Tree::null),
                places: 1,
            },
            None => self.copy(root, start, Shape::Value),
        }
    }

    /// A value that may be kept itself, without what may not be kept inside it.
    pub(super) fn copy(&self, node: Node<'_>, reach: Reach, shape: Shape) -> Redacted {
        let mut copying = Copying {
            rules: self,
            builder: TreeBuilder::new(),
            open: Vec::new(),
            places: 0,
            lines: Lines::default(),
        };
        let wrapped = (shape == Shape::Wrapped).then(|| reach.clone());
        copying.value(node, reach);
        while let Some(depth) = copying.open.len().checked_sub(1) {
            let outer = wrapped.as_ref().filter(|_| depth == 0);
            copying.next(depth, outer);
        }
        Redacted {
            // Copying a well-formed tree cannot go wrong; nothing would be kept if it did.
            tree: copying.builder.finish().unwrap_or_else(|_| Tree::null()),
            places: copying.places,
        }
    }

    /// What stands for a value that may not be kept; nothing where it is left out.
    pub(super) fn stand_in(&self, node: Node<'_>, action: RedactAction) -> Option<Tree> {
        match action {
            RedactAction::Mask => Some(Tree::string(REDACTED)),
            RedactAction::Hash => Some(Tree::string(token(node, &self.salt))),
            RedactAction::Drop => None,
        }
    }
}

impl<'t> Copying<'_, 't> {
    /// Goes on with the innermost container.
    fn next(&mut self, depth: usize, outer: Option<&Reach>) {
        let rules = self.rules;
        let open = &mut self.open[depth];
        let found = match &mut open.children {
            Children::Elements {
                items,
                next,
                len,
                second,
            } => items.next().map(|node| {
                let (reach, action) = rules.element(&open.reach, *next, *len);
                let action = action.max(second.filter(|_| *next == 1));
                *next += 1;
                (node, None, reach, action)
            }),
            Children::Members {
                entries,
                written,
                value,
            } => entries.next().map(|(name, node)| {
                let (reach, action) = rules.member(&open.reach, name);
                let action = action.max(value.filter(|_| is_value(name)));
                let kept = unlike(rules.text(name).into_owned(), written, rules);
                self.places += u64::from(kept != name);
                (node, Some(kept), reach, action)
            }),
        };
        let Some((node, name, mut reach, action)) = found else {
            self.close();
            return;
        };
        let action = action
            .max(self.line(node, name.is_some()))
            .max(rules.text_action(&reach, node));
        if let Some(outer) = outer {
            reach = reach.union(outer);
        }
        if action.is_some() {
            self.places += 1;
        }
        let stand_in = action.map(|action| rules.stand_in(node, action));
        if stand_in == Some(None) {
            return;
        }
        if let Some(name) = name {
            self.builder.key(&name);
        }
        match stand_in.flatten() {
            Some(stand_in) => self.builder.value(stand_in.root()),
            None => self.value(node, reach),
        }
    }

    fn value(&mut self, node: Node<'t>, reach: Reach) {
        match node.kind() {
            Kind::Array => {
                self.builder.begin_array();
                let (items, len) = (node.items(), node.len());
                let children = Children::Elements {
                    items,
                    next: 0,
                    len,
                    second: self.rules.secret_names.filter(|_| names_its_second(node)),
                };
                self.open.push(Open { children, reach });
            }
            Kind::Object => {
                self.builder.begin_object();
                let children = Children::Members {
                    entries: node.entries(),
                    written: HashMap::new(),
                    value: self.rules.secret_names.filter(|_| names_a_secret(node)),
                };
                self.open.push(Open { children, reach });
            }
            Kind::String | Kind::Number if !self.rules.texts.is_empty() => self.text(node),
            _ => self.builder.value(node),
        }
    }

    /// What becomes of an element by the lines before it.
    fn line(&mut self, node: Node<'_>, is_member: bool) -> Option<RedactAction> {
        let action = self.rules.secret_names?;
        match node.as_str() {
            Some(line) if !is_member => self.lines.takes(line).then_some(action),
            _ => {
                self.lines.leave();
                None
            }
        }
    }

    fn text(&mut self, node: Node<'_>) {
        let text = match (node.as_str(), node.number()) {
            (Some(text), _) => text.into(),
            (None, Some(number)) => number.lexeme(),
            (None, None) => "".into(),
        };
        let kept = self.rules.text(&text);
        if kept == text {
            self.builder.value(node);
        } else {
            self.places += 1;
            self.builder.string(&kept);
        }
    }

    fn close(&mut self) {
        match self.open.pop().map(|open| open.children) {
            Some(Children::Elements { .. }) => self.builder.end_array(),
            Some(Children::Members { .. }) => {
                // Names are kept unlike, and a source that repeats one is shown as it is.
                self.builder.end_object().ok();
            }
            None => {}
        }
    }
}

/// A name that none of those before it has, where patterns change names.
fn unlike(name: String, written: &mut HashMap<String, u32>, rules: &Compiled) -> String {
    if rules.texts.is_empty() {
        return name;
    }
    let Some(mut number) = written.get(&name).copied() else {
        written.insert(name.clone(), 1);
        return name;
    };
    loop {
        number += 1;
        let chosen = format!("{name} {number}");
        if !written.contains_key(&chosen) {
            written.insert(name, number);
            written.insert(chosen.clone(), 1);
            return chosen;
        }
    }
}
