//! A store with a long history, as it would have made it itself.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use cutover_domain::flags::{Change, ChangeRecord, FlagDocument, FlagKey, KeyChange, Revision};
use cutover_file::FileFlagStore;
use cutover_testkit::block_on;
use cutover_testkit::flags::{at_minute, commit_changes, create};
use xxhash_rust::xxh3::xxh3_64;

const FLAGS: usize = 20;

/// A change of one flag, another each time.
pub(crate) fn toggle(number: usize) -> Change {
    let key = "flag-0".parse().unwrap();
    match number % 2 {
        0 => Change::Restore { key },
        _ => Change::Kill { key },
    }
}

/// Makes a store with 20 flags in a directory, and two commits after `records` records.
pub(crate) fn write(dir: &Path, records: u64) {
    fs::create_dir_all(dir).unwrap();
    if records > 0 {
        write_history(&dir.join("flags.history.jsonl"), records);
        let empty = FlagDocument::empty(at_minute(0));
        let text = serde_json::to_string(&empty).unwrap();
        fs::write(dir.join("flags.json"), text).unwrap();
    }
    let store = FileFlagStore::open(dir);
    let changes: Vec<_> = (0..FLAGS)
        .map(|number| create(&format!("flag-{number}")))
        .collect();
    block_on(commit_changes(&store, &changes, "bench"));
    block_on(commit_changes(&store, &[toggle(1)], "bench"));
}

/// Lines as the store writes them: a record, and the checksum of its text.
fn write_history(path: &Path, records: u64) {
    let key: FlagKey = "flag-0".parse().unwrap();
    let mut file = BufWriter::new(File::create(path).unwrap());
    for number in 1..=records {
        let record = ChangeRecord {
            revision: Revision::new(number),
            time: at_minute(0),
            actor: "bench".to_owned(),
            reason: None,
            changes: vec![KeyChange {
                key: key.clone(),
                before: None,
                after: None,
            }],
            unknown: Default::default(),
        };
        let text = serde_json::to_string(&record).unwrap();
        let sum = xxh3_64(text.as_bytes());
        writeln!(file, r#"{{"sum":"{sum:016x}","record":{text}}}"#).unwrap();
    }
    file.flush().unwrap();
}
