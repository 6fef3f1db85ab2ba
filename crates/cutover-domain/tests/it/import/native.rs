//! This system's own form.

use cutover_domain::flags::import::{NotImported, native};
use cutover_domain::flags::{Definition, FlagDocument, Preset};
use jiff::Timestamp;
use serde_json::json;

#[test]
fn a_whole_document_and_an_export_are_both_read() {
    let mut document = FlagDocument::empty(Timestamp::UNIX_EPOCH);
    document.flags = Preset::Mspbyte.flags();
    for text in [
        serde_json::to_value(&document).unwrap(),
        serde_json::to_value(native::export(&document.flags)).unwrap(),
        json!({ "flags": document.flags }),
    ] {
        let imported = native::import(&text).unwrap();
        assert_eq!(imported.flags, document.flags);
        assert_eq!(imported.notes, []);
        let read = native::read(text.to_string().as_bytes()).unwrap();
        assert_eq!(read, imported);
    }
}

#[test]
fn everything_wrong_is_told_at_once() {
    let off = serde_json::to_value(Definition::boolean()).unwrap();
    for (text, expected) in [
        (
            json!({"flags": {"A": off, "b": {"off": 1}, "c": off}}),
            &[
                "$.flags[\"A\"]",
                "$.flags[\"b\"]",
                "$.flags[\"b\"].off",
                "$.flags[\"b\"]",
            ][..],
        ),
        (json!({"schema": 2, "flags": {}}), &["$.schema"]),
        (json!({"schema": "1", "flags": {}}), &["$.schema"]),
        (json!({"flag": {}}), &["$.flags"]),
        (json!([]), &["$"]),
    ] {
        let problems = native::import(&text).unwrap_err();
        let read = native::read(text.to_string().as_bytes()).unwrap_err();
        assert_eq!(read, NotImported::Invalid(problems.clone()));
        let paths: Vec<_> = problems.0.iter().map(|problem| &*problem.path).collect();
        assert_eq!(paths, expected, "{problems}");
    }
}
