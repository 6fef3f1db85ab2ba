//! The lossless value tree: what an answer is while it is compared, sampled and stored.
//!
//! A [`Tree`] holds one JSON-like document as a flat array of nodes in reading order plus one text
//! buffer. Reading, hashing, walking, writing and dropping it are loops, so a document nested ten
//! thousand levels deep needs no stack, and a document of a million nodes is a few allocations.
//!
//! Nothing is rounded: a number keeps the text it was written with, whether it is an integer past
//! 2^64 or a decimal with forty digits. Object members keep their order for display; comparing does
//! not look at it.
//!
//! ```
//! use cutover_domain::tree::{Kind, Tree};
//!
//! let tree = Tree::from_json(r#"{"id": 36893488147419103232, "tags": ["a", "b"]}"#)?;
//! let root = tree.root();
//! assert_eq!(root.get("id").and_then(|id| id.number()).unwrap().lexeme(), "36893488147419103232");
//! assert_eq!(root.get("tags").unwrap().items().count(), 2);
//! assert_eq!(root.kind(), Kind::Object);
//! assert_eq!(tree.to_json(), r#"{"id":36893488147419103232,"tags":["a","b"]}"#);
//!
//! // Anything serialisable, without a detour through text:
//! let point = Tree::from_serialize(&(1, 2.5))?;
//! assert_eq!(point.to_json(), "[1,2.5]");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builder;
mod capture;
mod document;
mod excerpt;
mod json_error;
mod node;
mod number;
mod read;
mod write;

pub use builder::{BuildError, DuplicateKey, TreeBuilder};
pub use capture::CaptureError;
pub(crate) use excerpt::excerpts_apart;
pub use json_error::{JsonError, JsonErrorKind, Position};
pub use node::{Entries, Items, Node};
pub use number::Number;
pub(crate) use number::{Canonical, canonical_text};
pub use read::JsonLimits;

use std::fmt;

/// What sort of value a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// No value.
    Null,
    /// True or false.
    Bool,
    /// An integer or a decimal of any size.
    Number,
    /// Text.
    String,
    /// A sequence of values.
    Array,
    /// Members by name.
    Object,
}

impl Kind {
    /// The word for messages: `null`, `boolean`, `number`, `string`, `array`, `object`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }

    /// Whether values of this kind hold other values.
    #[must_use]
    pub const fn is_container(self) -> bool {
        matches!(self, Self::Array | Self::Object)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// How a node's payload is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    Null,
    False,
    True,
    /// An integer within `i64` whose text is its shortest decimal form; the payload is the value.
    Integer,
    /// Any other number; the payload is the span of its lexeme.
    Lexeme,
    /// The payload is the span of the text.
    String,
    /// The payload is the number of members and the index one past the subtree.
    Array,
    Object,
}

/// A key that is not there: elements of arrays and the root.
pub(crate) const NO_KEY: u32 = u32::MAX;

/// One value: 16 bytes. Containers are followed by their members' subtrees in order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawNode {
    pub(crate) payload: u64,
    pub(crate) key: u32,
    pub(crate) tag: Tag,
}

impl RawNode {
    pub(crate) const fn is_container(self) -> bool {
        matches!(self.tag, Tag::Array | Tag::Object)
    }

    /// The two halves of a span or of a container's payload.
    pub(crate) const fn halves(self) -> (u32, u32) {
        ((self.payload >> 32) as u32, self.payload as u32)
    }
}

pub(crate) const fn join(high: u32, low: u32) -> u64 {
    ((high as u64) << 32) | low as u64
}

/// Where a text stands in the tree's buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

/// One immutable document.
///
/// Two trees are `==` when they are the same document written the same way: the same values, number
/// texts and member order. Whether two *answers* agree is the comparator's question.
#[derive(Clone)]
pub struct Tree {
    pub(crate) nodes: Vec<RawNode>,
    pub(crate) text: String,
    /// Every distinct member name once; nodes refer to it by position.
    pub(crate) keys: Vec<Span>,
}

impl Tree {
    /// The tree of `null`.
    #[must_use]
    pub fn null() -> Self {
        Self::leaf(Tag::Null, 0, String::new())
    }

    /// A tree that is one string.
    #[must_use]
    pub fn string(text: impl Into<String>) -> Self {
        let text = text.into();
        let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
        Self::leaf(Tag::String, join(0, len), text)
    }

    /// A tree that is one integer.
    #[must_use]
    pub fn integer(value: i64) -> Self {
        Self::leaf(Tag::Integer, value.cast_unsigned(), String::new())
    }

    fn leaf(tag: Tag, payload: u64, text: String) -> Self {
        Self {
            nodes: vec![RawNode {
                payload,
                key: NO_KEY,
                tag,
            }],
            text,
            keys: Vec::new(),
        }
    }

    /// The whole document.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        Node::new(self, 0)
    }

    /// How many values the document holds, itself included.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Roughly the memory the document takes, in bytes.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<RawNode>()
            + self.text.capacity()
            + self.keys.capacity() * size_of::<Span>()
    }

    /// The memory the document needs at least, in bytes; the same for the same document.
    pub(crate) fn size(&self) -> usize {
        size_of_val(&self.nodes[..]) + self.text.len() + size_of_val(&self.keys[..])
    }

    /// A copy that takes at most about `max_bytes` as JSON, for samples in reports and records.
    ///
    /// What was cut says so in the sample: a string ends in `… (+N bytes)`, a container in a last
    /// member `…` with how many were left out.
    #[must_use]
    pub fn excerpt(&self, max_bytes: usize) -> Tree {
        self.root().excerpt(max_bytes)
    }

    /// The index one past the subtree that starts at `index`.
    pub(crate) fn end(&self, index: u32) -> u32 {
        let node = self.nodes[index as usize];
        if node.is_container() {
            node.halves().1
        } else {
            index + 1
        }
    }

    pub(crate) fn slice(&self, span: Span) -> &str {
        self.text
            .get(span.start as usize..span.start as usize + span.len as usize)
            .unwrap_or("")
    }

    /// The text of a string or of a number's lexeme.
    pub(crate) fn payload_text(&self, node: RawNode) -> &str {
        let (start, len) = node.halves();
        self.slice(Span { start, len })
    }

    pub(crate) fn key_text(&self, key: u32) -> Option<&str> {
        self.keys.get(key as usize).map(|span| self.slice(*span))
    }
}

impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        // Keys are numbered as they first appear, so equal documents number them equally.
        self.keys.len() == other.keys.len()
            && self.nodes.len() == other.nodes.len()
            && self
                .keys
                .iter()
                .zip(&other.keys)
                .all(|(l, r)| self.slice(*l) == other.slice(*r))
            && self.nodes.iter().zip(&other.nodes).all(|(left, right)| {
                left.tag == right.tag
                    && left.key == right.key
                    && match left.tag {
                        Tag::Lexeme | Tag::String => {
                            self.payload_text(*left) == other.payload_text(*right)
                        }
                        _ => left.payload == right.payload,
                    }
            })
    }
}

impl Eq for Tree {}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tree({})", self.excerpt(1024).to_json())
    }
}

impl fmt::Display for Tree {
    /// The document as JSON on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}
