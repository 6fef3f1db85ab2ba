//! What a program counts about itself: lines of JSON among its messages, or in a file.
//!
//! ```text
//! {"cutover": {"counters": {"queries": 24, "rows": 1000}}}
//! ```
//!
//! Every line adds to the sums, so that each process of a program may write its own. Such a line
//! is no message. One that is nearly right stays a message and is said to be wrong.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde_json::Value;

/// A longer line is a message.
const LINE: usize = 64 * 1024;
/// How much of the file is read.
const FILE: u64 = 1024 * 1024;
/// How many counters a program may have.
const NAMES: usize = 100;
const NAME_CHARS: usize = 100;

/// Sums by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) counts: BTreeMap<String, u64>,
    /// Why something was not counted that was meant to be.
    pub(crate) problem: Option<String>,
}

impl Counters {
    /// Adds the counters of a line, if it is one; whether it was.
    fn add_line(&mut self, line: &[u8]) -> bool {
        let Some(counts) = counters_in(line) else {
            return false;
        };
        let mut counted = self.counts.clone();
        match add(&mut counted, &counts) {
            Ok(()) => {
                self.counts = counted;
                true
            }
            Err(problem) => {
                self.problem.get_or_insert(problem);
                false
            }
        }
    }

    /// Adds what a program wrote to its file of counters, if it wrote any.
    pub(super) fn add_file(&mut self, path: &Path) {
        match read(path) {
            Ok(bytes) => {
                for line in bytes.split(|byte| *byte == b'\n') {
                    if !line.trim_ascii().is_empty() && !self.add_line(line) {
                        self.problem
                            .get_or_insert_with(|| "a line of the file is no counters".to_owned());
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                self.problem
                    .get_or_insert(format!("the file cannot be read: {error}"));
            }
        }
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    // A pipe would never end.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The member `counters` of the only member `cutover`.
fn counters_in(line: &[u8]) -> Option<serde_json::Map<String, Value>> {
    let start = line.trim_ascii_start();
    let looks_like_it =
        start.first() == Some(&b'{') && start[1..].trim_ascii_start().starts_with(b"\"cutover\"");
    if !looks_like_it {
        return None;
    }
    let Ok(Value::Object(mut outer)) = serde_json::from_slice(line) else {
        return None;
    };
    let Some(Value::Object(mut inner)) = outer.remove("cutover") else {
        return None;
    };
    match inner.remove("counters") {
        Some(Value::Object(counts)) if outer.is_empty() => Some(counts),
        _ => None,
    }
}

fn add(
    sums: &mut BTreeMap<String, u64>,
    counts: &serde_json::Map<String, Value>,
) -> Result<(), String> {
    for (name, count) in counts {
        let fits = (1..=NAME_CHARS).contains(&name.chars().count());
        if !fits || name.chars().any(char::is_control) {
            return Err(format!(
                "the name of a counter is 1 to {NAME_CHARS} characters on one line"
            ));
        }
        let count = count
            .as_u64()
            .ok_or_else(|| format!("the counter `{name}` is no whole number from 0 on"))?;
        let sum = sums.entry(name.clone()).or_default();
        *sum = sum.saturating_add(count);
    }
    if sums.len() > NAMES {
        return Err(format!("there are more than {NAMES} counters"));
    }
    Ok(())
}

/// Takes the lines of counters out of a stream of messages.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    /// A line that may be one of counters, as far as it has come.
    line: Vec<u8>,
    /// The line has been seen to be a message.
    passes: bool,
    pub(super) counters: Counters,
}

impl Sieve {
    /// Appends to `kept` what of `bytes`, and of what came before, is a message.
    pub(super) fn feed(&mut self, bytes: &[u8], kept: &mut Vec<u8>) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let ends = piece.last() == Some(&b'\n');
            let may_be = if self.line.is_empty() {
                piece.first() == Some(&b'{')
            } else {
                self.line.len() + piece.len() <= LINE
            };
            if self.passes || !may_be {
                kept.append(&mut self.line);
                kept.extend_from_slice(piece);
                self.passes = !ends;
                continue;
            }
            self.line.extend_from_slice(piece);
            if ends {
                self.end_line(kept);
            }
        }
    }

    /// The stream has ended, perhaps within a line.
    pub(super) fn finish(&mut self, kept: &mut Vec<u8>) {
        self.end_line(kept);
    }

    fn end_line(&mut self, kept: &mut Vec<u8>) {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() && !self.counters.add_line(&line) {
            kept.extend_from_slice(&line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What passes, and what was counted, with the stream cut into pieces of this size.
    fn sieve(text: &str, size: usize) -> (String, Counters) {
        let (mut sieve, mut kept) = (Sieve::default(), Vec::new());
        for piece in text.as_bytes().chunks(size) {
            sieve.feed(piece, &mut kept);
        }
        sieve.finish(&mut kept);
        (String::from_utf8(kept).unwrap(), sieve.counters)
    }

    #[test]
    fn lines_of_counters_add_up_and_are_no_messages() {
        let text = "start\n{\"cutover\": {\"counters\": {\"queries\": 20, \"rows\": 1}}}\nmiddle\n\
                    {\"level\": \"info\"}\n{\"cutover\":{\"counters\":{\"queries\":4}}}\r\nend\n\
                    {\"cutover\":{\"counters\":{\"last\":0}}}";
        for size in [1, 2, 7, 1000] {
            let (messages, counters) = sieve(text, size);
            assert_eq!(messages, "start\nmiddle\n{\"level\": \"info\"}\nend\n");
            let counts: Vec<_> = counters.counts.into_iter().collect();
            let expected = [("last", 0), ("queries", 24), ("rows", 1)];
            assert_eq!(
                counts,
                expected.map(|(name, count)| (name.to_owned(), count))
            );
            assert_eq!(counters.problem, None);
        }
    }

    #[test]
    fn what_is_nearly_right_is_said_and_what_is_not_passes() {
        for (line, problem) in [
            (r#"{"cutover":{"counters":{"a":-1}}}"#, Some("`a`")),
            (r#"{"cutover":{"counters":{"a":1.5}}}"#, Some("`a`")),
            (r#"{"cutover":{"counters":{"":1}}}"#, Some("name")),
            (r#"{"cutover":{"counters":{"a\nb":1}}}"#, Some("name")),
            (r#"{"cutover":{"counters":[1]}}"#, None),
            (r#"{"cutover":{"counters":{"a":1}},"more":1}"#, None),
            (r#"{"cutover":{"counters":{"a":1}}"#, None),
            (r#"log: {"cutover":{"counters":{"a":1}}}"#, None),
        ] {
            let (messages, counters) = sieve(line, 5);
            assert_eq!(messages, line);
            assert!(counters.counts.is_empty());
            let said = counters.problem.unwrap_or_default();
            assert_eq!(said.is_empty(), problem.is_none(), "{line}: {said}");
            assert!(said.contains(problem.unwrap_or_default()), "{line}: {said}");
        }
        let many: Vec<String> = (0..=NAMES).map(|index| format!("\"n{index}\":1")).collect();
        let line = format!("{{\"cutover\":{{\"counters\":{{{}}}}}}}", many.join(","));
        assert!(sieve(&line, 9).1.problem.unwrap().contains("100"));
    }

    #[test]
    fn a_line_without_end_needs_no_memory() {
        let (mut sieve, mut kept) = (Sieve::default(), Vec::new());
        let piece = [b'{'; 1000];
        for _ in 0..1000 {
            sieve.feed(&piece, &mut kept);
            assert!(sieve.line.len() <= LINE);
        }
        sieve.finish(&mut kept);
        assert_eq!(kept.len(), 1_000_000);
    }

    #[test]
    fn a_file_of_counters_counts_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("counters");
        let mut counters = Counters::default();
        counters.add_file(&path);
        assert_eq!(counters, Counters::default());
        std::fs::write(
            &path,
            "{\"cutover\":{\"counters\":{\"a\":1}}}\n\nnonsense\n",
        )
        .unwrap();
        counters.add_file(&path);
        assert_eq!(counters.counts["a"], 1);
        assert!(counters.problem.is_some());
    }
}
