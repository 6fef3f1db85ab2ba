use super::*;

fn condition(text: &str) -> Condition {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn what_can_never_hold_is_found() {
    for (text, why) in [
        ("never", "an `any` of nothing never holds"),
        ("not always", "`always` always holds"),
        (
            r#"plan == "a" and plan == "b""#,
            r#"no value of plan passes `plan == "a"` and `plan == "b"`"#,
        ),
        (r#"plan == "a" and plan in ["b", "c"]"#, "no value of plan"),
        (
            r#"plan in ["a", "b"] and plan in ["c", "d"]"#,
            "no value of plan",
        ),
        (
            r#"plan in ["a", "b"] and plan != "a" and plan != "b""#,
            "no value of plan",
        ),
        (
            r#"plan in ["a", "b"] and plan starts_with "c""#,
            "no value of plan",
        ),
        (r#"n in [1, 2] and n > 2"#, "no value of n"),
        (
            r#"n == 1 and n == "1""#,
            r#"`n == 1` and `n == "1"` exclude each other"#,
        ),
        ("n > 5 and n < 5", "`n > 5` and `n < 5` exclude each other"),
        ("n >= 5 and n < 5", "exclude"),
        ("n > 5.5 and n <= 5", "exclude"),
        (
            "n < 9 and n > 3 and n < 2 and n < 4",
            "`n > 3` and `n < 2` exclude",
        ),
        ("v >= 2.0.0 and v < 1.9.9", "exclude"),
        ("v >= 2.0.0 and v < 2.0.0", "exclude"),
        ("v >= 2.0.0 and v < 3", "exclude"),
        (r#"v >= 2.0.0 and v == true"#, "exclude"),
        (r#"n starts_with "a" and n < 3"#, "exclude"),
        (r#"n starts_with "ab" and n starts_with "ac""#, "exclude"),
        (
            r#"n ends_with "ab" and n ends_with "b" and n ends_with "x""#,
            "exclude",
        ),
        (
            "a not exists and a == 3",
            "`a not exists` and `a == 3` exclude each other",
        ),
        ("not a exists and a exists", "`a exists` and its opposite"),
        ("not a exists and a > 3", "exclude"),
        ("not a not exists and a not exists", "opposite"),
        (r#"a contains "x" and not a contains "x""#, "opposite"),
        (
            "not (a == 1 or b == 1) and b == 1",
            "`b == 1` and its opposite",
        ),
        (
            "a == 1 and (b == 1 and (c == 1 and a == 2))",
            "no value of a",
        ),
        (
            "a == 1 and (b < 1 and b > 1 or never)",
            "`b > 1` and `b < 1`",
        ),
        (
            "unit == 7",
            "`unit == 7` never holds, because unit is always text",
        ),
        ("targetingKey > 7", "unit is always text"),
        ("tenant in [1, 2]", "no value of tenant"),
        ("unit >= 1.0.0 and unit < 5", "unit is always text"),
        ("not (a == 1 or a != 1)", "`a == 1 or a != 1` always holds"),
    ] {
        let found = never(&condition(text)).unwrap_or_else(|| panic!("{text} can hold?"));
        assert!(found.contains(why), "{text}\n{found}\n{why}");
        assert!(!always(&condition(text)), "{text}");
    }
}

#[test]
fn what_may_hold_is_left_alone() {
    for text in [
        r#"plan == "a""#,
        r#"plan == "a" or plan == "b""#,
        r#"plan == "a" and team == "b""#,
        r#"plan in ["a", "b"] and plan != "a""#,
        r#"plan in ["a", 1] and plan starts_with "a""#,
        r#"groups contains "a" and groups contains "b""#,
        r#"groups contains "a" and groups == "b""#,
        r#"groups contains "a" and not groups contains "b""#,
        "n == 1 and n == 1.0",
        "n >= 5 and n <= 5",
        "n > 5 and not n > 7",
        "n != 5 and n != 6",
        "v >= 1.0.0 and v < 2.0.0",
        r#"v >= 1.0.0 and v starts_with "1.""#,
        r#"n starts_with "a" and n starts_with "ab""#,
        "a not exists and b == 3",
        "a not exists and a != 3",
        "a exists and a == 3",
        "not a exists or a == 3",
        r#"unit in [1, "x"]"#,
        "a == 1 and (a == 2 or a == 1)",
    ] {
        assert_eq!(never(&condition(text)), None, "{text}");
        assert!(!always(&condition(text)), "{text}");
    }
}

#[test]
fn what_always_holds_is_found() {
    for text in [
        "always",
        "not never",
        "all(always, not never)",
        "a == 1 or always",
        "a == 1 or a != 1",
        "a exists or b == 1 or not a exists",
        "not (a > 5 and a < 5)",
        "unit != 7",
    ] {
        assert!(always(&condition(text)), "{text}");
        assert_eq!(never(&condition(text)), None, "{text}");
    }
}
