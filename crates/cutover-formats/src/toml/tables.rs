//! The tables of a document, and what may add to which.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map;

use cutover_domain::tree::{BuildError, Tree, TreeBuilder};

use crate::error::Problem;
use crate::fault::{Fault, beginning};

/// A value and its place.
#[derive(Debug)]
struct Entry<'a> {
    /// Empty for an element of an array and for the root.
    key: Cow<'a, str>,
    /// Byte within the text.
    at: usize,
    /// Tables and arrays around it.
    depth: usize,
    value: Value<'a>,
    /// What it holds, as a chain.
    first: u32,
    last: u32,
    next: u32,
}

/// No entry.
const NONE: u32 = u32::MAX;
/// The document's own table.
pub(super) const ROOT: u32 = 0;

#[derive(Debug)]
pub(super) enum Value<'a> {
    Table(Defined),
    /// Of values; nothing adds to it but its own text.
    Array,
    /// Of tables, by `[[headers]]`.
    Tables,
    Bool(bool),
    /// In JSON's form.
    Number(Cow<'a, str>),
    /// An infinity, or not a number.
    NotFinite(f64),
    Text(Cow<'a, str>),
}

/// What made a table, and so what may add to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Defined {
    /// The way to a table that a header names: a header of its own may follow.
    OnTheWay,
    /// A header of its own.
    ByHeader,
    /// The way of a dotted key.
    ByDottedKey,
    /// `{ … }`, which is whole.
    Inline,
}

/// A key and the byte where it stands.
pub(super) type Key<'a> = (Cow<'a, str>, usize);

#[derive(Debug)]
pub(super) struct Tables<'a> {
    entries: Vec<Entry<'a>>,
    /// The member of a table by its key.
    members: HashMap<(u32, Cow<'a, str>), u32>,
    depth: usize,
}

impl<'a> Tables<'a> {
    pub(super) fn new(depth: usize) -> Self {
        let root = Entry {
            key: Cow::Borrowed(""),
            at: 0,
            depth: 0,
            value: Value::Table(Defined::ByHeader),
            first: NONE,
            last: NONE,
            next: NONE,
        };
        Self {
            entries: vec![root],
            members: HashMap::new(),
            depth,
        }
    }

    fn value(&self, index: u32) -> &Value<'a> {
        &self.entries[index as usize].value
    }

    /// Adds an element to an array.
    pub(super) fn push(&mut self, array: u32, at: usize, value: Value<'a>) -> Result<u32, Fault> {
        self.add(array, (Cow::Borrowed(""), at), value)
    }

    /// Adds a member to a table that has none of this key.
    pub(super) fn insert(
        &mut self,
        table: u32,
        key: Key<'a>,
        value: Value<'a>,
    ) -> Result<u32, Fault> {
        let index = self.entries.len() as u32;
        match self.members.entry((table, key.0.clone())) {
            hash_map::Entry::Vacant(place) => place.insert(index),
            hash_map::Entry::Occupied(place) => {
                let first = self.entries[*place.get() as usize].at;
                return Err(Fault::duplicate_key(key.1, key.0, first));
            }
        };
        self.add(table, key, value)
    }

    fn add(&mut self, parent: u32, key: Key<'a>, value: Value<'a>) -> Result<u32, Fault> {
        let index = self.entries.len() as u32;
        let depth = self.entries[parent as usize].depth + 1;
        let holds = matches!(value, Value::Table(_) | Value::Array | Value::Tables);
        if holds && depth >= self.depth {
            return Err(Fault::new(key.1, Problem::TooDeep { limit: self.depth }));
        }
        self.entries.push(Entry {
            key: key.0,
            at: key.1,
            depth,
            value,
            first: NONE,
            last: NONE,
            next: NONE,
        });
        let parent = &mut self.entries[parent as usize];
        let last = std::mem::replace(&mut parent.last, index);
        match last {
            NONE => parent.first = index,
            last => self.entries[last as usize].next = index,
        }
        Ok(index)
    }

    /// The table of `[path]`.
    pub(super) fn header(&mut self, path: Vec<Key<'a>>) -> Result<u32, Fault> {
        let (parent, key) = self.on_the_way(path)?;
        let Some(found) = self.members.get(&(parent, key.0.clone())).copied() else {
            return self.insert(parent, key, Value::Table(Defined::ByHeader));
        };
        let entry = &mut self.entries[found as usize];
        if matches!(entry.value, Value::Table(Defined::OnTheWay)) {
            entry.value = Value::Table(Defined::ByHeader);
            return Ok(found);
        }
        Err(Fault::duplicate_key(key.1, key.0, entry.at))
    }

    /// A new table of `[[path]]`.
    pub(super) fn header_of_array(&mut self, path: Vec<Key<'a>>) -> Result<u32, Fault> {
        let (parent, key) = self.on_the_way(path)?;
        let at = key.1;
        let array = match self.members.get(&(parent, key.0.clone())).copied() {
            None => self.insert(parent, key, Value::Tables)?,
            Some(array) if matches!(self.value(array), Value::Tables) => array,
            Some(other) => {
                let first = self.entries[other as usize].at;
                return Err(Fault::duplicate_key(at, key.0, first));
            }
        };
        self.push(array, at, Value::Table(Defined::ByHeader))
    }

    /// The table in which a header's last key is looked for.
    fn on_the_way(&mut self, mut path: Vec<Key<'a>>) -> Result<(u32, Key<'a>), Fault> {
        let last = path.pop().unwrap_or_default();
        let mut table = ROOT;
        for key in path {
            table = match self.members.get(&(table, key.0.clone())).copied() {
                None => self.insert(table, key, Value::Table(Defined::OnTheWay))?,
                Some(found) => match self.value(found) {
                    Value::Table(Defined::Inline) => return Err(whole(&key)),
                    Value::Table(_) => found,
                    Value::Tables => self.entries[found as usize].last,
                    _ => return Err(no_table(&key)),
                },
            };
        }
        Ok((table, last))
    }

    /// The table in which a dotted key's last part is put.
    pub(super) fn dotted(&mut self, mut table: u32, path: Vec<Key<'a>>) -> Result<u32, Fault> {
        for key in path {
            table = match self.members.get(&(table, key.0.clone())).copied() {
                None => self.insert(table, key, Value::Table(Defined::ByDottedKey))?,
                Some(found) => match self.value(found) {
                    Value::Table(Defined::OnTheWay | Defined::ByDottedKey) => found,
                    Value::Table(Defined::Inline) => return Err(whole(&key)),
                    Value::Table(Defined::ByHeader) | Value::Tables => {
                        let first = self.entries[found as usize].at;
                        return Err(Fault::duplicate_key(key.1, key.0, first));
                    }
                    _ => return Err(no_table(&key)),
                },
            };
        }
        Ok(table)
    }

    /// The document.
    pub(super) fn write(&self) -> Result<Tree, BuildError> {
        let mut builder = TreeBuilder::with_capacity(self.entries.len(), self.entries.len() * 8);
        // What is open, by the entry that comes next in it.
        let mut open: Vec<(u32, u32)> = Vec::new();
        self.write_value(ROOT, &mut builder, &mut open);
        while let Some((container, next)) = open.last_mut() {
            if *next != NONE {
                let entry = &self.entries[*next as usize];
                let index = std::mem::replace(next, entry.next);
                if matches!(self.value(*container), Value::Table(_)) {
                    builder.key(&entry.key);
                }
                self.write_value(index, &mut builder, &mut open);
                continue;
            }
            match self.value(*container) {
                // A key that is there twice was refused when it was read.
                Value::Table(_) => builder.end_object().unwrap_or_default(),
                _ => builder.end_array(),
            }
            open.pop();
        }
        builder.finish()
    }

    fn write_value(&self, index: u32, builder: &mut TreeBuilder, open: &mut Vec<(u32, u32)>) {
        let entry = &self.entries[index as usize];
        match &entry.value {
            Value::Bool(value) => return builder.bool(*value),
            Value::Number(number) => return builder.number(number),
            Value::NotFinite(value) => return builder.float(*value),
            Value::Text(text) => return builder.string(text),
            Value::Table(_) => builder.begin_object(),
            Value::Array | Value::Tables => builder.begin_array(),
        }
        open.push((index, entry.first));
    }
}

fn whole(key: &Key<'_>) -> Fault {
    let what = format!(
        "`{}` is a table in braces, which is whole: nothing adds to it",
        beginning(&key.0)
    );
    Fault::new(key.1, Problem::Syntax(what))
}

fn no_table(key: &Key<'_>) -> Fault {
    let what = format!("`{}` is a value, not a table", beginning(&key.0));
    Fault::new(key.1, Problem::Syntax(what))
}
