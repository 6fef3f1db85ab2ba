//! Looking at a tree.

use super::number::{Number, Repr};
use super::{Kind, RawNode, Tag, Tree};

/// One value of a tree: a cheap handle to copy around.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    tree: &'a Tree,
    index: u32,
}

impl<'a> Node<'a> {
    pub(crate) fn new(tree: &'a Tree, index: u32) -> Self {
        Self { tree, index }
    }

    pub(crate) fn index(self) -> u32 {
        self.index
    }

    pub(crate) fn tree(self) -> &'a Tree {
        self.tree
    }

    pub(crate) fn raw(self) -> RawNode {
        self.tree.nodes[self.index as usize]
    }

    /// What sort of value it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self.raw().tag {
            Tag::Null => Kind::Null,
            Tag::False | Tag::True => Kind::Bool,
            Tag::Integer | Tag::Lexeme => Kind::Number,
            Tag::String => Kind::String,
            Tag::Array => Kind::Array,
            Tag::Object => Kind::Object,
        }
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.raw().tag == Tag::Null
    }

    /// The text, if it is a string.
    #[must_use]
    pub fn as_str(self) -> Option<&'a str> {
        let raw = self.raw();
        (raw.tag == Tag::String).then(|| self.tree.payload_text(raw))
    }

    /// The truth value, if it is a boolean.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.raw().tag {
            Tag::True => Some(true),
            Tag::False => Some(false),
            _ => None,
        }
    }

    /// The number, if it is one.
    #[must_use]
    pub fn number(self) -> Option<Number<'a>> {
        let raw = self.raw();
        match raw.tag {
            Tag::Integer => Some(Number(Repr::Integer(raw.payload.cast_signed()))),
            Tag::Lexeme => Some(Number(Repr::Lexeme(self.tree.payload_text(raw)))),
            _ => None,
        }
    }

    /// How many members or elements it has; 0 for a scalar.
    #[must_use]
    pub fn len(self) -> usize {
        let raw = self.raw();
        if raw.is_container() {
            raw.halves().0 as usize
        } else {
            0
        }
    }

    /// Whether it has no members or elements.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The elements, if it is an array; nothing otherwise.
    #[must_use]
    pub fn items(self) -> Items<'a> {
        self.children_if(Tag::Array)
    }

    /// The members in the order written, if it is an object; nothing otherwise.
    #[must_use]
    pub fn entries(self) -> Entries<'a> {
        Entries(self.children_if(Tag::Object))
    }

    /// The member of that name, if it is an object that has one. Looks through the members.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Node<'a>> {
        self.entries()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value)
    }

    /// A tree of its own, copied out of this one.
    #[must_use]
    pub fn to_tree(self) -> Tree {
        self.excerpt(usize::MAX)
    }

    /// The value as JSON on one line.
    #[must_use]
    pub fn to_json(self) -> String {
        let mut text = String::new();
        self.write_json(&mut text);
        text
    }

    fn children_if(self, tag: Tag) -> Items<'a> {
        let raw = self.raw();
        let end = if raw.tag == tag {
            raw.halves().1
        } else {
            self.index + 1
        };
        Items {
            tree: self.tree,
            next: self.index + 1,
            end,
        }
    }
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Node({})", self.excerpt(1024).to_json())
    }
}

/// The elements of an array, in order.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    tree: &'a Tree,
    next: u32,
    end: u32,
}

impl<'a> Iterator for Items<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        (self.next < self.end).then(|| {
            let node = Node::new(self.tree, self.next);
            self.next = self.tree.end(self.next);
            node
        })
    }
}

/// The members of an object, in the order written.
#[derive(Clone, Debug)]
pub struct Entries<'a>(Items<'a>);

impl<'a> Iterator for Entries<'a> {
    type Item = (&'a str, Node<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let node = self.0.next()?;
        Some((node.tree.key_text(node.raw().key).unwrap_or_default(), node))
    }
}
