use cutover_domain::tree::{Kind, Tree};
use proptest::prelude::*;

use crate::{Document, Format};

#[test]
fn values_keep_every_digit_and_letter() {
    for (text, expected) in [
        ("", "{}"),
        ("# only a comment", "{}"),
        ("a = true\nb = false", r#"{"a":true,"b":false}"#),
        (
            "a = [1_000, +5, -0, 0xFF, 0o17, 0b101]",
            r#"{"a":[1000,5,-0,255,15,5]}"#,
        ),
        ("a = 36893488147419103232", r#"{"a":36893488147419103232}"#),
        (
            "a = 0xFFFFFFFFFFFFFFFFFF",
            r#"{"a":4722366482869645213695}"#,
        ),
        (
            "a = [1.5, +1e06, -3.14_15, 0.1000000000000000055511151231257827]",
            r#"{"a":[1.5,1e06,-3.1415,0.1000000000000000055511151231257827]}"#,
        ),
        (
            "a = [inf, -inf, +inf, nan]",
            r#"{"a":["Infinity","-Infinity","Infinity","NaN"]}"#,
        ),
        (
            "a = [1979-05-27T07:32:00-08:00, 1979-05-27 07:32:00.5, 1979-05-27, 07:32:00]",
            r#"{"a":["1979-05-27T07:32:00-08:00","1979-05-27 07:32:00.5","1979-05-27","07:32:00"]}"#,
        ),
        (
            "a = \"t\\u00E9\\n\"\nb = 'C:\\x'\nc = \"\"\"\none\\\n   two\"\"\"",
            r#"{"a":"té\n","b":"C:\\x","c":"onetwo"}"#,
        ),
        (
            "a = [ [1, 2], [], [ { b = 1 }, ], ]",
            r#"{"a":[[1,2],[],[{"b":1}]]}"#,
        ),
        ("a = {\n  b = 1,\n}", r#"{"a":{"b":1}}"#),
    ] {
        assert_eq!(Format::Toml.json(text), expected, "{text:?}");
    }
    let tree = Format::Toml.read("a = nan").unwrap();
    assert_eq!(tree.root().get("a").unwrap().kind(), Kind::Number);
}

#[test]
fn headers_and_dotted_keys_make_tables() {
    for (text, expected) in [
        (
            "a.b.c = 1\na.b.d = 2\na.\"x.y\" = 3",
            r#"{"a":{"b":{"c":1,"d":2},"x.y":3}}"#,
        ),
        ("[a.b]\nc = 1\n[a]\nd = 2", r#"{"a":{"b":{"c":1},"d":2}}"#),
        (
            "[[p]]\nn = 1\n[p.q]\nr = 2\n[[p]]\nn = 3\n[[p.s]]\n[[p.s]]",
            r#"{"p":[{"n":1,"q":{"r":2}},{"n":3,"s":[{},{}]}]}"#,
        ),
        (
            "[a]\nb.c = 1\n[a.b.d]\ne = 2",
            r#"{"a":{"b":{"c":1,"d":{"e":2}}}}"#,
        ),
        ("a = { b.c = 1, b.d = 2 }", r#"{"a":{"b":{"c":1,"d":2}}}"#),
        ("a.b = 1\n[c]\n[a.d]\n", r#"{"a":{"b":1,"d":{}},"c":{}}"#),
    ] {
        assert_eq!(Format::Toml.json(text), expected, "{text:?}");
    }
}

#[test]
fn errors_say_where_and_what_to_do() {
    for (text, message) in [
        (
            "a = 1\nb = 2\na = 3",
            "line 3, column 1: the key `a` stands twice in one table, first at line 1, column 1; remove or rename one",
        ),
        (
            "[a]\n[b]\n[a]",
            "line 3, column 2: the key `a` stands twice",
        ),
        (
            "a = {b = 1, b = 2}",
            "line 1, column 13: the key `b` stands twice",
        ),
        (
            "a = {b = 1}\n[a.c]",
            "line 2, column 2: `a` is a table in braces, which is whole: nothing adds to it",
        ),
        (
            "a = {b = 1}\na.c = 2",
            "line 2, column 1: `a` is a table in braces",
        ),
        (
            "a = 1\n[a.b]",
            "line 2, column 2: `a` is a value, not a table",
        ),
        (
            "[a.b.c]\n[a]\nb.c.d = 1",
            "line 3, column 3: the key `c` stands twice",
        ),
        (
            "a = [1]\n[[a]]",
            "line 2, column 3: the key `a` stands twice",
        ),
        (
            "a = 2024-13-01",
            "line 1, column 5: `2024-13-01` is not a date or time",
        ),
        (
            "a = 01",
            "line 1, column 5: this is not TOML: unexpected leading zero",
        ),
        ("a = \"x", "line 1, column"),
        ("a = [1, 2", "line 1, column"),
        ("a = yes", "line 1, column 5: this is not TOML: "),
        ("a: 1", "line 1, column"),
        ("é = 1\n", "line 1, column 1: this is not TOML: "),
    ] {
        let found = Format::Toml.error(text);
        assert!(found.starts_with(message), "{text:?}: {found}");
    }
    let huge = format!("a = 0x{}", "F".repeat(40));
    assert!(
        Format::Toml
            .error(&huge)
            .ends_with("is past 128 bits; write it as a decimal number")
    );
}

#[test]
fn any_depth_is_read_or_refused() {
    let deep = 10_000;
    let dotted = vec!["a"; deep].join(".");
    for text in [
        format!("{dotted} = 1"),
        format!("[{dotted}]"),
        format!("[[{dotted}]]"),
    ] {
        assert!(Format::Toml.read(&text).unwrap().node_count() >= deep);
        let shallow = Document::new(text.as_bytes())
            .format(Format::Toml)
            .depth(100);
        let error = shallow.read().unwrap_err().to_string();
        assert!(error.contains("nested deeper than 100 levels"), "{error}");
    }
    for text in [
        format!("a = {}{}", "[".repeat(deep), "]".repeat(deep)),
        format!("a = {}1{}", "{a = ".repeat(deep), "}".repeat(deep)),
        format!("a = {}", "[".repeat(deep)),
    ] {
        let error = Format::Toml.error(&text);
        assert!(error.contains("nested deeper than 256 levels"), "{error}");
    }
    let fine = format!("a = {}{}", "[".repeat(256), "]".repeat(256));
    assert!(Format::Toml.read(&fine).is_ok());
}

/// The same document by the `toml` crate, if it takes it; it knows integers up to 64 bits only.
fn oracle(text: &str) -> Option<Tree> {
    let table: toml::Table = text.parse().ok()?;
    Tree::from_serialize(&plain(toml::Value::Table(table))).ok()
}

/// Dates as text.
fn plain(value: toml::Value) -> serde_json::Value {
    match value {
        toml::Value::Table(table) => table
            .into_iter()
            .map(|(key, value)| (key, plain(value)))
            .collect(),
        toml::Value::Array(items) => items.into_iter().map(plain).collect(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(value) => value.into(),
        toml::Value::Float(value) => value.into(),
        toml::Value::Boolean(value) => value.into(),
    }
}

/// Lines that define, extend and redefine a few tables.
fn document() -> impl Strategy<Value = String> {
    let path = prop::collection::vec("[a-c]", 1..4).prop_map(|parts| parts.join("."));
    let value = prop::sample::select(vec![
        "1",
        "\"x\"",
        "[]",
        "[{a = 1}]",
        "{}",
        "{b = 1}",
        "{b.c = 1, b.a = []}",
        "1.5",
        "true",
        "1979-05-27",
    ]);
    let line = prop_oneof![
        3 => (path.clone(), value).prop_map(|(key, value)| format!("{key} = {value}")),
        2 => path.clone().prop_map(|path| format!("[{path}]")),
        1 => path.prop_map(|path| format!("[[{path}]]")),
    ];
    prop::collection::vec(line, 0..7).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn tables_are_those_of_another_reader(text in document()) {
        match (Format::Toml.read(&text), oracle(&text)) {
            (Ok(ours), Some(theirs)) => {
                let comparator = cutover_domain::comparison::Comparator::default();
                let comparison = comparator.compare(&ours, &theirs);
                prop_assert!(comparison.equal, "{text}\n{ours}\n{theirs}");
            }
            (Err(_), None) => {}
            // The other reader lets a dotted key add to an array of tables, which TOML forbids.
            (Err(_), Some(_)) if text.contains("[[") => {}
            (ours, theirs) => prop_assert!(false, "{text}\n{ours:?}\n{theirs:?}"),
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "([\\]\\[{}=,.#'\"_+:TZe \n\r0-9a-c-]|\\[\\[|\\]\\]|\"\"\"|'''|0x|inf|nan){0,40}") {
        if let Err(error) = Format::Toml.read(&text) {
            let at = error.position.unwrap();
            prop_assert!(at.offset <= text.len() && at.line >= 1 && at.column >= 1);
        }
    }
}
