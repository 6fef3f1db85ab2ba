//! Making a tree, value by value, in reading order.

use std::fmt;

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use super::number::is_json_number;
use super::{NO_KEY, Node, RawNode, Span, Tag, Tree, join};

/// Builds a [`Tree`] from values in reading order. What readers of further formats use.
///
/// Misuse (a member without a key, an unclosed container) and documents past 4 GiB of text are
/// remembered and reported by [`finish`](Self::finish).
///
/// ```
/// use cutover_domain::tree::TreeBuilder;
///
/// let mut builder = TreeBuilder::new();
/// builder.begin_object();
/// builder.key("price");
/// builder.number("10.50");
/// builder.key("tags");
/// builder.begin_array();
/// builder.string("new");
/// builder.end_array();
/// builder.end_object()?;
/// assert_eq!(builder.finish()?.to_json(), r#"{"price":10.50,"tags":["new"]}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TreeBuilder {
    nodes: Vec<RawNode>,
    text: String,
    keys: Vec<Span>,
    interned: HashTable<u32>,
    /// What key came after a key last time: records repeat their members, so the next key is
    /// nearly always known without hashing it. Slot 0 is for the first member.
    successor: Vec<u32>,
    /// For each key, the object that had it last when duplicates were looked for.
    seen_in: Vec<u32>,
    open: Vec<u32>,
    pending_key: u32,
    last_key: u32,
    error: Option<BuildError>,
}

/// Why no tree came of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// More text or values than a tree can address.
    #[error("the document is larger than 4 GiB of text or 4 billion values; split it")]
    TooLarge,
    /// Containers were not opened and closed in pairs, or there is not exactly one root.
    #[error("the values do not form one document: {0}")]
    Unbalanced(&'static str),
    /// A number text that is not a decimal number.
    #[error("`{0}` is not a number as JSON writes it")]
    NotANumber(String),
}

/// An object names a member twice, so which value counts is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key `{key}` stands twice in one object (members {} and {})", first + 1, second + 1)]
pub struct DuplicateKey {
    /// The name.
    pub key: String,
    /// Which member it was first, counted from 0.
    pub first: usize,
    /// Which member repeats it, counted from 0.
    pub second: usize,
}

impl Default for TreeBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TreeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TreeBuilder")
            .field("nodes", &self.nodes.len())
            .field("depth", &self.open.len())
            .finish_non_exhaustive()
    }
}

impl TreeBuilder {
    /// An empty builder.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(0, 0)
    }

    /// An empty builder with room for that many values and bytes of text.
    #[must_use]
    pub fn with_capacity(nodes: usize, text: usize) -> Self {
        Self {
            nodes: Vec::with_capacity(nodes),
            text: String::with_capacity(text),
            keys: Vec::new(),
            interned: HashTable::new(),
            successor: vec![NO_KEY],
            seen_in: Vec::new(),
            open: Vec::new(),
            pending_key: NO_KEY,
            last_key: NO_KEY,
            error: None,
        }
    }

    /// How many containers are open.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// How many values were added.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Adds `null`.
    pub fn null(&mut self) {
        self.push(Tag::Null, 0);
    }

    /// Adds a boolean.
    pub fn bool(&mut self, value: bool) {
        self.push(if value { Tag::True } else { Tag::False }, 0);
    }

    /// Adds an integer.
    pub fn integer(&mut self, value: i64) {
        self.push(Tag::Integer, value.cast_unsigned());
    }

    /// Adds a number by its text in JSON's form, which is kept as it is written.
    pub fn number(&mut self, lexeme: &str) {
        if !is_json_number(lexeme) {
            self.fail(BuildError::NotANumber(lexeme.to_owned()));
            return;
        }
        match lexeme.parse::<i64>() {
            Ok(value) if lexeme != "-0" => self.integer(value),
            _ => self.lexeme(lexeme),
        }
    }

    /// Adds a binary fraction by its shortest decimal text. Infinities and `NaN` are kept as such;
    /// JSON has no form for them, so they are written as strings there.
    pub fn float(&mut self, value: f64) {
        if value.is_nan() {
            self.lexeme("NaN");
        } else if value.is_infinite() {
            self.lexeme(if value > 0.0 { "Infinity" } else { "-Infinity" });
        } else {
            self.lexeme(&format!("{value:?}"));
        }
    }

    /// Adds a number text that the caller has checked and that is not a plain `i64`.
    pub(crate) fn lexeme(&mut self, text: &str) {
        let span = self.push_text(text);
        self.push(Tag::Lexeme, join(span.start, span.len));
    }

    /// Adds a string.
    pub fn string(&mut self, text: &str) {
        let span = self.push_text(text);
        self.push(Tag::String, join(span.start, span.len));
    }

    /// Adds a copy of a value of another tree. Linear, at any depth.
    pub fn value(&mut self, node: Node<'_>) {
        let (tree, start) = (node.tree(), node.index());
        let mut closing: Vec<u32> = Vec::new();
        for index in start..tree.end(start) {
            self.close_copied(tree, &mut closing, index);
            let raw = tree.nodes[index as usize];
            if let Some(key) = tree.key_text(raw.key).filter(|_| index != start) {
                self.key(key);
            }
            match raw.tag {
                Tag::Lexeme => self.lexeme(tree.payload_text(raw)),
                Tag::String => self.string(tree.payload_text(raw)),
                Tag::Array | Tag::Object => {
                    self.begin(raw.tag);
                    closing.push(index);
                }
                tag => self.push(tag, raw.payload),
            }
        }
        self.close_copied(tree, &mut closing, tree.end(start));
    }

    fn close_copied(&mut self, tree: &Tree, closing: &mut Vec<u32>, reached: u32) {
        while let Some(container) = closing.last().copied()
            && tree.end(container) <= reached
        {
            self.end(tree.nodes[container as usize].tag);
            closing.pop();
        }
    }

    /// Opens an array.
    pub fn begin_array(&mut self) {
        self.begin(Tag::Array);
    }

    /// Closes the array opened last.
    pub fn end_array(&mut self) {
        self.end(Tag::Array);
    }

    /// Opens an object.
    pub fn begin_object(&mut self) {
        self.begin(Tag::Object);
    }

    /// Names the next value. Only inside an object.
    pub fn key(&mut self, key: &str) {
        if self.pending_key != NO_KEY {
            self.fail(BuildError::Unbalanced("a key follows a key"));
        }
        let slot = self.last_key.wrapping_add(1) as usize;
        let predicted = self.successor[slot];
        let id = match self.keys.get(predicted as usize) {
            Some(span) if self.text_at(*span) == key => predicted,
            _ => {
                let id = self.intern(key);
                self.successor[slot] = id;
                id
            }
        };
        self.pending_key = id;
        self.last_key = id;
    }

    /// Closes the object opened last.
    ///
    /// # Errors
    ///
    /// [`DuplicateKey`] if it names a member twice. The builder stays usable: a reader that allows
    /// duplicates may go on.
    pub fn end_object(&mut self) -> Result<(), DuplicateKey> {
        let object = self.open.last().copied();
        self.end(Tag::Object);
        object.map_or(Ok(()), |object| self.check_keys(object))
    }

    /// The finished document.
    ///
    /// # Errors
    ///
    /// [`BuildError`] for the first misuse or overflow, see there.
    pub fn finish(mut self) -> Result<Tree, BuildError> {
        if !self.open.is_empty() {
            self.fail(BuildError::Unbalanced("a container is not closed"));
        }
        if self.nodes.is_empty() {
            self.fail(BuildError::Unbalanced("there is no value"));
        }
        // What was reserved for a document of another shape is given back: one long string needs no
        // room for values.
        if self.nodes.capacity() > 2 * self.nodes.len() {
            self.nodes.shrink_to_fit();
        }
        if self.text.capacity() > 2 * self.text.len() {
            self.text.shrink_to_fit();
        }
        match self.error {
            Some(error) => Err(error),
            None => Ok(Tree {
                nodes: self.nodes,
                text: self.text,
                keys: self.keys,
            }),
        }
    }

    /// Whether the innermost open container is an object.
    pub(crate) fn in_object(&self) -> bool {
        self.open
            .last()
            .is_some_and(|index| self.nodes[*index as usize].tag == Tag::Object)
    }

    fn fail(&mut self, error: BuildError) {
        self.error.get_or_insert(error);
    }

    fn text_at(&self, span: Span) -> &str {
        self.text
            .get(span.start as usize..span.start as usize + span.len as usize)
            .unwrap_or("")
    }

    fn push_text(&mut self, text: &str) -> Span {
        let (Ok(start), Ok(len)) = (u32::try_from(self.text.len()), u32::try_from(text.len()))
        else {
            self.fail(BuildError::TooLarge);
            return Span { start: 0, len: 0 };
        };
        self.text.push_str(text);
        Span { start, len }
    }

    fn push(&mut self, tag: Tag, payload: u64) {
        // Within an object each value takes the key named before it; a missing or superfluous one
        // is a mistake of the caller.
        let key = std::mem::replace(&mut self.pending_key, NO_KEY);
        match self.open.last() {
            Some(parent) => {
                let parent = &mut self.nodes[*parent as usize];
                parent.payload = parent.payload.wrapping_add(1 << 32);
                if (parent.tag == Tag::Object) != (key != NO_KEY) {
                    self.fail(BuildError::Unbalanced(
                        "a member has no key, or an element has one",
                    ));
                }
            }
            None if self.nodes.is_empty() => {}
            None => self.fail(BuildError::Unbalanced("there is more than one root")),
        }
        if self.nodes.len() >= NO_KEY as usize - 1 {
            self.fail(BuildError::TooLarge);
            return;
        }
        self.nodes.push(RawNode { payload, key, tag });
    }

    fn begin(&mut self, tag: Tag) {
        // The length check in `push` keeps this within `u32`.
        let index = self.nodes.len() as u32;
        self.push(tag, 0);
        self.open
            .push(index.min(self.nodes.len().saturating_sub(1) as u32));
        self.last_key = NO_KEY;
    }

    fn end(&mut self, tag: Tag) {
        let end = self.nodes.len() as u32;
        match self.open.pop() {
            Some(index) if self.nodes[index as usize].tag == tag => {
                let node = &mut self.nodes[index as usize];
                node.payload = join(node.halves().0, end);
                self.last_key = node.key;
            }
            _ => self.fail(BuildError::Unbalanced(
                "a container is closed that was not opened",
            )),
        }
        if self.pending_key != NO_KEY {
            self.fail(BuildError::Unbalanced("a key has no value"));
        }
    }

    fn intern(&mut self, key: &str) -> u32 {
        let hash = xxh3_64(key.as_bytes());
        let (text, keys) = (&self.text, &self.keys);
        let at = |id: &u32| {
            let span = keys[*id as usize];
            &text[span.start as usize..span.start as usize + span.len as usize]
        };
        if let Some(id) = self.interned.find(hash, |id| at(id) == key) {
            return *id;
        }
        let span = self.push_text(key);
        let id = self.keys.len() as u32;
        self.keys.push(span);
        self.successor.push(NO_KEY);
        self.seen_in.push(NO_KEY);
        let (text, keys) = (&self.text, &self.keys);
        self.interned.insert_unique(hash, id, |id| {
            let span = keys[*id as usize];
            xxh3_64(&text.as_bytes()[span.start as usize..(span.start + span.len) as usize])
        });
        id
    }

    /// Marks each key with its object; a key marked already is a duplicate. Linear.
    fn check_keys(&mut self, object: u32) -> Result<(), DuplicateKey> {
        let end = self.nodes[object as usize].halves().1;
        let mut at = object + 1;
        while at < end {
            let node = self.nodes[at as usize];
            if node.key != NO_KEY {
                let seen = &mut self.seen_in[node.key as usize];
                if *seen == object {
                    return Err(self.duplicate(object, at));
                }
                *seen = object;
            }
            at = if node.is_container() {
                node.halves().1
            } else {
                at + 1
            };
        }
        Ok(())
    }

    fn duplicate(&self, object: u32, repeated: u32) -> DuplicateKey {
        let key = self.nodes[repeated as usize].key;
        let (mut at, mut member, mut first) = (object + 1, 0, None);
        while at < repeated {
            let node = self.nodes[at as usize];
            if node.key == key {
                first.get_or_insert(member);
            }
            member += 1;
            at = if node.is_container() {
                node.halves().1
            } else {
                at + 1
            };
        }
        let key = self
            .keys
            .get(key as usize)
            .map_or("", |span| self.text_at(*span))
            .to_owned();
        DuplicateKey {
            key,
            first: first.unwrap_or(0),
            second: member,
        }
    }
}
