//! A stream's nodes into a tree: aliases repeated, merge keys merged, tags kept.

use std::borrow::Cow;
use std::collections::HashSet;
use std::vec;

use cutover_domain::tree::{Tree, TreeBuilder};

use super::layout::{Item, Shape, Stream, Tag};
use super::scalar::{Scalar, word};
use crate::error::Problem;
use crate::fault::{Fault, beginning};

/// How much aliases and merge keys may repeat in one document: values, and as much as a value for
/// every [`TEXT_OF_A_VALUE`] bytes of text. Without a bound, ten lines become a billion values.
const REPEATED: u64 = 1_000_000;
const TEXT_OF_A_VALUE: u64 = 16;

type Step<T = ()> = Result<T, Fault>;

/// The tree of a stream. Time and memory are proportional to its text and to what may be repeated.
pub(super) fn write(stream: &Stream<'_>, depth: usize) -> Result<Tree, Fault> {
    let mut writer = Writer {
        stream,
        builder: TreeBuilder::with_capacity(stream.items.len(), stream.items.len() * 8),
        frames: Vec::new(),
        reached: 0,
        repeated: 0,
        depth,
    };
    match &*stream.documents {
        [] => writer.builder.null(),
        [document] => writer.document(*document)?,
        documents => {
            writer.builder.begin_array();
            for document in documents {
                writer.document(*document)?;
            }
            writer.builder.end_array();
        }
    }
    let tree = writer.builder.finish();
    tree.map_err(|error| Fault::new(0, Problem::Size(error)))
}

struct Writer<'s> {
    stream: &'s Stream<'s>,
    builder: TreeBuilder,
    /// What is being written, innermost last.
    frames: Vec<Frame>,
    /// Nodes are written in order; one before this was written already, and is repeated now.
    reached: u32,
    repeated: u64,
    depth: usize,
}

enum Frame {
    Sequence {
        next: u32,
        end: u32,
    },
    Mapping {
        mapping: u32,
        next: u32,
        end: u32,
        /// Mappings whose members are to be taken over, the most important first.
        sources: Vec<u32>,
    },
    /// The members that a mapping takes over, once its own are written.
    Merged {
        mapping: u32,
        members: vec::IntoIter<(u32, u32)>,
    },
    /// The object that holds a value under its tag.
    Tagged,
}

impl<'s> Writer<'s> {
    fn document(&mut self, root: u32) -> Step {
        self.value(root)?;
        let stream = self.stream;
        while let Some(frame) = self.frames.last_mut() {
            match frame {
                Frame::Sequence { next, end } if *next < *end => {
                    let item = *next;
                    *next = stream.after(item);
                    self.value(item)?;
                }
                Frame::Sequence { .. } => {
                    self.builder.end_array();
                    self.frames.pop();
                }
                Frame::Mapping {
                    next, end, sources, ..
                } if *next < *end => {
                    let key = *next;
                    let value = stream.after(key);
                    *next = stream.after(value);
                    if stream.is_merge(key) {
                        sources_of(stream, value, sources)?;
                    } else {
                        self.member(key, value)?;
                    }
                }
                Frame::Mapping {
                    mapping, sources, ..
                } => {
                    let (mapping, sources) = (*mapping, std::mem::take(sources));
                    let members = self.taken_over(mapping, sources)?.into_iter();
                    self.frames.pop();
                    self.frames.push(Frame::Merged { mapping, members });
                }
                Frame::Merged { mapping, members } => match members.next() {
                    Some((key, value)) => self.member(key, value)?,
                    None => {
                        let mapping = *mapping;
                        self.frames.pop();
                        self.end_mapping(mapping)?;
                    }
                },
                Frame::Tagged => {
                    // One member cannot be there twice.
                    self.builder.end_object().ok();
                    self.frames.pop();
                }
            }
        }
        Ok(())
    }

    fn value(&mut self, index: u32) -> Step {
        let index = self.stream.resolved(index);
        let item = &self.stream.items[index as usize];
        self.count(index)?;
        if let Tag::Other(name) = &item.tag {
            self.deeper(item)?;
            self.builder.begin_object();
            self.builder.key(name);
            self.frames.push(Frame::Tagged);
        }
        match (&item.shape, &item.tag) {
            (Shape::Scalar { text, plain }, tag) => {
                let scalar = Scalar::of(text, *plain, tag)
                    .map_err(|problem| Fault::new(item.at, problem))?;
                scalar.add_to(&mut self.builder);
            }
            (Shape::Sequence(end), Tag::None | Tag::Seq | Tag::Other(_)) => {
                self.deeper(item)?;
                self.builder.begin_array();
                let next = index + 1;
                self.frames.push(Frame::Sequence { next, end: *end });
            }
            (Shape::Mapping(end), Tag::None | Tag::Map | Tag::Other(_)) => {
                self.deeper(item)?;
                self.builder.begin_object();
                self.frames.push(Frame::Mapping {
                    mapping: index,
                    next: index + 1,
                    end: *end,
                    sources: Vec::new(),
                });
            }
            (_, tag) => {
                let what = format!("a collection is not what its tag says it is: {}", word(tag));
                return Err(Fault::new(item.at, Problem::Syntax(what)));
            }
        }
        Ok(())
    }

    fn member(&mut self, key: u32, value: u32) -> Step {
        let text = key_of(self.stream, key)?;
        self.count(self.stream.resolved(key))?;
        self.builder.key(&text);
        self.value(value)
    }

    fn deeper(&self, item: &Item<'_>) -> Step {
        if self.builder.depth() >= self.depth {
            let problem = Problem::TooDeep { limit: self.depth };
            return Err(Fault::new(item.at, problem));
        }
        Ok(())
    }

    /// Counts a node that is repeated.
    fn count(&mut self, index: u32) -> Step {
        if index >= self.reached {
            self.reached = index + 1;
            return Ok(());
        }
        let item = &self.stream.items[index as usize];
        let text = match &item.shape {
            Shape::Scalar { text, .. } => text.len() as u64 / TEXT_OF_A_VALUE,
            _ => 0,
        };
        self.repeated += 1 + text;
        if self.repeated > REPEATED {
            return Err(Fault::new(item.at, Problem::Repetition { limit: REPEATED }));
        }
        Ok(())
    }

    /// The members that a mapping takes over: those of its sources that no earlier one has.
    fn taken_over(&mut self, mapping: u32, mut sources: Vec<u32>) -> Step<Vec<(u32, u32)>> {
        let stream = self.stream;
        let mut members = Vec::new();
        if sources.is_empty() {
            return Ok(members);
        }
        let mut keys: HashSet<Cow<'s, str>> = HashSet::new();
        for (key, _) in stream.members(mapping) {
            if !stream.is_merge(key) {
                keys.insert(key_of(stream, key)?);
            }
        }
        sources.reverse();
        while let Some(source) = sources.pop() {
            // Looking is work as well, also at what is not taken.
            self.count(source)?;
            let mut of_source = Vec::new();
            for (key, value) in stream.members(source) {
                self.count(stream.resolved(key))?;
                if stream.is_merge(key) {
                    sources_of(stream, value, &mut of_source)?;
                } else if keys.insert(key_of(stream, key)?) {
                    members.push((key, value));
                }
            }
            sources.extend(of_source.into_iter().rev());
        }
        Ok(members)
    }

    fn end_mapping(&mut self, mapping: u32) -> Step {
        let stream = self.stream;
        self.builder.end_object().map_err(|duplicate| {
            // What was taken over repeats no key, so both stand in the mapping itself.
            let place = |member: usize| {
                let own = stream.members(mapping).map(|(key, _)| key);
                let key = own.filter(|key| !stream.is_merge(*key)).nth(member);
                stream.items[key.unwrap_or(mapping) as usize].at
            };
            let (second, first) = (place(duplicate.second), place(duplicate.first));
            Fault::duplicate_key(second, duplicate.key, first)
        })
    }
}

/// The text of a key. Keys are scalars: a collection as a key has no equivalent in other formats.
fn key_of<'s>(stream: &'s Stream<'s>, key: u32) -> Step<Cow<'s, str>> {
    let at = stream.items[key as usize].at;
    let item = &stream.items[stream.resolved(key) as usize];
    let Shape::Scalar { text, plain } = &item.shape else {
        let what = "a mapping or sequence is the key of a member; keys are read as text, so write \
                    it as one";
        return Err(Fault::new(at, Problem::Syntax(what.to_owned())));
    };
    let plain = *plain;
    if let Tag::Other(tag) = &item.tag {
        return Ok(format!("{tag} {text}").into());
    }
    if item.tag == Tag::None && !plain {
        return Ok(Cow::Borrowed(text));
    }
    let scalar = Scalar::of(text, plain, &item.tag).map_err(|problem| Fault::new(at, problem))?;
    Ok(match scalar {
        Scalar::Text(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.key().into_owned()),
    })
}

/// Adds the mappings that the value of a merge key names.
fn sources_of(stream: &Stream<'_>, value: u32, sources: &mut Vec<u32>) -> Step {
    let target = stream.resolved(value);
    let mut add = |index: u32| {
        let source = stream.resolved(index);
        let item = &stream.items[source as usize];
        if let (Shape::Mapping(_), Tag::None | Tag::Map) = (&item.shape, &item.tag) {
            sources.push(source);
            return Ok(());
        }
        let what = match &item.shape {
            Shape::Scalar { text, .. } => format!("`{}`", beginning(text)),
            _ => "a collection of another kind".to_owned(),
        };
        let what = format!(
            "`<<` takes over the members of a mapping or of a list of mappings, not of {what}; \
             quote it for a key of this name"
        );
        Err(Fault::new(
            stream.items[index as usize].at,
            Problem::Syntax(what),
        ))
    };
    let Shape::Sequence(end) = stream.items[target as usize].shape else {
        return add(value);
    };
    let mut next = target + 1;
    while next < end {
        add(next)?;
        next = stream.after(next);
    }
    Ok(())
}
