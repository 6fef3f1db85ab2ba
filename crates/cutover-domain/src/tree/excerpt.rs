//! Bounded samples of large values.

use super::{Node, Tag, Tree, TreeBuilder};

/// The member, or last element, that says how much was left out.
const CUT: &str = "…";

impl Node<'_> {
    /// A copy of the value that takes at most about `max_bytes` as JSON; see [`Tree::excerpt`].
    #[must_use]
    pub fn excerpt(self, max_bytes: usize) -> Tree {
        let mut builder = TreeBuilder::new();
        if max_bytes == usize::MAX {
            builder.value(self);
            return finish(builder);
        }
        let mut sampler = Sampler {
            tree: self.tree(),
            builder,
            left: max_bytes,
            open: Vec::new(),
        };
        sampler.copy(self.index());
        finish(sampler.builder)
    }
}

/// Copying a well-formed tree into a builder cannot go wrong; an empty sample would show it if it
/// did.
fn finish(builder: TreeBuilder) -> Tree {
    builder.finish().unwrap_or_else(|_| Tree::null())
}

struct Sampler<'a> {
    tree: &'a Tree,
    builder: TreeBuilder,
    left: usize,
    /// Open containers: where each ends in the source, and how many of its members are to come.
    open: Vec<(u32, u32)>,
}

impl Sampler<'_> {
    fn copy(&mut self, start: u32) {
        let end = self.tree.end(start);
        let mut at = start;
        while at < end {
            self.close(at);
            at = match self.open.last().copied() {
                Some((container_end, to_come)) if self.left == 0 => {
                    self.cut(to_come);
                    container_end
                }
                _ => self.copy_one(at, start),
            };
        }
        self.close(end);
    }

    fn copy_one(&mut self, at: u32, start: u32) -> u32 {
        let raw = self.tree.nodes[at as usize];
        if let Some((_, to_come)) = self.open.last_mut() {
            *to_come -= 1;
        }
        if let Some(key) = self.tree.key_text(raw.key).filter(|_| at != start) {
            self.spend(key.len() + 3);
            self.builder.key(key);
        }
        self.spend(2);
        match raw.tag {
            Tag::Null => self.builder.null(),
            Tag::False => self.builder.bool(false),
            Tag::True => self.builder.bool(true),
            Tag::Integer => {
                self.spend(6);
                self.builder.integer(raw.payload.cast_signed());
            }
            Tag::Lexeme | Tag::String => self.copy_text(raw.tag, self.tree.payload_text(raw)),
            Tag::Array | Tag::Object => {
                let (members, end) = raw.halves();
                if raw.tag == Tag::Array {
                    self.builder.begin_array();
                } else {
                    self.builder.begin_object();
                }
                self.open.push((end, members));
            }
        }
        at + 1
    }

    fn copy_text(&mut self, tag: Tag, text: &str) {
        if text.len() <= self.left.max(16) {
            self.spend(text.len());
            match tag {
                Tag::Lexeme => self.builder.lexeme(text),
                _ => self.builder.string(text),
            }
            return;
        }
        let kept = text.floor_char_boundary(self.left.max(16));
        let (before, left_out) = left_out_before(text);
        let left_out = left_out + before.len().saturating_sub(kept);
        let kept = &text[..kept];
        self.builder
            .string(&format!("{kept}{CUT} (+{left_out} bytes)"));
        self.left = 0;
    }

    /// Says how many members are left out of the innermost container.
    fn cut(&mut self, to_come: u32) {
        if self.builder.in_object() {
            self.builder.key(CUT);
            self.builder.string(&format!("+{to_come} more"));
        } else {
            self.builder.string(&format!("{CUT} (+{to_come} more)"));
        }
    }

    fn close(&mut self, reached: u32) {
        while let Some((end, _)) = self.open.last().copied()
            && end <= reached
        {
            if self.builder.in_object() {
                // A source that has a member `…` of its own is shown as it is.
                self.builder.end_object().ok();
            } else {
                self.builder.end_array();
            }
            self.open.pop();
        }
    }

    fn spend(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes);
    }
}

/// A text that may be a sample already: what is left of it, and how many bytes it says that were left
/// out.
fn left_out_before(text: &str) -> (&str, usize) {
    let sample = text.rsplit_once(CUT).and_then(|(before, note)| {
        let bytes = note.strip_prefix(" (+")?.strip_suffix(" bytes)")?;
        Some((before, bytes.parse().ok()?))
    });
    sample.unwrap_or((text, 0))
}

/// How much of two texts is shown before the first letter that differs.
const CONTEXT: usize = 40;

/// Samples of two texts, one of them too long: what lies around the first letter that differs, in at
/// most about `max_bytes` each.
pub(crate) fn excerpts_apart(old: &str, new: &str, max_bytes: usize) -> [Tree; 2] {
    let common = old
        .bytes()
        .zip(new.bytes())
        .take_while(|(old, new)| old == new);
    let common = common.count().saturating_sub(CONTEXT.min(max_bytes / 2));
    let start = old.floor_char_boundary(common);
    [old, new].map(|text| {
        let end = text.floor_char_boundary(start.saturating_add(max_bytes.max(16)));
        let before = match start {
            0 => String::new(),
            _ => format!("(+{start} bytes) {CUT}"),
        };
        let after = match text.len() - end {
            0 => String::new(),
            left_out => format!("{CUT} (+{left_out} bytes)"),
        };
        Tree::string(format!("{before}{}{after}", &text[start..end]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_copied_whole() {
        let tree = Tree::from_json(r#"{"a":[1,2.50,"x"],"b":{"c":null}}"#).unwrap();
        assert_eq!(tree.excerpt(1000), tree);
        assert_eq!(
            tree.root().get("a").unwrap().to_tree().to_json(),
            r#"[1,2.50,"x"]"#
        );
    }

    #[test]
    fn what_is_cut_says_so() {
        let list = Tree::from_json(&format!("[{}1]", "1,".repeat(999))).unwrap();
        let sample = list.excerpt(40).to_json();
        assert!(sample.len() < 100, "{sample}");
        assert!(sample.ends_with(r#""… (+995 more)"]"#), "{sample}");
        let text = Tree::string("é".repeat(500)).excerpt(22).to_json();
        assert_eq!(text, format!("\"{}… (+980 bytes)\"", "é".repeat(10)));
        let object = Tree::from_json(r#"{"a":{"b":"0123456789","c":1,"d":2},"e":3}"#).unwrap();
        assert_eq!(
            object.excerpt(10).to_json(),
            r#"{"a":{"b":"0123456789","…":"+2 more"},"…":"+1 more"}"#
        );
    }

    #[test]
    fn what_is_cut_again_says_how_much_it_was_at_first() {
        let text = Tree::string("x".repeat(1_000_000));
        let again = text.excerpt(2_000).excerpt(100).to_json();
        assert_eq!(again, format!("\"{}… (+999902 bytes)\"", "x".repeat(98)));
    }

    #[test]
    fn samples_of_two_long_texts_show_where_they_differ() {
        let [same, more] = ["é".repeat(1000), "x".repeat(5000)];
        let before = "é".repeat(20);
        let shown = |digit: char| {
            let after = "x".repeat(59);
            format!("\"(+1960 bytes) …{before}{digit}{after}… (+4941 bytes)\"")
        };
        let [old, new] = ["1", "2"].map(|digit| format!("{same}{digit}{more}"));
        let [old, new] = excerpts_apart(&old, &new, 100).map(|sample| sample.to_json());
        assert_eq!([old, new], ['1', '2'].map(shown));
        // One of them may be the beginning of the other.
        let [short, long] = excerpts_apart(&same, &format!("{same}!"), 100).map(|s| s.to_json());
        assert_eq!(short, format!("\"(+1960 bytes) …{before}\""));
        assert_eq!(long, format!("\"(+1960 bytes) …{before}!\""));
    }

    #[test]
    fn a_sample_of_a_deep_document_is_small() {
        let deep =
            Tree::from_json(&format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))).unwrap();
        assert!(deep.excerpt(100).to_json().len() < 300);
        assert_eq!(deep.root().to_tree(), deep);
    }
}
