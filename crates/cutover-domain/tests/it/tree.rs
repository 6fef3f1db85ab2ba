//! Reading JSON: what another reader takes, ours takes, and nothing else.

use cutover_domain::comparison::Comparator;
use cutover_domain::tree::Tree;
use proptest::prelude::*;
use serde_json::Value;

/// Documents of every shape, not deep enough to stop the other reader.
fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("JSON has no such number", |number| {
            serde_json::Number::from_f64(number).map(Value::Number)
        }),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(".{0,4}", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn a_document_is_read_as_it_was_written(document in documents(), pretty: bool) {
        let text = if pretty {
            serde_json::to_string_pretty(&document).unwrap()
        } else {
            document.to_string()
        };
        let tree = Tree::from_json(&text).unwrap();
        prop_assert_eq!(serde_json::from_str::<Value>(&tree.to_json()).unwrap(), document.clone());
        // The text of a number may be another one; its value is not.
        let serialized = Tree::from_serialize(&document).unwrap();
        prop_assert!(Comparator::default().compare(&serialized, &tree).equal);
        prop_assert_eq!(serde_json::to_value(&tree).unwrap(), document);
    }

    /// Equal keys aside, which only the other reader takes.
    #[test]
    fn a_damaged_document_is_refused_where_another_reader_refuses_it(
        document in documents(),
        at: prop::sample::Index,
        put in prop::sample::select(vec![
            "", "\"", ",", ":", "{", "}", "[", "]", "0", "-", ".", "e", "\\", "\u{1}", " ", "t", "ü",
        ]),
        cut in 0_usize..3,
    ) {
        let mut text: Vec<char> = document.to_string().chars().collect();
        let from = at.index(text.len());
        let to = (from + cut).min(text.len());
        text.splice(from..to, put.chars());
        let text: String = text.into_iter().collect();
        let ours = Tree::from_json(&text);
        let theirs = serde_json::from_str::<Value>(&text);
        match (&ours, &theirs) {
            (Err(error), Ok(_)) => {
                prop_assert!(error.to_string().contains("key"), "{text}: {error}");
            }
            (Ok(_), Err(error)) => prop_assert!(
                // A number past every float is a number all the same.
                error.to_string().contains("number out of range"),
                "{text}: {error}"
            ),
            _ => {}
        }
    }
}
