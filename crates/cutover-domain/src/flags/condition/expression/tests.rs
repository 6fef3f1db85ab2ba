use super::*;

fn read(text: &str) -> String {
    let condition: Condition = text
        .parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    serde_json::to_string(&condition).unwrap()
}

fn refusal(text: &str) -> String {
    text.parse::<Condition>().unwrap_err().to_string()
}

#[test]
fn a_word_in_the_wrong_place_is_told_its_own() {
    for text in ["exists plan", "not exists plan", "exists(plan)"] {
        let refusal = refusal(text);
        assert!(refusal.contains("plan exists"), "{refusal}");
    }
}

#[test]
fn expressions_mean_what_is_stored() {
    for (text, stored) in [
        (r#"plan == "pro""#, r#"{"attribute":"plan","equals":"pro"}"#),
        (
            r#"plan != "pro""#,
            r#"{"not":{"attribute":"plan","equals":"pro"}}"#,
        ),
        (
            r#"n in [1, -2.5, "x", true]"#,
            r#"{"attribute":"n","in":[1,-2.5,"x",true]}"#,
        ),
        (r#"n not in [1]"#, r#"{"not":{"attribute":"n","in":[1]}}"#),
        (
            r#"n starts_with "a""#,
            r#"{"attribute":"n","starts_with":"a"}"#,
        ),
        (
            r#"n not ends_with "a""#,
            r#"{"not":{"attribute":"n","ends_with":"a"}}"#,
        ),
        (r#"n contains "a""#, r#"{"attribute":"n","contains":"a"}"#),
        (
            r#"n matches "^a+$""#,
            r#"{"attribute":"n","matches":"^a+$"}"#,
        ),
        ("n < 3", r#"{"attribute":"n","less_than":3}"#),
        ("n <= 3.0", r#"{"attribute":"n","at_most":3.0}"#),
        ("n > 1.4.0", r#"{"attribute":"n","greater_than":"1.4.0"}"#),
        (r#"n >= "v1.4""#, r#"{"attribute":"n","at_least":"v1.4"}"#),
        (
            "n>=1.4.0-rc.1+b5",
            r#"{"attribute":"n","at_least":"1.4.0-rc.1+b5"}"#,
        ),
        ("n exists", r#"{"attribute":"n","exists":true}"#),
        ("n not exists", r#"{"attribute":"n","exists":false}"#),
        ("not n exists", r#"{"not":{"attribute":"n","exists":true}}"#),
        (r#"`in` == "`""#, r#"{"attribute":"in","equals":"`"}"#),
        (
            r#"`a \"b\` c` exists"#,
            r#"{"attribute":"a \"b` c","exists":true}"#,
        ),
        (
            "user-agent.os exists",
            r#"{"attribute":"user-agent.os","exists":true}"#,
        ),
        ("always", r#"{"all":[]}"#),
        ("never", r#"{"any":[]}"#),
        (
            "all(a exists)",
            r#"{"all":[{"attribute":"a","exists":true}]}"#,
        ),
    ] {
        assert_eq!(read(text), stored, "{text}");
    }
}

#[test]
fn or_binds_less_than_and_and_and_less_than_not() {
    let a = r#"{"attribute":"a","exists":true}"#;
    for (text, stored) in [
        (
            "a exists or a exists and a exists",
            format!(r#"{{"any":[{a},{{"all":[{a},{a}]}}]}}"#),
        ),
        (
            "(a exists or a exists) and a exists",
            format!(r#"{{"all":[{{"any":[{a},{a}]}},{a}]}}"#),
        ),
        (
            "not a exists and a exists",
            format!(r#"{{"all":[{{"not":{a}}},{a}]}}"#),
        ),
        (
            "not (a exists and a exists)",
            format!(r#"{{"not":{{"all":[{a},{a}]}}}}"#),
        ),
        (
            "a exists and (a exists and a exists)",
            format!(r#"{{"all":[{a},{{"all":[{a},{a}]}}]}}"#),
        ),
        ("((a exists))", a.to_owned()),
    ] {
        assert_eq!(read(text), stored, "{text}");
    }
}

#[test]
fn a_condition_reads_like_a_sentence() {
    let text =
        r#"plan in ["pro", "team"] and not email ends_with "@test.example" and version >= 1.4.0"#;
    let condition: Condition = text.parse().unwrap();
    assert_eq!(condition.to_string(), text);
}

#[test]
fn a_refusal_says_where_and_what_was_expected() {
    for (text, expected) in [
        (
            "",
            "column 1: expected an attribute, `not` or `(` instead of the end",
        ),
        (
            "plan == pro",
            "column 9: expected text in double quotes, a number, true or false instead of `pro`; as text it is \"pro\"",
        ),
        (
            "plan = \"pro\"",
            "column 6: expected an operator after plan instead of `=`; did you mean `==`?",
        ),
        (
            "plan startswith \"p\"",
            "column 6: expected an operator after plan instead of `startswith`; did you mean `starts_with`?",
        ),
        ("plan is \"pro\"", "did you mean `==`?"),
        ("plan =~ \"pro\"", "did you mean `matches`?"),
        (
            "plan",
            "column 5: expected an operator after plan instead of the end. There are: ==",
        ),
        ("a exists && b exists", "column 10: `&&` is written `and`"),
        (
            "a exists AND b exists",
            "column 10: expected `and`, `or` or the end instead of `AND`; did you mean `and`?",
        ),
        ("a exists and", "column 13: expected an attribute"),
        ("!a exists", "column 1: `!` is written `not`"),
        (
            "(a exists",
            "column 10: expected `)` or more of what it closes instead of the end",
        ),
        ("a exists)", "column 9: this `)` closes nothing"),
        ("a in 3", "column 6: expected `[` instead of the number 3"),
        (
            "a in [3 4]",
            "column 9: expected `]` or more of what it closes instead of the number 4",
        ),
        ("a == 'x'", "column 6: text stands in double quotes"),
        ("a == \"x", "column 6: this \" is never closed"),
        (
            "a == \"\\x\"",
            "column 6: this is not quoted as JSON text is",
        ),
        (
            "é == 1.2.3.4",
            "column 6: `1.2.3.4` is neither a number nor a version",
        ),
        ("a == 1.2.3", "column 6: versions are compared with"),
        ("a >= \"soon\"", "column 6: \"soon\" is not a version"),
        ("a matches \"(\"", "column 11: \"(\" is not a pattern"),
        ("in == 3", "column 1: expected an attribute instead of `in`"),
        (
            "\"a\" == 3",
            "column 1: expected an attribute instead of the text \"a\"",
        ),
        ("a == 3 $", "column 8: '$' means nothing here"),
        (
            "a not == 3",
            "column 7: expected in, exists or another operator in letters",
        ),
    ] {
        let refusal = refusal(text);
        assert!(refusal.contains(expected), "{text}\n{refusal}\n{expected}");
    }
}

#[test]
fn depth_and_length_are_bounded() {
    let nots = |count: usize| "not ".repeat(count) + "a exists";
    assert!(nots(31).parse::<Condition>().is_ok());
    assert!(refusal(&nots(32)).contains("deeper than 32"));
    assert!(refusal(&nots(400_000)).contains("deeper"));
    let parentheses = "(".repeat(400_000);
    assert!(refusal(&parentheses).starts_with("column 66: "));
    assert!(refusal(&" ".repeat(MAX_LENGTH + 1)).contains("at most"));
}
