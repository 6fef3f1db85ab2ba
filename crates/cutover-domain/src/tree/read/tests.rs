//! What the reader accepts, refuses, and says.

use super::*;

fn error(text: &str) -> String {
    Tree::from_json(text).unwrap_err().to_string()
}

#[test]
fn documents_come_back_as_they_were_written() {
    for json in [
        "null",
        "[]",
        "{}",
        r#"{"a":[],"b":{},"c":[{}],"d":{"e":[[1],-2.50e+3,0,-0.0]}}"#,
        r#"["",{"":1},"\"\\/\n","é😀"]"#,
        "[9223372036854775807,-9223372036854775808,9223372036854775808,-0]",
        "123456789012345678901234567890.123456789012345678901234567890e-400",
    ] {
        assert_eq!(Tree::from_json(json).unwrap().to_json(), json);
    }
    let spaced = " {\t\"a\" :\r\n [ 1 , 2 ] , \"b\" : true } \n";
    assert_eq!(
        Tree::from_json(spaced).unwrap().to_json(),
        r#"{"a":[1,2],"b":true}"#
    );
}

#[test]
fn escapes_become_characters() {
    let text = r#""\u0041\b\f\r\t\/\ud83d\ude00 plain \u00e9 after a long run of text""#;
    assert_eq!(
        Tree::from_json(text).unwrap().root().as_str(),
        Some("A\u{8}\u{c}\r\t/😀 plain é after a long run of text")
    );
}

#[test]
fn errors_say_what_where_and_what_to_do() {
    for (text, message) in [
        (
            "",
            "line 1, column 1: the document is empty; a JSON document has one value",
        ),
        (
            " \n ",
            "line 2, column 2: the document is empty; a JSON document has one value",
        ),
        (
            "[1,\n {\"a\": 2",
            "line 2, column 9: the document ends inside an object that starts at line 2, \
             column 2; it seems to be cut off",
        ),
        (
            "{\"a\": \"bc",
            "line 1, column 10: the document ends inside a string that starts at line 1, \
             column 7; it seems to be cut off",
        ),
        (
            "[1,]",
            "line 1, column 4: found `]` where a value (no comma after the last element) is expected",
        ),
        (
            "{\"a\":1,}",
            "line 1, column 8: found `}` where a key in double quotes (no comma after the last \
             member) is expected",
        ),
        (
            "{a:1}",
            "line 1, column 2: found `a` where a key in double quotes or `}` is expected",
        ),
        (
            "['a']",
            "line 1, column 2: found a single quote where a value is expected",
        ),
        (
            "{\"a\" 1}",
            "line 1, column 6: found `1` where `:` is expected",
        ),
        (
            "[1 2]",
            "line 1, column 4: found `2` where `,` or `]` is expected",
        ),
        (
            "[1}",
            "line 1, column 3: found `}` where `,` or `]` is expected",
        ),
        (
            "[\"é\", NaN]",
            "line 1, column 7: `NaN` is not JSON; write null or a string instead",
        ),
        (
            "True",
            "line 1, column 1: found `True` where a value is expected",
        ),
        (
            "[01]",
            "line 1, column 2: `01` is not a JSON number: leading zeros are not allowed",
        ),
        (
            "[1.]",
            "line 1, column 2: `1.` is not a JSON number: a digit is expected after the point",
        ),
        (
            "[-x]",
            "line 1, column 2: `-x` is not a JSON number: a digit is expected after the sign",
        ),
        (
            "[1e]",
            "line 1, column 2: `1e` is not a JSON number: a digit is expected in the exponent",
        ),
        (
            "\"a\tb\"",
            "line 1, column 3: a string holds the control character U+0009; write it as \\u0009",
        ),
        (
            "\"\\x\"",
            "line 1, column 2: `\\x` is not an escape; a backslash itself is written `\\\\`",
        ),
        (
            "\"\\ud800\"",
            "line 1, column 2: \\ud800 is half of a surrogate pair; it stands for no character",
        ),
        (
            "{} {}",
            "line 1, column 4: found `{` after the end of the document; for one value a line, \
             read JSON Lines",
        ),
    ] {
        assert_eq!(error(text), message, "{text}");
    }
}

#[test]
fn duplicate_keys_are_named_with_both_places() {
    let text = "[{\"x\": {\"k\": \"}{,\"},\n  \"k\": [1, {\"k\": 2}],\n  \"k\": 3}]";
    let error = Tree::from_json(text).unwrap_err();
    assert_eq!((error.at.line, error.at.column), (3, 3));
    assert_eq!(
        error.kind,
        JsonErrorKind::DuplicateKey {
            key: "k".to_owned(),
            first: Position {
                line: 2,
                column: 3,
                offset: 23
            }
        }
    );
}

#[test]
fn depth_is_limited_by_choice_only() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(
        Tree::from_json(&deep(100_000)).unwrap().node_count(),
        100_000
    );
    let error = error(&deep(100_001));
    assert!(
        error.contains("nested deeper than 100000 levels"),
        "{error}"
    );
    assert!(error.contains("compare it as text"), "{error}");
    let limits = JsonLimits { depth: 2 };
    assert!(Tree::from_json_within(&deep(2), limits).is_ok());
    assert!(Tree::from_json_within(&deep(3), limits).is_err());
}

#[test]
fn every_cut_of_a_document_is_an_error_and_never_a_panic() {
    let whole = r#"{"a":[1.5e-3,true,null,"\u00e9\ud83d\ude00é"],"b":{"c":-12}}"#;
    for end in (0..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
        assert!(Tree::from_json(&whole[..end]).is_err(), "{}", &whole[..end]);
    }
}
