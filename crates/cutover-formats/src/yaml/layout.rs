//! A stream's nodes, flat in reading order.

use std::borrow::Cow;

use cutover_domain::tree::BuildError;
use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError};

use crate::error::Problem;
use crate::fault::Fault;

/// An implicit key may be longer than the 1,024 characters of the specification, as JSON's may; what
/// stands before a possible `:` has to be kept in mind, so there is a limit.
const LONGEST_KEY: usize = 65_536;
const CORE: &str = "tag:yaml.org,2002:";

/// One node. Collections are followed by what they hold; a mapping by keys and values in turn.
#[derive(Debug)]
pub(super) struct Item<'a> {
    /// Byte within the text.
    pub(super) at: usize,
    pub(super) tag: Tag,
    pub(super) shape: Shape<'a>,
}

#[derive(Debug)]
pub(super) enum Shape<'a> {
    Scalar {
        text: Cow<'a, str>,
        /// Without quotes or a block indicator, so that its text decides what it is.
        plain: bool,
    },
    /// With the index one past what it holds.
    Sequence(u32),
    Mapping(u32),
    /// The node it stands for, which is none of those that are open here.
    Alias(u32),
}

impl Shape<'_> {
    /// The index one past what a collection holds; 0 while it is open.
    fn end(&self) -> Option<u32> {
        match self {
            Self::Sequence(end) | Self::Mapping(end) => Some(*end),
            Self::Scalar { .. } | Self::Alias(_) => None,
        }
    }
}

/// What a node is said to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// Nothing is said.
    None,
    Null,
    Bool,
    Int,
    Float,
    /// Also `!` alone.
    Str,
    Seq,
    Map,
    /// One that the core schema does not know, as it is written for short.
    Other(Box<str>),
}

impl Tag {
    fn of(tag: Option<&granit_parser::Tag>) -> Self {
        let Some(tag) = tag else { return Self::None };
        let full = format!("{}{}", tag.handle(), tag.suffix());
        match full.strip_prefix(CORE) {
            Some("null") => Self::Null,
            Some("bool") => Self::Bool,
            Some("int") => Self::Int,
            Some("float") => Self::Float,
            Some("str") => Self::Str,
            Some("seq") => Self::Seq,
            Some("map") => Self::Map,
            Some(name) => Self::Other(format!("!!{name}").into()),
            None if full == "!" => Self::Str,
            None => Self::Other(full.into()),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Stream<'a> {
    pub(super) items: Vec<Item<'a>>,
    /// The root of each document.
    pub(super) documents: Vec<u32>,
}

impl<'a> Stream<'a> {
    pub(super) fn of(text: &'a str, depth: usize) -> Result<Self, Fault> {
        if u32::try_from(text.len()).is_err() {
            return Err(Fault::new(0, Problem::Size(BuildError::TooLarge)));
        }
        let options = granit_parser::options! {
            emit_comments: false,
            flow_nesting_limit: depth,
            block_nesting_limit: depth,
            simple_key_max_lookahead: LONGEST_KEY,
        };
        let mut stream = Self::default();
        // Collections that are not closed, and the node of each anchor by its number.
        let (mut open, mut anchors): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, span) = event.map_err(|error| refusal(&error, text, depth))?;
            let at = span.start.byte_offset().unwrap_or(0);
            // At most as many nodes as bytes, give or take the empty ones between separators.
            let index = stream.items.len() as u32;
            let (anchor, tag, shape) = match event {
                Event::Scalar(text, style, anchor, tag) => {
                    let plain = style == ScalarStyle::Plain;
                    (anchor, tag, Shape::Scalar { text, plain })
                }
                Event::SequenceStart(_, anchor, tag) => (anchor, tag, Shape::Sequence(0)),
                Event::MappingStart(_, anchor, tag) => (anchor, tag, Shape::Mapping(0)),
                Event::Alias(anchor) => {
                    let target = anchors.get(anchor).copied().unwrap_or(u32::MAX);
                    let item = stream.items.get(target as usize);
                    // Where a collection ends is known once it is closed.
                    if item.is_none_or(|item| item.shape.end() == Some(0)) {
                        return Err(Fault::new(at, Problem::SelfReference));
                    }
                    (0, None, Shape::Alias(target))
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    if let Some(closed) = open.pop()
                        && let Shape::Sequence(end) | Shape::Mapping(end) =
                            &mut stream.items[closed as usize].shape
                    {
                        *end = index;
                    }
                    continue;
                }
                _ => continue,
            };
            if open.is_empty() {
                stream.documents.push(index);
            }
            if anchor > 0 {
                // Numbers count up; one that is skipped names nothing.
                anchors.resize(anchors.len().max(anchor + 1), u32::MAX);
                anchors[anchor] = index;
            }
            if matches!(shape, Shape::Sequence(_) | Shape::Mapping(_)) {
                open.push(index);
            }
            let tag = Tag::of(tag.as_deref());
            stream.items.push(Item { at, tag, shape });
        }
        Ok(stream)
    }

    /// The index one past a node and what it holds.
    pub(super) fn after(&self, index: u32) -> u32 {
        let end = self.items[index as usize].shape.end();
        end.unwrap_or(index + 1)
    }

    /// The node itself, or the one that it is an alias of.
    pub(super) fn resolved(&self, index: u32) -> u32 {
        match self.items[index as usize].shape {
            Shape::Alias(target) => target,
            _ => index,
        }
    }

    /// Whether a key says that its value's members are to be taken over.
    pub(super) fn is_merge(&self, key: u32) -> bool {
        let item = &self.items[key as usize];
        let said = match &item.tag {
            Tag::None => true,
            Tag::Other(name) => &**name == "!!merge",
            _ => false,
        };
        said && matches!(&item.shape, Shape::Scalar { text, plain: true } if text == "<<")
    }

    /// The keys and values of a mapping.
    pub(super) fn members(&self, mapping: u32) -> impl Iterator<Item = (u32, u32)> {
        let end = self.after(mapping);
        let mut next = mapping + 1;
        std::iter::from_fn(move || {
            (next < end).then(|| {
                let (key, value) = (next, self.after(next));
                next = self.after(value);
                (key, value)
            })
        })
    }
}

fn refusal(error: &ScanError, text: &str, depth: usize) -> Fault {
    let at = error.marker().byte_offset().unwrap_or(text.len());
    let advice = match error.kind() {
        ErrorKind::RecursionLimitExceeded => {
            return Fault::new(at, Problem::TooDeep { limit: depth });
        }
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => "; indent with spaces",
        ErrorKind::UnknownAnchor => "; an anchor stands before its aliases, in the same document",
        ErrorKind::MappingValueNotAllowed => "; quote a text that holds `: `",
        ErrorKind::UnexpectedCharacter { .. } => "; quote a text that begins with it",
        ErrorKind::UnclosedQuotedScalar
        | ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEof
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping => "; it seems to be cut off",
        _ => "",
    };
    let what = format!("this is not YAML: {}{advice}", error.kind());
    Fault::new(at, Problem::Syntax(what))
}
