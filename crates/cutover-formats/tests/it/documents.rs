//! Whatever the bytes are: a value or an error with its place, at any depth, within bounds.

use cutover_domain::comparison::Comparator;
use cutover_domain::tree::Tree;
use cutover_formats::{Document, Format, ReadError};
use proptest::prelude::*;

fn read(format: Format, bytes: &[u8]) -> Result<Tree, ReadError> {
    Document::new(bytes).format(format).read()
}

/// A document with a bit of everything.
fn sample(format: Format) -> &'static str {
    match format {
        Format::Json => {
            r#"{"a": [1, -2.50e3, "x\u00e9\n", true, null], "b": {"c": {}, "d": [[]]}, "é": ""}"#
        }
        Format::JsonLines => "{\"a\": 1}\r\n\n[\"x\", 2]\n\"\\ud83d\\ude00\"\n",
        Format::Yaml => {
            "%YAML 1.2\n---\na: &x [1, 0x1F, .nan, ~]\nb: {<<: {k: *x}, 'q': \"\\u00e9\"}\nc: |\n  \
             text\n  more\n? d\n: !Ref e\n...\n--- # second\n- - 1\n  - >-\n    folded\n"
        }
        Format::Toml => {
            "# comment\na.b = 1_000\n[t]\nx = [1.5, 'l', \"\"\"m\n\"\"\", {k = true}]\nd = \
             1979-05-27T07:32:00Z\n[[r]]\n[r.\"é\"]\nn = 0xFF\n[[r]]\n"
        }
        _ => "one\r\ntwo\n\nlast",
    }
}

/// What holds for any answer of a reader.
fn check(format: Format, bytes: &[u8]) -> Result<(), TestCaseError> {
    match read(format, bytes) {
        Ok(tree) => {
            // No document makes more of itself than a bounded number of values.
            prop_assert!(tree.node_count() <= 2 * bytes.len() + 3 + 1_000_000);
            prop_assert!(Comparator::default().compare(&tree, &tree).equal);
        }
        Err(error) => {
            prop_assert!(!error.to_string().is_empty());
            if let Some(at) = error.position {
                prop_assert!(at.offset <= bytes.len(), "{format}: {error}");
                prop_assert!(at.line >= 1 && at.column >= 1, "{format}: {error}");
                let lines = bytes.split(|byte| *byte == b'\n').count();
                prop_assert!(at.line <= lines, "{format}: {error}");
            }
        }
    }
    Ok(())
}

#[test]
fn every_sample_is_read() {
    for format in Format::ALL {
        let tree = read(format, sample(format).as_bytes());
        assert!(tree.is_ok(), "{format}: {tree:?}");
    }
}

#[test]
fn every_cut_of_a_document_is_a_value_or_an_error_with_its_place() {
    for format in Format::ALL {
        let bytes = sample(format).as_bytes();
        for end in 0..bytes.len() {
            check(format, &bytes[..end]).unwrap();
        }
    }
}

#[test]
fn invalid_utf_8_is_named_with_its_byte_and_place() {
    for format in Format::ALL {
        for (bytes, place) in [
            (&b"\"a\"\n\"\xff\"\n"[..], (2, 2, 5)),
            // Cut off within a letter.
            (b"\"\xc3\xa9\xe2\x82", (1, 3, 3)),
            // Longer than need be, and half of a surrogate pair.
            (b"\xc0\xaf", (1, 1, 0)),
            (b"\n\xed\xa0\x80", (2, 1, 1)),
        ] {
            let error = read(format, bytes).unwrap_err();
            let at = error.position.unwrap();
            assert_eq!((at.line, at.column, at.offset), place, "{format}: {error}");
            assert!(
                error.to_string().contains("is not UTF-8; convert"),
                "{error}"
            );
        }
        let error = read(format, b"\xff\xfe{\0}\0").unwrap_err();
        assert!(
            error.to_string().contains("UTF-16, little endian; convert"),
            "{error}"
        );
    }
}

#[test]
fn a_number_that_is_none_is_read_where_the_format_has_it() {
    let error = |format, text: &str| read(format, text.as_bytes()).unwrap_err().to_string();
    assert!(error(Format::Json, "[NaN]").contains("`NaN` is not JSON; write null or a string"));
    assert!(error(Format::JsonLines, "1\nInfinity").starts_with("line 2, column 1: "));
    let yaml = read(Format::Yaml, b"[.nan, .inf, -.inf, 1]").unwrap();
    let toml = read(Format::Toml, b"v = [nan, inf, -inf, 1]").unwrap();
    let of_toml = toml.root().get("v").unwrap().to_tree();
    let comparator = Comparator::default();
    assert!(comparator.compare(&yaml, &of_toml).equal);
    let members = |text: &str| read(Format::Yaml, text.as_bytes()).unwrap();
    let (old, new) = (
        members("{a: .nan, b: .inf, c: .nan}"),
        members("{a: 0, b: -.inf, c: .nan}"),
    );
    assert_eq!(comparator.compare(&old, &new).counts.value, 2);
}

#[test]
fn ten_thousand_levels_are_compared_or_refused() {
    let deep = 10_000;
    let brackets = format!("{}1{}", "[".repeat(deep), "]".repeat(deep));
    let braces = format!("{}1{}", "{\"a\":".repeat(deep), "}".repeat(deep));
    let dashes = format!("{}1", "- ".repeat(deep));
    let dots = format!("{} = 1", vec!["a"; deep].join("."));
    for (format, text) in [
        (Format::Json, &brackets),
        (Format::Json, &braces),
        (Format::JsonLines, &brackets),
        (Format::Yaml, &brackets),
        (Format::Yaml, &braces),
        (Format::Yaml, &dashes),
        (Format::Toml, &dots),
        (Format::Text, &brackets),
    ] {
        let tree = read(format, text.as_bytes()).unwrap();
        let other = read(format, text.replace('1', "2").as_bytes()).unwrap();
        let comparison = Comparator::default().compare(&tree, &other);
        assert_eq!(comparison.counts.value, 1, "{format}");
    }
    let nested = format!("a = {brackets}");
    let error = read(Format::Toml, nested.as_bytes()).unwrap_err();
    assert!(
        error.to_string().contains("nested deeper than 256 levels"),
        "{error}"
    );
}

/// Readers keep what is long once, and look at it once.
#[test]
fn what_is_long_takes_its_own_size_and_little_more() {
    let long = "x".repeat(10_000_000);
    for (format, text) in [
        (Format::Json, format!("[\"{long}\"]")),
        (Format::JsonLines, format!("\"{long}\"")),
        (Format::Yaml, format!("- \"{long}\"\n- {long}")),
        (Format::Toml, format!("a = \"{long}\"\n'{long}' = 1")),
        (Format::Text, long.clone()),
    ] {
        let tree = read(format, text.as_bytes()).unwrap();
        let bound = text.len() + text.len() / 2 + 4096;
        assert!(
            tree.heap_bytes() <= bound,
            "{format}: {}",
            tree.heap_bytes()
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        format in prop::sample::select(Format::ALL.to_vec()),
    ) {
        check(format, &bytes)?;
    }

    #[test]
    fn no_change_of_a_document_makes_a_reader_panic(
        format in prop::sample::select(Format::ALL.to_vec()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..6),
        repeat in 1..4_usize,
    ) {
        let mut bytes = sample(format).repeat(repeat).into_bytes();
        for (at, byte, how) in changes {
            let at = at.index(bytes.len().max(1)).min(bytes.len().saturating_sub(1));
            match how {
                _ if bytes.is_empty() => bytes.push(byte),
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => {
                    bytes.remove(at);
                }
                _ => {
                    let tail = bytes.split_off(at);
                    bytes.extend_from_slice(&tail[tail.len() / 2..]);
                }
            }
        }
        check(format, &bytes)?;
        // And where nobody says what it is.
        if let Err(error) = Document::new(&bytes).read() {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
