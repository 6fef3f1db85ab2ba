//! Bad input is refused by both implementations, with the same error.

use std::path::Path;

use mdm::catalog::{Cancellation, Catalog};
use mdm::{DatasetError, DatasetName, ProfileRequest, RegisterRequest};

use crate::{data, file, implementations};

/// The one error that all implementations answer with, for a look and for a registration.
fn refusal(path: &Path) -> DatasetError {
    let request = ProfileRequest::new(path);
    let errors: Vec<DatasetError> = implementations()
        .into_iter()
        .flat_map(|implementation| {
            let mut catalog = Catalog::in_memory().unwrap();
            let register = RegisterRequest {
                name: "refused".parse().unwrap(),
                file: path.into(),
            };
            let registered = implementation.register(
                &mut catalog,
                &register,
                jiff::Timestamp::UNIX_EPOCH,
                &Cancellation::default(),
            );
            assert!(catalog.list().unwrap().is_empty());
            assert_eq!(catalog.count_tables().unwrap(), 0);
            [
                implementation.profile(&request).unwrap_err(),
                registered.unwrap_err(),
            ]
        })
        .collect();
    for error in &errors[1..] {
        assert_eq!(error, &errors[0]);
    }
    assert!(errors[0].is_about_the_dataset());
    errors[0].clone()
}

#[test]
fn a_missing_file() {
    assert_eq!(refusal(Path::new("no/such.csv")).class(), "not_found");
}

#[test]
fn an_empty_file() {
    for bytes in ["", " \r\n\n", "\u{feff}\n"] {
        for name in ["empty.csv", "empty.json"] {
            let (_folder, path) = file(name, bytes);
            assert_eq!(refusal(&path).class(), "empty", "{bytes:?}");
        }
    }
}

#[test]
fn a_binary_file() {
    let (_folder, path) = file("image.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    assert_eq!(refusal(&path), DatasetError::Binary { path, offset: 8 });
}

#[test]
fn a_file_of_another_kind() {
    assert_eq!(refusal(&data("README.md")).class(), "unsupported");
}

#[test]
fn records_of_different_widths() {
    let (_folder, path) = file("ragged.csv", "a,b,c\n1,\"2\n2\",3\n4,5\n6,7,8\n");
    let error = refusal(&path);
    assert_eq!(
        error.to_string(),
        format!(
            "{}:4: this record has 2 cells, the first one has 3; mend the record or quote the \
             delimiter in it",
            path.display()
        )
    );
    assert_eq!(refusal(&data("debian-releases.csv")).class(), "ragged");
}

#[test]
fn a_name_that_two_columns_have() {
    let (_folder, path) = file("twice.csv", "id,name, id\n1,x,2\n");
    assert_eq!(
        refusal(&path),
        DatasetError::DuplicateHeader {
            path,
            name: "id".to_owned(),
            first: 1,
            second: 3
        }
    );
}

#[test]
fn broken_json_with_its_place() {
    for (text, place) in [
        ("[{\"a\": 1},\n {\"a\": }]", ":2:8: "),
        ("[{\"a\": 1}", ":1:9: "),
        ("[{\"a\":1}] x", ":1:11: "),
    ] {
        let (_folder, path) = file("broken.json", text);
        let error = refusal(&path);
        assert_eq!(error.class(), "json", "{error}");
        assert!(error.to_string().contains(place), "{error}");
    }
}

#[test]
fn json_without_records() {
    for text in [
        "[]",
        "{}",
        "3",
        "\"text\"",
        "[1, 2]",
        "[{\"a\": 1}, 2]",
        "{\"a\": [1]}",
        "null",
    ] {
        let (_folder, path) = file("none.json", text);
        assert_eq!(refusal(&path).class(), "no_records", "{text}");
    }
}

#[test]
fn a_file_without_a_usable_name() {
    assert!(DatasetName::from_file(Path::new("日本.csv")).is_err());
}
