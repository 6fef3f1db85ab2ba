//! A database with a long history, as the store itself would have made it.

use std::path::Path;

use cutover_domain::flags::{Change, ChangeRecord, FlagDocument, FlagKey, KeyChange, Revision};
use cutover_sqlite::SqliteFlagStore;
use cutover_testkit::block_on;
use cutover_testkit::flags::{at_minute, commit_changes, create};
use rusqlite::{Connection, params};
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_128;

const FLAGS: u64 = 20;

/// A change of one flag, another each time.
pub(crate) fn toggle(number: usize) -> Change {
    let key = "flag-0".parse().unwrap();
    match number % 2 {
        0 => Change::Restore { key },
        _ => Change::Kill { key },
    }
}

/// Makes a database with 20 flags and `records` records, of which every 1000th touches `flag-7`.
pub(crate) fn write(path: &Path, records: u64) {
    let changes: Vec<_> = (0..FLAGS)
        .map(|number| create(&format!("flag-{number}")))
        .collect();
    let first = block_on(commit_changes(
        &SqliteFlagStore::open(path),
        &changes,
        "bench",
    ));
    let mut connection = Connection::open(path).unwrap();
    connection
        .pragma_update(None, "synchronous", "off")
        .unwrap();
    let transaction = connection.transaction().unwrap();
    for number in 2..=records {
        let name = if number % 1000 == 0 {
            "flag-7"
        } else {
            "flag-0"
        };
        let key: FlagKey = name.parse().unwrap();
        let definition = first.document.flags.get(&key).cloned();
        let record = ChangeRecord {
            revision: Revision::new(number),
            time: at_minute(0),
            actor: "bench".to_owned(),
            reason: None,
            changes: vec![KeyChange {
                key,
                before: definition.clone(),
                after: definition,
            }],
            unknown: Default::default(),
        };
        let (text, checksum) = sealed(&record);
        let mut insert = transaction
            .prepare("INSERT INTO flag_history VALUES ('default', ?1, 0, ?2, ?3)")
            .unwrap();
        insert
            .execute(params![number.cast_signed(), text, checksum])
            .unwrap();
        let mut insert = transaction
            .prepare("INSERT INTO flag_history_keys VALUES ('default', ?1, ?2)")
            .unwrap();
        insert.execute(params![name, number.cast_signed()]).unwrap();
    }
    let newest = FlagDocument {
        revision: Revision::new(records.max(1)),
        ..first.document
    };
    let (text, checksum) = sealed(&newest);
    transaction
        .execute(
            "UPDATE flag_documents SET revision = ?1, document = ?2, checksum = ?3",
            params![newest.revision.number().cast_signed(), text, checksum],
        )
        .unwrap();
    transaction.commit().unwrap();
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
}

fn sealed(value: &impl Serialize) -> (String, String) {
    let text = serde_json::to_string(value).unwrap();
    let checksum = format!("{:032x}", xxh3_128(text.as_bytes()));
    (text, checksum)
}
