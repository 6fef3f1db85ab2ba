//! Every type that a table can hold.

use std::sync::Arc;

use arrow_array::builder::{Int64Builder, ListBuilder, MapBuilder, StringBuilder};
use arrow_array::types::Int32Type;
use arrow_array::*;
use arrow_buffer::i256;
use arrow_schema::{DataType, Field};
use cutover_table::{Table, TableComparator};

use crate::tables::{batch, handed, write_parquet};

/// Three values of each type, of which the third is another than the first.
fn arrays() -> Vec<(&'static str, ArrayRef)> {
    let lists = |values: [Option<Vec<Option<i64>>>; 3]| -> ArrayRef {
        let mut builder = ListBuilder::new(Int64Builder::new());
        values
            .into_iter()
            .for_each(|value| builder.append_option(value));
        Arc::new(builder.finish())
    };
    let structs: ArrayRef = Arc::new(StructArray::from(vec![
        (
            Arc::new(Field::new("a", DataType::Int64, true)),
            Arc::new(Int64Array::from(vec![Some(1), None, Some(1)])) as ArrayRef,
        ),
        (
            Arc::new(Field::new("b", DataType::Utf8, true)),
            Arc::new(StringArray::from(vec![Some("x"), Some("x"), None])) as ArrayRef,
        ),
    ]));
    let mut maps = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
    for value in [1, 1, 2] {
        maps.keys().append_value("k");
        maps.values().append_value(value);
        maps.append(true).unwrap();
    }
    let dictionary: DictionaryArray<Int32Type> = [Some("x"), None, Some("y")].into_iter().collect();
    vec![
        ("null", Arc::new(NullArray::new(3))),
        (
            "boolean",
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        ),
        ("int8", Arc::new(Int8Array::from(vec![1, 1, -1]))),
        ("uint32", Arc::new(UInt32Array::from(vec![1, 1, u32::MAX]))),
        ("uint64", Arc::new(UInt64Array::from(vec![1, 1, u64::MAX]))),
        ("float32", Arc::new(Float32Array::from(vec![1.5, 1.5, 2.5]))),
        (
            "float64",
            Arc::new(Float64Array::from(vec![Some(1.5), None, Some(f64::NAN)])),
        ),
        (
            "decimal",
            Arc::new(
                Decimal128Array::from(vec![150, 150, 151])
                    .with_precision_and_scale(10, 2)
                    .unwrap(),
            ),
        ),
        (
            "decimal256",
            Arc::new(
                Decimal256Array::from(vec![i256::MINUS_ONE, i256::MINUS_ONE, i256::ONE])
                    .with_precision_and_scale(60, 4)
                    .unwrap(),
            ),
        ),
        (
            "text",
            Arc::new(StringArray::from(vec![Some("a"), None, Some("")])),
        ),
        (
            "large_text",
            Arc::new(LargeStringArray::from(vec!["a", "a", "b"])),
        ),
        (
            "view",
            Arc::new(StringViewArray::from(vec![
                "a",
                "a",
                "a text of more than twelve",
            ])),
        ),
        (
            "binary",
            Arc::new(BinaryArray::from(vec![&b"\0\xff"[..], b"", b"\0\xfe"])),
        ),
        (
            "fixed_binary",
            Arc::new(
                FixedSizeBinaryArray::try_from_iter([[0u8, 1], [0, 1], [0, 2]].iter()).unwrap(),
            ),
        ),
        ("date32", Arc::new(Date32Array::from(vec![0, 0, 20_000]))),
        (
            "date64",
            Arc::new(Date64Array::from(vec![0, 0, 86_400_000])),
        ),
        (
            "time32",
            Arc::new(Time32MillisecondArray::from(vec![0, 0, 5])),
        ),
        (
            "time64",
            Arc::new(Time64MicrosecondArray::from(vec![0, 0, 5])),
        ),
        (
            "timestamp",
            Arc::new(TimestampMillisecondArray::from(vec![0, 0, 5])),
        ),
        (
            "instant",
            Arc::new(TimestampMicrosecondArray::from(vec![0, 0, 5]).with_timezone("Europe/Berlin")),
        ),
        (
            "duration",
            Arc::new(DurationSecondArray::from(vec![0, 0, 5])),
        ),
        ("dictionary", Arc::new(dictionary)),
        (
            "list",
            lists([Some(vec![Some(1), None]), None, Some(vec![Some(1)])]),
        ),
        ("struct", structs),
        ("map", Arc::new(maps.finish())),
    ]
}

/// The first two rows of new are those of old; the third is the first again.
fn tables(array: &ArrayRef) -> (RecordBatch, RecordBatch) {
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![0, 1, 2]));
    let changed = arrow_select::take::take(array, &UInt32Array::from(vec![0, 1, 0]), None).unwrap();
    (
        batch(vec![("id", Arc::clone(&ids)), ("value", Arc::clone(array))]),
        batch(vec![("id", ids), ("value", changed)]),
    )
}

#[test]
fn values_of_every_type_are_told_apart() {
    for (name, array) in arrays() {
        let (old, new) = tables(&array);
        let changes = u64::from(name != "null");
        for comparator in [TableComparator::by_key(["id"]), TableComparator::by_order()] {
            let found = comparator
                .compare(handed("old", &old, 2), handed("new", &new, 3))
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(found.columns[1].different, changes, "{name}: {found:?}");
            assert_eq!(found.rows.equal, 3 - changes, "{name}");
        }
        let bag = TableComparator::as_bag()
            .compare(handed("old", &old, 2), handed("new", &new, 3))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(
            (bag.rows.only_old, bag.rows.only_new),
            (changes, changes),
            "{name}"
        );
        // As a key as well; null is a value there.
        let key = TableComparator::by_key(["value", "id"])
            .compare(handed("old", &old, 2), handed("new", &new, 3))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(
            (key.rows.only_old, key.rows.only_new),
            (changes, changes),
            "{name}"
        );
    }
}

#[test]
fn values_of_every_type_survive_parquet() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.parquet");
    for (name, array) in arrays() {
        let (old, _) = tables(&array);
        write_parquet(&path, &old, 2);
        let found = TableComparator::by_key(["id"])
            .compare(Table::parquet(&path), handed("new", &old, 3))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(found.equal, "{name}: {found:?}");
    }
}

/// One column of each.
fn compare_columns(old: ArrayRef, new: ArrayRef) -> cutover_table::TableComparison {
    let (old, new) = (batch(vec![("x", old)]), batch(vec![("x", new)]));
    TableComparator::by_order()
        .compare(handed("old", &old, 10), handed("new", &new, 10))
        .unwrap()
}

#[test]
fn one_value_in_two_types_is_one_value() {
    let instant = |zone: &str| TimestampSecondArray::from(vec![1_700_000_000]).with_timezone(zone);
    let dictionary: DictionaryArray<Int32Type> = ["x"].into_iter().collect();
    let decimal = |value: i128, scale: i8| {
        Decimal128Array::from(vec![value])
            .with_precision_and_scale(20, scale)
            .unwrap()
    };
    let pairs: Vec<(ArrayRef, ArrayRef)> = vec![
        (
            Arc::new(Int8Array::from(vec![7])),
            Arc::new(UInt64Array::from(vec![7])),
        ),
        (
            Arc::new(Int64Array::from(vec![7])),
            Arc::new(Float64Array::from(vec![7.0])),
        ),
        (
            Arc::new(Int64Array::from(vec![7])),
            Arc::new(decimal(700, 2)),
        ),
        (Arc::new(decimal(70, 1)), Arc::new(decimal(700, 2))),
        (
            Arc::new(decimal(75, 1)),
            Arc::new(Float64Array::from(vec![7.5])),
        ),
        (
            Arc::new(dictionary),
            Arc::new(LargeStringArray::from(vec!["x"])),
        ),
        (
            Arc::new(BinaryArray::from(vec![&b"x"[..]])),
            Arc::new(BinaryViewArray::from(vec![&b"x"[..]])),
        ),
        (
            Arc::new(TimestampSecondArray::from(vec![7])),
            Arc::new(TimestampNanosecondArray::from(vec![7_000_000_000])),
        ),
        (Arc::new(instant("Europe/Berlin")), Arc::new(instant("UTC"))),
        (
            Arc::new(Date32Array::from(vec![1])),
            Arc::new(Date64Array::from(vec![86_400_000])),
        ),
        (
            Arc::new(NullArray::new(1)),
            Arc::new(Int64Array::from(vec![None])),
        ),
    ];
    for (old, new) in pairs {
        let types = format!("{} and {}", old.data_type(), new.data_type());
        let found = compare_columns(old, new);
        assert!(found.equal, "{types}: {found:?}");
        assert!(!found.schema_differences.is_empty(), "{types}");
    }
}

#[test]
fn values_of_different_kinds_are_different_and_yet_compared() {
    let pairs: Vec<(ArrayRef, ArrayRef, u64)> = vec![
        (
            Arc::new(Int64Array::from(vec![7])),
            Arc::new(StringArray::from(vec!["7"])),
            0,
        ),
        (
            Arc::new(Int64Array::from(vec![7])),
            Arc::new(StringArray::from(vec!["07"])),
            1,
        ),
        (
            Arc::new(BooleanArray::from(vec![true])),
            Arc::new(Int64Array::from(vec![1])),
            1,
        ),
        (
            Arc::new(Date32Array::from(vec![1])),
            Arc::new(TimestampSecondArray::from(vec![86_400])),
            0,
        ),
        (
            Arc::new(TimestampSecondArray::from(vec![0]).with_timezone("Europe/Berlin")),
            Arc::new(TimestampSecondArray::from(vec![0])),
            1,
        ),
    ];
    for (old, new, different) in pairs {
        let types = format!("{} and {}", old.data_type(), new.data_type());
        let found = compare_columns(old, new);
        assert!(!found.equal, "{types}");
        assert_eq!(found.columns[0].different, different, "{types}: {found:?}");
    }
}

#[test]
fn columns_between_which_nothing_can_be_compared_are_said_to_be_so() {
    let structs: ArrayRef = Arc::new(StructArray::from(vec![(
        Arc::new(Field::new("a", DataType::Int64, true)),
        Arc::new(Int64Array::from(vec![1])) as ArrayRef,
    )]));
    let old = batch(vec![
        ("id", Arc::new(Int64Array::from(vec![1]))),
        ("x", structs),
    ]);
    let new = batch(vec![
        ("id", Arc::new(Int64Array::from(vec![1]))),
        ("x", Arc::new(BooleanArray::from(vec![true]))),
    ]);
    let found = TableComparator::by_key(["id"])
        .compare(handed("old", &old, 1), handed("new", &new, 1))
        .unwrap();
    assert!(!found.equal);
    assert_eq!(
        found.schema_differences[0].kind,
        cutover_table::SchemaDifferenceKind::NotCompared
    );
}

#[test]
fn integers_that_floats_cannot_tell_apart_are_refused_where_equality_is_asked_for() {
    let old = batch(vec![(
        "x",
        Arc::new(Int64Array::from(vec![1, (1 << 53) + 1])) as ArrayRef,
    )]);
    let new = batch(vec![(
        "x",
        Arc::new(Float64Array::from(vec![1.0, 9007199254740992.0])) as ArrayRef,
    )]);
    let compare = |comparator: TableComparator| {
        comparator.compare(handed("old", &old, 10), handed("new", &new, 10))
    };
    let error = compare(TableComparator::by_order().exact())
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("old, row 2: column \"x\" holds numbers of more digits"),
        "{error}"
    );
    assert!(compare(TableComparator::by_order()).unwrap().equal);
    // Decimals, too; not where they have few digits.
    for (value, is_refused) in [(1_234_567_890_123_456_789_012, true), (750, false)] {
        let decimals = Decimal128Array::from(vec![value]);
        let decimals = decimals.with_precision_and_scale(30, 2).unwrap();
        let nearest = Float64Array::from(vec![value as f64 / 100.0]);
        let old = batch(vec![("x", Arc::new(decimals) as ArrayRef)]);
        let new = batch(vec![("x", Arc::new(nearest) as ArrayRef)]);
        let exact = TableComparator::by_order().exact();
        let found = exact.compare(handed("old", &old, 10), handed("new", &new, 10));
        assert_eq!(found.is_err(), is_refused, "{value}: {found:?}");
    }
}

#[test]
fn parts_of_nested_values_are_parts_of_the_document() {
    use arrow_array::builder::{Int32Builder, MapBuilder, StringBuilder};
    use arrow_array::types::Int32Type;
    use arrow_array::{FixedSizeListArray, ListArray};
    use cutover_table::Alike;

    let mut map = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    for entries in [&[("a", 1), ("b", 2)][..], &[]] {
        for (key, value) in entries {
            map.keys().append_value(key);
            map.values().append_value(*value);
        }
        map.append(true).unwrap();
    }
    map.append(false).unwrap();
    let nested = batch(vec![
        (
            "list",
            Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>([
                Some(vec![Some(1), None]),
                None,
                Some(vec![Some(3)]),
            ])),
        ),
        (
            "pair",
            Arc::new(FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>(
                [
                    Some(vec![Some(1), Some(2)]),
                    Some(vec![Some(3), Some(4)]),
                    None,
                ],
                2,
            )),
        ),
        ("map", Arc::new(map.finish())),
    ]);
    let read = |size| {
        let [old, new] = ["old", "new"].map(|name| handed(name, &nested, size));
        Alike::read(old, new, 1 << 20).unwrap()
    };
    let whole = read(3);
    assert_eq!(
        whole.old.to_json(),
        r#"[{"list":[1,null],"pair":[1,2],"map":{"a":1,"b":2}},{"list":null,"pair":[3,4],"map":{}},{"list":[3],"pair":null,"map":null}]"#
    );
    // However the rows are cut.
    assert_eq!(read(1).old.to_json(), whole.old.to_json());
}

/// One list, one struct and one map, each with the only value of `leaf`.
fn nested(leaf: &ArrayRef) -> [ArrayRef; 3] {
    use arrow_buffer::OffsetBuffer;
    let field =
        |name: &str, data_type: &DataType| Arc::new(Field::new(name, data_type.clone(), true));
    let item = field("item", leaf.data_type());
    let lists = ListArray::new(
        item,
        OffsetBuffer::from_lengths([1]),
        Arc::clone(leaf),
        None,
    );
    let structs = StructArray::from(vec![(field("x", leaf.data_type()), Arc::clone(leaf))]);
    let keys: ArrayRef = Arc::new(StringArray::from(vec!["k"]));
    let key = Arc::new(Field::new("keys", DataType::Utf8, false));
    let value = field("values", leaf.data_type());
    let entries = StructArray::from(vec![(key, keys), (value, Arc::clone(leaf))]);
    let entry = Arc::new(Field::new("entries", entries.data_type().clone(), false));
    let maps = MapArray::new(entry, OffsetBuffer::from_lengths([1]), entries, None, false);
    [Arc::new(lists), Arc::new(structs), Arc::new(maps)]
}

#[test]
fn parts_of_other_types_lose_nothing_to_be_compared() {
    let decimal = |value, scale| -> ArrayRef {
        let numbers = Decimal128Array::from(vec![value]);
        Arc::new(numbers.with_precision_and_scale(20, scale).unwrap())
    };
    let double = |value: f64| -> ArrayRef { Arc::new(Float64Array::from(vec![value])) };
    let long = |value: i64| -> ArrayRef { Arc::new(Int64Array::from(vec![value])) };
    let text = |value: &str| -> ArrayRef { Arc::new(StringArray::from(vec![value])) };
    let float = |value: f32| -> ArrayRef { Arc::new(Float32Array::from(vec![value])) };
    let boolean: ArrayRef = Arc::new(BooleanArray::from(vec![true]));
    let micros =
        |value: i64| -> ArrayRef { Arc::new(TimestampMicrosecondArray::from(vec![value])) };
    let millis =
        |value: i64| -> ArrayRef { Arc::new(TimestampMillisecondArray::from(vec![value])) };
    let zoned = |value: i64, zone: &str| -> ArrayRef {
        Arc::new(TimestampMicrosecondArray::from(vec![value]).with_timezone(zone.to_owned()))
    };
    let date: ArrayRef = Arc::new(Date32Array::from(vec![0]));
    for (old, new, equal) in [
        (double(1.7), long(1), false),
        (double(1.0), long(1), true),
        (double(1e300), float(f32::INFINITY), false),
        (double(16_777_217.0), float(16_777_216.0), false),
        (double(0.5), float(0.5), true),
        (double(f64::NAN), float(f32::NAN), true),
        (
            long(9_007_199_254_740_993),
            double(9_007_199_254_740_992.0),
            false,
        ),
        (long(7), Arc::new(Int32Array::from(vec![7])), true),
        (long(5), Arc::clone(&boolean), false),
        (text("yes"), boolean, false),
        (text("007"), long(7), false),
        (decimal(1_123, 3), decimal(112, 2), false),
        (decimal(1_120, 3), decimal(112, 2), true),
        (decimal(15, 1), long(1), false),
        (micros(1_000), millis(1), true),
        (micros(1_001), millis(1), false),
        (micros(5 * 3_600_000_000), date, false),
        (zoned(0, "Europe/Berlin"), zoned(0, "+02:00"), true),
        (zoned(0, "Europe/Berlin"), zoned(1, "+02:00"), false),
    ] {
        let sides = nested(&old).into_iter().zip(nested(&new));
        for (old, new) in sides.flat_map(|(old, new)| [(old.clone(), new.clone()), (new, old)]) {
            let told = format!("{} {}", old.data_type(), new.data_type());
            let found = compare_columns(old, new);
            assert_eq!(found.equal, equal, "{told}: {found:?}");
        }
    }
}
