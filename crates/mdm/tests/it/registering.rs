//! A registered dataset is in the catalog as a whole, or not at all.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use mdm::catalog::{Cancellation, Catalog};
use mdm::{DatasetError, Implementation, ProfileRequest, RegisterRequest};

use crate::{data, file, implementations};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn request(name: &str, file: &str) -> RegisterRequest {
    RegisterRequest {
        name: name.parse().unwrap(),
        file: data(file),
    }
}

#[test]
fn every_dataset_is_copied_row_by_row() {
    let files = [
        "penguins-raw.csv",
        "earthquakes.json",
        "language-subtags.csv",
        "food-frequency.csv",
    ];
    for implementation in implementations() {
        let mut catalog = Catalog::in_memory().unwrap();
        for name in files {
            let request = request(name, name);
            let cancellation = Cancellation::default();
            let answer = implementation
                .register(&mut catalog, &request, NOW, &cancellation)
                .unwrap();
            let profile = implementation
                .profile(&ProfileRequest::new(data(name)))
                .unwrap();
            assert_eq!(catalog.find(&request.name).unwrap().as_ref(), Some(&answer));
            assert_eq!(catalog.count_rows(&request.name).unwrap(), profile.rows);
            assert_eq!(answer.rows, profile.rows);
            assert_eq!(answer.registered_at, NOW);
        }
        let names: Vec<String> = catalog
            .list()
            .unwrap()
            .into_iter()
            .map(|dataset| dataset.name.to_string())
            .collect();
        let mut sorted = files.map(str::to_owned);
        sorted.sort();
        assert_eq!(names, sorted);
        assert_eq!(catalog.count_tables().unwrap(), 4);
    }
}

#[test]
fn other_programs_can_read_the_rows() {
    let folder = tempfile::tempdir().unwrap();
    // The difference between the two that loses data: a code is not a number.
    for (implementation, zip) in [("legacy", "501"), ("modern", "00501")] {
        let path = folder.path().join(implementation);
        let mut catalog = Catalog::open(&path).unwrap();
        let request = request("zipcodes", "zipcodes.csv");
        let implementation: Implementation = implementation.parse().unwrap();
        implementation
            .register(&mut catalog, &request, NOW, &Cancellation::default())
            .unwrap();
        drop(catalog);

        let database = rusqlite::Connection::open(&path).unwrap();
        let (first, southernmost): (String, f64) = database
            .query_row(
                "SELECT CAST(c1 AS TEXT), (SELECT min(c2) FROM data_1) FROM data_1",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        assert_eq!(first, zip);
        assert!((southernmost - 17.734_211).abs() < 1e-9, "{southernmost}");
        let names: String = database
            .query_row(
                "SELECT group_concat(name || ':' || kind, ' ') FROM dataset_columns",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert!(names.ends_with("latitude:float longitude:float city:text state:text county:text"));
    }
}

#[test]
fn a_taken_name_is_an_error_and_changes_nothing() {
    for implementation in implementations() {
        let mut catalog = Catalog::in_memory().unwrap();
        let cancellation = Cancellation::default();
        let first = request("plants", "iris.csv");
        implementation
            .register(&mut catalog, &first, NOW, &cancellation)
            .unwrap();
        let before = catalog.list().unwrap();

        let second = request("plants", "penguins.json");
        let error = implementation
            .register(&mut catalog, &second, NOW, &cancellation)
            .unwrap_err();
        assert_eq!(
            error,
            DatasetError::AlreadyRegistered {
                name: "plants".to_owned(),
                source_file: data("iris.csv").display().to_string(),
                registered_at: "1970-01-01T00:00:00Z".to_owned(),
            }
        );
        assert_eq!(catalog.list().unwrap(), before);
        assert_eq!(catalog.count_tables().unwrap(), 1);
    }
}

#[test]
fn a_cancelled_registration_leaves_nothing() {
    for implementation in implementations() {
        let mut catalog = Catalog::in_memory().unwrap();
        let cancellation = Cancellation::default();
        cancellation.cancel();
        let request = request("flights", "flights.csv");
        let error = implementation
            .register(&mut catalog, &request, NOW, &cancellation)
            .unwrap_err();
        assert_eq!(
            error,
            DatasetError::Cancelled {
                name: "flights".to_owned()
            }
        );
        assert!(catalog.list().unwrap().is_empty());
        assert_eq!(catalog.count_tables().unwrap(), 0);

        // The name is not taken by what was not finished.
        implementation
            .register(&mut catalog, &request, NOW, &Cancellation::default())
            .unwrap();
    }
}

#[test]
fn a_killed_registration_leaves_nothing() {
    // Large enough that SQLite must write pages before the commit: real rows, many times over.
    let codes = std::fs::read_to_string(data("zipcodes.csv")).unwrap();
    let (header, rows) = codes.split_once('\n').unwrap();
    let (folder, path) = file("large.csv", format!("{header}\n{}", rows.repeat(8)));
    for implementation in ["legacy", "modern"] {
        // A kill may come a moment after the commit; then all of it is there, and the next one
        // comes in time.
        let killed_in_time = (0..10).any(|attempt| {
            let database = folder.path().join(format!("{implementation}-{attempt}.db"));
            kill_while_writing(implementation, &database, &path);
            let catalog = Catalog::open(&database).unwrap();
            let datasets = catalog.list().unwrap();
            assert_eq!(catalog.count_tables().unwrap(), datasets.len() as u64);
            if let [complete] = &datasets[..] {
                assert_eq!(catalog.count_rows(&complete.name).unwrap(), 72_000);
            }
            datasets.is_empty()
        });
        assert!(killed_in_time, "{implementation}");
    }
}

/// Kills a registration as soon as rows of its open transaction are on disk.
fn kill_while_writing(implementation: &str, database: &Path, file: &Path) {
    drop(Catalog::open(database).unwrap());
    let mut child = Command::new(env!("CARGO_BIN_EXE_mdm"))
        .args(["register", "--implementation", implementation])
        .arg("--database")
        .arg(database)
        .arg(file)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let log = database.with_extension("db-wal");
    let deadline = Instant::now() + Duration::from_secs(60);
    while std::fs::metadata(&log).map_or(0, |log| log.len()) < 100_000 {
        if let Some(status) = child.try_wait().unwrap() {
            let mut message = String::new();
            child
                .stderr
                .take()
                .unwrap()
                .read_to_string(&mut message)
                .unwrap();
            assert!(status.success(), "it ended by itself, {status}: {message}");
            return;
        }
        assert!(
            Instant::now() < deadline,
            "the registration never wrote anything"
        );
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn two_processes_register_one_name_once() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("catalog.db");
    let children: Vec<_> = ["legacy", "modern", "legacy", "modern"]
        .map(|implementation| {
            Command::new(env!("CARGO_BIN_EXE_mdm"))
                .args([
                    "register",
                    "--implementation",
                    implementation,
                    "--name",
                    "one",
                ])
                .arg("--database")
                .arg(&database)
                .arg(data("iris.csv"))
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .into();
    let mut statuses: Vec<Option<i32>> = Vec::new();
    for child in children {
        let output = child.wait_with_output().unwrap();
        if !output.status.success() {
            let message = String::from_utf8(output.stderr).unwrap();
            assert!(message.contains("already registered"), "{message}");
        }
        statuses.push(output.status.code());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [Some(0), Some(1), Some(1), Some(1)]);
    assert_eq!(Catalog::open(&database).unwrap().list().unwrap().len(), 1);
}
