use cutover_domain::tree::{Kind, Tree};
use proptest::prelude::*;

use crate::{Document, Format};

#[test]
fn scalars_are_what_the_core_schema_says() {
    for (text, expected) in [
        ("", "null"),
        ("# nothing but a comment\n", "null"),
        ("~", "null"),
        ("Null", "null"),
        ("nULL", r#""nULL""#),
        ("True", "true"),
        ("FALSE", "false"),
        // What YAML 1.1 took for booleans, octal, sexagesimal and dates is text, or a number as it
        // is written.
        (
            "[yes, no, on, off, y, n]",
            r#"["yes","no","on","off","y","n"]"#,
        ),
        (
            "[0777, 08, 1_000, 12:30:45, 2024-01-31]",
            r#"[777,8,"1_000","12:30:45","2024-01-31"]"#,
        ),
        (
            "[0x1F, 0o17, 0xfFfFfFfFfFfFfFfFfF, -0x1, 0b1]",
            r#"[31,15,4722366482869645213695,"-0x1","0b1"]"#,
        ),
        (
            "[+1, -1, -0, 1., .5, +.5e3, 1e5, 1.E-2, 00.10]",
            "[1,-1,-0,1.0,0.5,0.5e3,1e5,1.0E-2,0.10]",
        ),
        (
            "[36893488147419103232, 0.1000000000000000055511151231257827]",
            "[36893488147419103232,0.1000000000000000055511151231257827]",
        ),
        (
            "[., +, '-', 1e, e1, 0x, 1.2.3, '1', \"true\"]",
            r#"[".","+","-","1e","e1","0x","1.2.3","1","true"]"#,
        ),
        ("[.inf, -.INF, .NaN]", r#"["Infinity","-Infinity","NaN"]"#),
        (
            "a: |\n  two\n  lines\nb: >-\n  one\n  line\n",
            r#"{"a":"two\nlines\n","b":"one line"}"#,
        ),
        ("\"\\u00e9\\x41\\n\"", r#""éA\n""#),
    ] {
        assert_eq!(Format::Yaml.json(text), expected, "{text:?}");
    }
    let tree = Format::Yaml.read("[.inf, .nan]").unwrap();
    assert!(tree.root().items().all(|item| item.kind() == Kind::Number));
}

#[test]
fn tags_of_the_core_schema_are_followed_and_others_kept() {
    for (text, expected) in [
        (
            "[!!str 1, ! 2, !!str null, !!str]",
            r#"["1","2","null",""]"#,
        ),
        (
            "[!!int '3', !!float 3, !!float 1.5, !!null '', !!bool 'true']",
            "[3,3.0,1.5,null,true]",
        ),
        ("!!map {a: !!seq [1]}", r#"{"a":[1]}"#),
        (
            "a: !Ref Bucket\nb: !GetAtt [x, y]\nc: !x {k: 1}",
            r#"{"a":{"!Ref":"Bucket"},"b":{"!GetAtt":["x","y"]},"c":{"!x":{"k":1}}}"#,
        ),
        (
            "[!!binary aGk=, !!set {a, b}]",
            r#"[{"!!binary":"aGk="},{"!!set":{"a":null,"b":null}}]"#,
        ),
        (
            "%TAG !e! tag:example.com,2000:\n---\n!e!x 1",
            r#"{"tag:example.com,2000:x":"1"}"#,
        ),
        ("!x !!str a", r#""never""#),
    ] {
        if expected == r#""never""# {
            Format::Yaml.error(text);
        } else {
            assert_eq!(Format::Yaml.json(text), expected, "{text:?}");
        }
    }
    for (text, message) in [
        (
            "a: !!int abc",
            "line 1, column 10: `abc` is not what its tag says it is: !!int",
        ),
        (
            "!!bool 1",
            "line 1, column 8: `1` is not what its tag says it is: !!bool",
        ),
        (
            "!!int 1.5",
            "line 1, column 7: `1.5` is not what its tag says it is: !!int",
        ),
        (
            "!!seq {a: 1}",
            "line 1, column 7: a collection is not what its tag says it is: !!seq",
        ),
    ] {
        assert_eq!(Format::Yaml.error(text), message, "{text:?}");
    }
}

#[test]
fn several_documents_are_an_array() {
    for (text, expected) in [
        ("---\na: 1\n", r#"{"a":1}"#),
        ("a: 1\n---\n- 2\n...\n---\n", r#"[{"a":1},[2],null]"#),
        ("--- 1\n--- 2\n", "[1,2]"),
        ("%YAML 1.1\n---\nyes\n", r#""yes""#),
    ] {
        assert_eq!(Format::Yaml.json(text), expected, "{text:?}");
    }
    // Anchors end with their document.
    assert_eq!(
        Format::Yaml.error("--- &a 1\n--- *a\n"),
        "line 2, column 5: this is not YAML: while parsing node, found unknown anchor; an anchor \
         stands before its aliases, in the same document"
    );
}

#[test]
fn aliases_stand_for_what_they_name() {
    for (text, expected) in [
        (
            "a: &x {k: [1, 2]}\nb: *x\nc: [*x, *x]",
            r#"{"a":{"k":[1,2]},"b":{"k":[1,2]},"c":[{"k":[1,2]},{"k":[1,2]}]}"#,
        ),
        (
            "&k key: &v value\n*v : *k",
            r#"{"key":"value","value":"key"}"#,
        ),
        ("[&a 1, &a 2, *a]", "[1,2,2]"),
        ("[&n !!str 7, *n]", r#"["7","7"]"#),
        ("[&t !x {a: 1}, *t]", r#"[{"!x":{"a":1}},{"!x":{"a":1}}]"#),
    ] {
        assert_eq!(Format::Yaml.json(text), expected, "{text:?}");
    }
    let message = "the alias stands within the value that it names; a value cannot hold itself";
    assert_eq!(
        Format::Yaml.error("a: &x\n  b: *x"),
        format!("line 2, column 6: {message}")
    );
}

#[test]
fn merge_keys_take_over_what_is_not_there() {
    for (text, expected) in [
        (
            "- &b {x: 1, y: 2}\n- <<: *b\n  x: 3",
            r#"[{"x":1,"y":2},{"x":3,"y":2}]"#,
        ),
        ("- &b {x: 1}\n- x: 3\n  <<: *b", r#"[{"x":1},{"x":3}]"#),
        (
            "- &a {x: 1}\n- &b {x: 2, y: 2}\n- {<<: [*a, *b], z: 3}",
            r#"[{"x":1},{"x":2,"y":2},{"z":3,"x":1,"y":2}]"#,
        ),
        // Through several levels, and written in place.
        (
            "- &a {x: 1}\n- &b {<<: *a, y: 2}\n- {<<: *b}",
            r#"[{"x":1},{"y":2,"x":1},{"y":2,"x":1}]"#,
        ),
        (
            "{<<: {x: 1, y: &y [2]}, x: 3, z: *y}",
            r#"{"x":3,"z":[2],"y":[2]}"#,
        ),
        ("{<<: [], x: 3}", r#"{"x":3}"#),
        ("{'<<': 1, \"x\": 2}", r#"{"<<":1,"x":2}"#),
        ("!!merge <<: {x: 1}", r#"{"x":1}"#),
    ] {
        assert_eq!(Format::Yaml.json(text), expected, "{text:?}");
    }
    assert_eq!(
        Format::Yaml.error("<<: text"),
        "line 1, column 5: `<<` takes over the members of a mapping or of a list of mappings, not \
         of `text`; quote it for a key of this name"
    );
    assert!(
        Format::Yaml
            .error("- &l [1]\n- <<: *l")
            .contains("not of `1`")
    );
}

#[test]
fn keys_are_text_the_same_for_all_ways_to_write_a_value() {
    assert_eq!(
        Format::Yaml.json("1: a\n0x10: b\nTrue: c\n~: d\n? e\n: f\n!x g: h"),
        r#"{"1":"a","16":"b","true":"c","null":"d","e":"f","!x g":"h"}"#
    );
    assert_eq!(
        Format::Yaml.error("a: 1\nb:\n  'c': 1\n  d: 2\n  c: 3\n"),
        "line 5, column 3: the key `c` stands twice in one table, first at line 3, column 3; \
         remove or rename one"
    );
    assert_eq!(
        Format::Yaml.error("- &b {z: 1}\n- {<<: *b, é: 1, y: 2, y: 3}"),
        "line 2, column 24: the key `y` stands twice in one table, first at line 2, column 18; \
         remove or rename one"
    );
    for text in ["? [1, 2]\n: 3", "? {a: 1}\n: 3", "- &a [1]\n- {*a : 2}"] {
        assert!(
            Format::Yaml
                .error(text)
                .contains("is the key of a member; keys are read as text"),
            "{text}"
        );
    }
}

#[test]
fn errors_say_where_and_what_to_do() {
    for (text, message) in [
        (
            "a:\n\t- 1",
            "line 2, column 2: this is not YAML: tabs disallowed",
        ),
        ("a: [1, 2", "line 1, column"),
        ("a: b: c", "line 1, column 5: this is not YAML: "),
        ("a: *b", "line 1, column 4: this is not YAML: "),
        ("a: \"x", "line 1, column"),
        ("é: @x", "line 1, column 4: this is not YAML: "),
    ] {
        let found = Format::Yaml.error(text);
        assert!(found.starts_with(message), "{text:?}: {found}");
    }
    assert!(
        Format::Yaml
            .error("a:\n\t- 1")
            .ends_with("; indent with spaces")
    );
    assert!(
        Format::Yaml
            .error("a: [1, 2")
            .ends_with("; it seems to be cut off")
    );
    let named = Document::new(b"\xEF\xBB\xBFa: 1\nb: *c")
        .named("old.yml")
        .read();
    let error = named.unwrap_err();
    assert!(error.to_string().starts_with("old.yml:2:4: "), "{error}");
    assert_eq!(error.position.unwrap().offset, 3 + 5 + 3);
}

/// Ten lines that stand for a billion values: refused, by values, by text and by merged members.
#[test]
fn what_aliases_repeat_is_bounded() {
    let nested = |first: &str, wrap: fn(usize) -> String| {
        let mut text = format!("a0: &a0 {first}\n");
        for level in 1..10 {
            text += &format!("a{level}: &a{level} {}\n", wrap(level - 1));
        }
        text
    };
    let tenfold = |level: usize| format!("[{}]", vec![format!("*a{level}"); 10].join(", "));
    let values = nested("[x, x]", tenfold);
    let text = format!(
        "a: &a {}\nb: [{}]",
        "x".repeat(1_000_000),
        vec!["*a"; 1_000].join(", ")
    );
    let keys = format!(
        "a: &a {{{}: 1}}\nb: [{}]",
        "x".repeat(60_000),
        vec!["*a"; 1_000].join(", ")
    );
    let members = (0..1_000).map(|n| format!("k{n}: 1")).collect::<Vec<_>>();
    let merged = format!(
        "a: &a {{{}}}\nb: [{}]",
        members.join(", "),
        vec!["{<<: *a}"; 2_000].join(", ")
    );
    for text in [values, text, keys, merged] {
        let error = Format::Yaml.error(&text);
        assert!(
            error.contains("aliases repeat more than 1000000 values"),
            "{error}"
        );
    }
    let few = nested("[x, x]", |level| format!("[*a{level}, *a{level}]"));
    assert_eq!(
        Format::Yaml.read(&few).unwrap().root().entries().count(),
        10
    );
}

#[test]
fn any_depth_is_read_or_refused() {
    let deep = 10_000;
    for text in [
        format!("{}1{}", "[".repeat(deep), "]".repeat(deep)),
        format!("{}1{}", "{a: ".repeat(deep), "}".repeat(deep)),
        format!("{}1", "- ".repeat(deep)),
        format!("{}1", "? ".repeat(deep)),
        format!("{}1{}", "!x [".repeat(deep), "]".repeat(deep)),
        "[".repeat(deep),
    ] {
        let start: String = text.chars().take(8).collect();
        match Format::Yaml.read(&text) {
            Ok(tree) => assert!(tree.node_count() > deep, "{start}"),
            Err(error) => assert!(error.position.is_some(), "{start}: {error}"),
        }
        let shallow = Document::new(text.as_bytes())
            .format(Format::Yaml)
            .depth(100);
        let error = shallow.read().unwrap_err().to_string();
        let refused = error.contains("nested deeper than 100 levels")
            || error.contains("the key of a member");
        assert!(refused, "{start}: {error}");
    }
    // Depth through aliases counts as well.
    let mut text = "a0: &a0 [x]\n".to_owned();
    for level in 1..300 {
        text += &format!("a{level}: &a{level} [*a{}]\n", level - 1);
    }
    let shallow = Document::new(text.as_bytes())
        .format(Format::Yaml)
        .depth(200);
    assert!(
        shallow
            .read()
            .unwrap_err()
            .to_string()
            .contains("nested deeper than 200")
    );
    assert!(Format::Yaml.read(&text).is_ok());
}

/// JSON as a text with white space where it may be.
fn json_text() -> impl Strategy<Value = String> {
    let space = prop::sample::select(vec!["", " ", "\n", "\t ", "\n\n  ", " \r\n"]);
    let scalar = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        "[ -~]{0,12}".prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    let leaf = (space.clone(), scalar, space.clone());
    let leaf = leaf.prop_map(|(before, scalar, after)| format!("{before}{scalar}{after}"));
    leaf.prop_recursive(6, 60, 8, move |inner| {
        let key = "[ -~é]{0,8}".prop_map(|text| serde_json::to_string(&text).unwrap());
        let member = (space.clone(), key, space.clone(), inner.clone());
        let member = member.prop_map(|(a, key, b, value)| format!("{a}{key}{b}:{value}"));
        prop_oneof![
            (
                space.clone(),
                prop::collection::vec(inner, 0..8),
                space.clone()
            )
                .prop_map(|(a, items, b)| format!("{a}[{}]{b}", items.join(","))),
            (
                space.clone(),
                prop::collection::vec(member, 0..6),
                space.clone()
            )
                .prop_map(|(a, members, b)| format!("{a}{{{}}}{b}", members.join(","))),
        ]
    })
}

proptest! {
    #[test]
    fn json_reads_the_same_as_yaml(text in json_text()) {
        match (Tree::from_json(&text), Format::Yaml.read(&text)) {
            (Ok(json), Ok(yaml)) => prop_assert_eq!(json, yaml),
            // Both refuse the same key.
            (Err(json), Err(yaml)) => {
                prop_assert_eq!(Some(json.at), yaml.position, "{} / {}", json, yaml);
            }
            (json, yaml) => prop_assert!(false, "{text:?}: {json:?} / {yaml:?}"),
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "([-?:,\\[\\]{}#&*!|>'\"%@` \n\t<~.0-9a-c]|---|\\.\\.\\.|<<: |&a|\\*a|!!int|- |: ){0,40}") {
        if let Err(error) = Format::Yaml.read(&text) {
            let at = error.position.unwrap();
            prop_assert!(at.offset <= text.len() && at.line >= 1 && at.column >= 1);
        }
    }
}
