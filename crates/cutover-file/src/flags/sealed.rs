//! A change record with its checksum: one line of the history, and `last` in the document.

use cutover_domain::flags::{ChangeRecord, Revision};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_64;

#[derive(Serialize, Deserialize)]
struct Sealed<'a> {
    sum: &'a str,
    #[serde(borrow)]
    record: &'a RawValue,
}

/// Why a sealed record cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("it is no record: {0}")]
    NotARecord(#[from] serde_json::Error),
    #[error("its checksum does not match: it was changed or torn")]
    WrongSum,
}

/// The record with its checksum, as JSON on one line without a line break.
pub(super) fn seal(record: &ChangeRecord) -> Result<Box<RawValue>, serde_json::Error> {
    let record = serde_json::value::to_raw_value(record)?;
    serde_json::value::to_raw_value(&Sealed {
        sum: &sum(record.get()),
        record: &record,
    })
}

/// The record, if it is whole.
pub(super) fn unseal(text: &[u8]) -> Result<ChangeRecord, Broken> {
    let sealed: Sealed<'_> = serde_json::from_slice(text)?;
    let record: ChangeRecord = serde_json::from_str(sealed.record.get())?;
    // An editor may have laid the text out anew without changing what it says.
    if sealed.sum == sum(sealed.record.get()) || sealed.sum == sum(&serde_json::to_string(&record)?)
    {
        return Ok(record);
    }
    Err(Broken::WrongSum)
}

/// The revision of a record, if it is whole: what is changed in it is not read.
pub(super) fn revision(text: &[u8]) -> Result<Revision, Broken> {
    #[derive(Deserialize)]
    struct Numbered {
        revision: Revision,
    }
    let sealed: Sealed<'_> = serde_json::from_slice(text)?;
    if sealed.sum == sum(sealed.record.get()) {
        let record: Numbered = serde_json::from_str(sealed.record.get())?;
        return Ok(record.revision);
    }
    unseal(text).map(|record| record.revision)
}

fn sum(record: &str) -> String {
    format!("{:016x}", xxh3_64(record.as_bytes()))
}
