//! JSON Lines as tables.

use cutover_table::{Cell, ColumnType, Table, TableComparator, TableComparison};

use crate::tables::{counts, csv, different};

fn jsonl(name: &str, text: &str) -> Table {
    Table::json_lines(text.as_bytes().to_vec()).named(name)
}

fn compare(comparator: &TableComparator, old: &str, new: &str) -> TableComparison {
    comparator
        .compare(jsonl("old.jsonl", old), jsonl("new.jsonl", new))
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn members_are_columns_wherever_they_stand_and_a_missing_one_is_null() {
    let old = "{\"id\":1,\"a\":null,\"b\":true}\n{\"id\":2,\"a\":\"x\"}\n";
    let new = "{\"a\":\"y\",\"id\":2,\"b\":null}\n\n{\"b\":true,\"id\":1}\n";
    let found = compare(&TableComparator::by_key(["id"]), old, new);
    assert_eq!(counts(&found), [1, 1, 0, 0]);
    assert_eq!(different(&found), [("a", 1)]);
    let types: Vec<_> = found
        .columns
        .iter()
        .map(|column| column.compared_as.as_str())
        .collect();
    assert_eq!(types, ["integer", "text", "boolean"]);
}

#[test]
fn whole_numbers_that_floats_lose_are_kept_also_beside_fractions() {
    let old = "{\"id\":1,\"n\":9007199254740993}\n{\"id\":2,\"n\":1.5}\n";
    let new = "{\"id\":1,\"n\":9007199254740992}\n{\"id\":2,\"n\":1.50}\n";
    let found = compare(&TableComparator::by_key(["id"]), old, new);
    assert_eq!(different(&found), [("n", 1)]);
}

#[test]
fn numbers_keep_their_digits_and_texts_are_no_numbers() {
    let old = "{\"id\":1,\"n\":18446744073709551617}\n";
    let new = "{\"id\":1,\"n\":18446744073709551618}\n";
    let found = compare(&TableComparator::by_key(["id"]), old, new);
    assert_eq!(found.columns[1].compared_as, "decimal");
    assert_eq!(
        (found.columns[1].different, found.columns[1].largest),
        (1, Some(1.0))
    );

    let found = compare(
        &TableComparator::by_key(["id"]),
        "{\"id\":1,\"n\":7}\n",
        "{\"id\":1,\"n\":\"7\"}\n",
    );
    assert!(
        !found.equal && found.schema_differences[0].material,
        "{found:?}"
    );
    // CSV cannot tell them apart, and does not pretend to.
    let found = TableComparator::by_key(["id"])
        .compare(
            jsonl("old", "{\"id\":1,\"n\":7}\n"),
            csv("new", "id,n\n1,7\n"),
        )
        .unwrap();
    assert!(found.equal, "{found:?}");
}

#[test]
fn a_number_is_never_the_text_of_it_in_no_row() {
    let sides = |old: &str, new: &str| {
        let old = format!("{{\"id\":1,\"n\":1}}\n{{\"id\":2,\"n\":{old}}}\n");
        let new = format!("{{\"id\":1,\"n\":\"1\"}}\n{{\"id\":2,\"n\":{new}}}\n");
        let found = compare(&TableComparator::by_key(["id"]), &old, &new);
        assert!(found.schema_differences[0].material, "{found:?}");
        let sample = &found.columns[1].samples[0];
        let shown = (sample.old.to_string(), sample.new.to_string());
        assert_eq!(shown, ("1".to_owned(), "\"1\"".to_owned()));
        counts(&found)
    };
    // Numbers beside texts, a column of both beside texts, and beside numbers.
    assert_eq!(sides("2", "\"2\""), [0, 2, 0, 0]);
    assert_eq!(sides("\"x\"", "\"x\""), [1, 1, 0, 0]);
    assert_eq!(sides("true", "\"true\""), [0, 2, 0, 0]);
    assert_eq!(sides("null", "null"), [1, 1, 0, 0]);

    // As a key it is another one.
    let by_n = TableComparator::by_key(["n"]);
    let found = compare(&by_n, "{\"n\":1}\n", "{\"n\":\"1\"}\n");
    assert_eq!(counts(&found), [0, 0, 1, 1]);
    let as_text = TableComparator::by_key(["n"]).compare_as("n", ColumnType::Text);
    assert!(compare(&as_text, "{\"n\":1}\n", "{\"n\":\"1\"}\n").equal);
}

#[test]
fn values_of_several_kinds_and_nested_ones_are_compared_as_json() {
    let old = r#"{"id":1,"x":{"a":1,"b":[1,2]}}
{"id":2,"x":"7"}
{"id":3,"x":7}
"#;
    let new = r#"{"id":1,"x":{"b":[1,2],"a":1}}
{"id":2,"x":7}
{"id":3,"x":7}
"#;
    let found = compare(&TableComparator::by_key(["id"]), old, new);
    assert_eq!(counts(&found), [2, 1, 0, 0]);
    let sample = &found.columns[1].samples[0];
    assert_eq!(
        (&sample.old, &sample.new),
        (&Cell::Text("\"7\"".to_owned()), &Cell::Text("7".to_owned()))
    );
    let as_text = TableComparator::by_key(["id"]).compare_as("x", ColumnType::Text);
    assert!(compare(&as_text, old, new).equal);
}

#[test]
fn times_are_instants_beside_a_table_that_knows_them() {
    use std::sync::Arc;

    use arrow_array::{Int64Array, TimestampMillisecondArray};
    let typed = crate::tables::batch(vec![
        ("id", Arc::new(Int64Array::from(vec![1]))),
        (
            "at",
            Arc::new(TimestampMillisecondArray::from(vec![1_795_687_200_500]).with_timezone("UTC")),
        ),
    ]);
    let found = TableComparator::by_key(["id"])
        .compare(
            jsonl("old", "{\"id\":1,\"at\":\"2026-11-26T11:00:00.5+01:00\"}\n"),
            crate::tables::handed("new", &typed, 1),
        )
        .unwrap();
    assert!(found.equal, "{found:?}");
}

#[test]
fn what_is_no_row_is_refused_with_its_line() {
    for (text, expected) in [
        (
            "{\"id\":1}\n[1]\n",
            "old.jsonl:2: a row is an object, and this is an array",
        ),
        (
            "{\"id\":1}\n\n{\"id\":}\n",
            "old.jsonl:3: column 7 of the line: ",
        ),
        (
            "{\"id\":1,\"id\":2}\n",
            "old.jsonl:1: column 9 of the line: the key `id` stands twice",
        ),
    ] {
        let error = TableComparator::by_order()
            .compare(jsonl("old.jsonl", text), jsonl("new.jsonl", "{\"id\":1}\n"))
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    let broken = Table::json_lines(b"{\"id\":\"\xe9\"}\n".to_vec()).named("old.jsonl");
    let error = TableComparator::by_order()
        .compare(broken, jsonl("new.jsonl", "{\"id\":1}\n"))
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("old.jsonl:1: the line holds bytes"),
        "{error}"
    );
}

#[test]
fn lists_and_structs_are_arrays_and_objects_that_are_kept_in_another_way() {
    use std::sync::Arc;

    use arrow_array::types::Int64Type;
    use arrow_array::{ArrayRef, Float64Array, Int64Array, ListArray, StringArray, StructArray};
    use arrow_schema::{DataType, Field};
    let lists = vec![Some(vec![Some(1), None]), Some(vec![]), None];
    let member = |name: &str, data_type| Arc::new(Field::new(name, data_type, true));
    let structs = StructArray::from(vec![
        (
            member("x", DataType::Float64),
            Arc::new(Float64Array::from(vec![1.0, 0.1, 1e300])) as ArrayRef,
        ),
        (
            member("w", DataType::Utf8),
            Arc::new(StringArray::from(vec![Some("\"é"), None, Some("")])),
        ),
    ]);
    let typed = crate::tables::batch(vec![
        ("id", Arc::new(Int64Array::from(vec![1, 2, 3]))),
        (
            "l",
            Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(lists)),
        ),
        ("s", Arc::new(structs)),
    ]);
    let compared = |text: &str| {
        // In pieces, so that lists begin in the middle of their items.
        let typed = crate::tables::handed("new", &typed, 1);
        TableComparator::by_key(["id"])
            .compare(jsonl("old", text), typed)
            .unwrap()
    };
    let same = r#"{"id":1,"l":[1.0,null],"s":{"w":"\"\u00e9","x":1}}
{"id":2,"l":[],"s":{"x":1e-1}}
{"id":3,"l":null,"s":{"x":10e299,"w":"","y":null}}
"#;
    let found = compared(same);
    assert!(found.equal, "{found:?}");
    assert_eq!(found.columns[1].compared_as, "text");
    assert!(
        found
            .schema_differences
            .iter()
            .all(|difference| !difference.material)
    );
    for (was, is) in [
        ("[1.0,null]", "[1,2]"),
        ("[1.0,null]", "[1]"),
        ("\"l\":[]", "\"l\":null"),
        ("1e-1", "0.2"),
        ("\"w\":\"\"", "\"w\":null"),
        ("\"y\":null", "\"y\":0"),
    ] {
        let found = compared(&same.replace(was, is));
        assert_eq!(counts(&found), [2, 1, 0, 0], "{was} {is}");
    }
}

#[test]
fn truth_values_of_a_program_that_has_none_are_0_and_1_where_that_is_declared() {
    let compared = |old: &str, new: &str| {
        TableComparator::by_key(["id"])
            .compare_as("on", ColumnType::Boolean)
            .compare(jsonl("old", old), csv("new", new))
    };
    let old = "{\"id\":1,\"on\":1}\n{\"id\":2,\"on\":0}\n";
    assert!(compared(old, "id,on\n1,true\n2,False\n").unwrap().equal);
    let found = compared(old, "id,on\n1,0\n2,0\n").unwrap();
    assert_eq!(counts(&found), [1, 1, 0, 0]);
    let error = compared("{\"id\":1,\"on\":2}\n", "id,on\n1,true\n").unwrap_err();
    assert!(error.to_string().contains("boolean"), "{error}");
}
