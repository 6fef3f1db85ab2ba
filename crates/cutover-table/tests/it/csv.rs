//! CSV in its dialects.

use cutover_table::{ColumnType, CsvDialect, Table, TableComparator, Tolerance};
use proptest::prelude::*;

use crate::tables::{counts, csv, csvs};

fn in_dialect(text: &str, dialect: CsvDialect) -> Table {
    Table::csv(text.as_bytes().to_vec(), dialect)
}

#[test]
fn dialects_say_the_same() {
    let plain = "id,name,x\n1,\"a, \"\"b\"\"\",1.5\n2,,2\n";
    let comma = CsvDialect::default;
    for (text, dialect) in [
        (
            "\u{feff}id,name,x\r\n1,\"a, \"\"b\"\"\",1.5\r\n\r\n2,,2",
            comma(),
        ),
        ("id;name;x\n1;a, \"b\";1.5\n2;;2\n", comma().delimiter(b';')),
        (
            "id\tname\tx\n1\ta, \"b\"\t1.5\n2\t\t2\n",
            CsvDialect::tabs().quote(None),
        ),
        (
            "id,name,x\n1,'a, \"b\"',1.5\n2,NULL,2\n",
            comma().quote(Some(b'\'')).null("NULL"),
        ),
        (
            "id,name,x\n1,\"a, \\\"b\\\"\",1.5\n2,,2\n",
            comma().escape(b'\\'),
        ),
        (
            "id , name,x\n 1, \"a, \"\"b\"\"\" ,1.5\n2, ,2 \n",
            comma().trimmed(),
        ),
        ("id,name,x\r1,\"a, \"\"b\"\"\",1.5\r2,,2\r", comma()),
    ] {
        let found = TableComparator::by_key(["id"])
            .compare(csv("old.csv", plain), in_dialect(text, dialect))
            .unwrap_or_else(|error| panic!("{error} in {text:?}"));
        assert!(found.equal, "{text:?}: {found:?}");
    }
}

#[test]
fn rows_may_end_early_where_that_is_said() {
    let table = |text: &str| in_dialect(text, CsvDialect::default().short_rows());
    let found = TableComparator::by_key(["id"])
        .compare(table("id,a,b\n1\n2,x\n"), table("id,a,b\n1,,\n2,x,\n"))
        .unwrap();
    assert!(found.equal, "{found:?}");
    let longer = TableComparator::by_order().compare(table("id\n1,2\n"), table("id\n1\n"));
    assert!(longer.is_err());
}

#[test]
fn a_table_without_a_header_has_numbered_columns() {
    let table = |text: &str| in_dialect(text, CsvDialect::default().without_header());
    let found = TableComparator::by_key(["column_1"])
        .compare(table("1,a\n2,b\n"), table("2,c\n1,a\n"))
        .unwrap();
    assert_eq!(counts(&found), [1, 1, 0, 0]);
}

#[test]
fn numbers_booleans_and_times_are_compared_by_value() {
    let old =
        "id,n,b,t,d\n1,1.50,true,2026-11-26 10:00:00,1.10\n2,1e3,false,2026-11-26T10:00:00.5,2\n";
    let new = "id,n,b,t,d\n1,1.5,True,2026-11-26T10:00:00,1.1\n2,1000,False,2026-11-26 10:00:00.500,2.0\n";
    let found = csvs(&TableComparator::by_key(["id"]), old, new);
    assert!(found.equal, "{found:?}");
    let types: Vec<_> = found
        .columns
        .iter()
        .map(|column| column.compared_as.as_str())
        .collect();
    assert_eq!(
        types,
        ["integer", "number", "boolean", "timestamp", "number"]
    );
    // Unless the caller knows that they are texts.
    let as_text = TableComparator::by_key(["id"]).compare_as("d", ColumnType::Text);
    assert_eq!(csvs(&as_text, old, new).columns[4].different, 2);
}

#[test]
fn what_is_declared_must_be_so() {
    let comparator = TableComparator::by_key(["id"]).compare_as("x", ColumnType::Integer);
    let table = "id,x\n1,5\n2,5.5\n";
    let error = crate::tables::csv_error(&comparator, table, table).to_string();
    assert_eq!(
        error,
        r#"old.csv:3: "5.5" in column "x" cannot be read as integer"#
    );
}

#[test]
fn exact_numbers_keep_all_their_digits() {
    let old = "id,x\n1,0.10000000000000000001\n2,0.3\n";
    let new = "id,x\n1,0.1\n2,0.30\n";
    let lenient = csvs(&TableComparator::by_key(["id"]), old, new);
    assert!(lenient.equal);
    let exact = csvs(&TableComparator::by_key(["id"]).exact(), old, new);
    assert_eq!(exact.columns[1].different, 1);
    assert_eq!(exact.columns[1].largest, Some(1e-20));
}

#[test]
fn whole_numbers_that_floats_lose_are_kept_also_beside_fractions() {
    let old = "id,v\n1,9007199254740993\n2,1.5\n";
    let new = "id,v\n1,9007199254740992\n2,1.50\n";
    let found = csvs(&TableComparator::by_key(["id"]), old, new);
    let v = &found.columns[1];
    assert_eq!(
        (v.compared_as.as_str(), v.different, v.largest),
        ("decimal", 1, Some(1.0))
    );
}

#[test]
fn numbers_a_cent_apart_are_within_a_cent() {
    let column = |apart: u32| -> String {
        let rows = (0..2000).map(|row| {
            let cents = row + apart;
            format!("{row},{}.{:02}\n", cents / 100, cents % 100)
        });
        std::iter::once("id,v\n".to_owned()).chain(rows).collect()
    };
    let cent = TableComparator::by_key(["id"]).numbers(Tolerance::absolute(0.01));
    for (apart, different) in [(1, 0), (2, 2000)] {
        let found = csvs(&cent, &column(0), &column(apart));
        assert_eq!(found.columns[1].different, different, "{apart} cents");
    }
}

#[test]
fn a_table_of_one_column_has_its_empty_rows() {
    let found = csvs(&TableComparator::by_order(), "x\n1\n\n3\n", "x\n1\n2\n3\n");
    assert_eq!(counts(&found), [2, 1, 0, 0]);
    assert_eq!(found.columns[0].nulls, 1);
}

#[test]
fn rows_that_follow_a_shorter_table_are_only_in_the_longer_one() {
    let found = csvs(
        &TableComparator::by_order(),
        "a,b\n1,x\n",
        "a,b\n1,x\n2,y\n3,z\n",
    );
    assert_eq!(counts(&found), [1, 0, 0, 2]);
    assert_eq!(found.only_new[0].row, 2);
    assert_eq!(found.only_new[0].values.0.len(), 2);
}

/// The fields of a document, as the crate `csv` reads it.
fn as_others_read(text: &[u8]) -> Option<Vec<Vec<Vec<u8>>>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text);
    let records = reader.byte_records().map(|record| {
        let record = record.ok()?;
        Some(record.iter().map(<[u8]>::to_vec).collect())
    });
    records.collect()
}

proptest! {
    #[test]
    fn what_a_csv_writer_wrote_is_read_back(
        rows in proptest::collection::vec(
            proptest::collection::vec("[ab,\"\r\n é;]{0,6}", 3), 1..8
        ),
        quote in proptest::sample::select(vec![csv::QuoteStyle::Necessary, csv::QuoteStyle::Always]),
    ) {
        let mut writer = csv::WriterBuilder::new().quote_style(quote).from_writer(Vec::new());
        writer.write_record(["a", "b", "c"]).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let text = writer.into_inner().unwrap();
        prop_assert_eq!(as_others_read(&text).unwrap().len(), rows.len() + 1);
        // The same rows as Arrow texts; an empty field is null, unless it was quoted.
        let columns = ["a", "b", "c"].iter().enumerate().map(|(at, name)| {
            let quoted = matches!(quote, csv::QuoteStyle::Always);
            let texts = rows.iter().map(|row| Some(row[at].as_str()).filter(|text| quoted || !text.is_empty()));
            let array: arrow_array::ArrayRef = std::sync::Arc::new(texts.collect::<arrow_array::StringArray>());
            (*name, array)
        });
        let expected = crate::tables::batch(columns.collect());
        let found = TableComparator::by_order()
            .compare(in_dialect(std::str::from_utf8(&text).unwrap(), CsvDialect::default()),
                     crate::tables::handed("new", &expected, 100))
            .unwrap();
        prop_assert!(found.equal, "{:?} {:?}", String::from_utf8_lossy(&text), found);
    }
}

#[test]
fn numbers_that_floats_do_not_hold_are_told_apart() {
    let long = |end: &str| format!("{}.{end}", "9".repeat(80));
    let (long_5, long_6) = (long("25"), long("26"));
    for (old, new) in [
        ("1e400", "1e500"),
        ("1e400", "inf"),
        ("1e-400", "2e-400"),
        ("1e-400", "0"),
        (&long_5, &long_6),
    ] {
        let table =
            |value: &str| in_dialect(&format!("id,x\n1,1.5\n2,{value}\n"), CsvDialect::default());
        let found = |old: &str, new: &str| {
            let exact = TableComparator::by_key(["id"]).exact();
            exact.compare(table(old), table(new)).unwrap()
        };
        assert!(!found(old, new).equal, "{old} {new}");
        assert!(found(old, old).equal, "{old}");
    }
}
