//! Flags from elsewhere: what is carried over, what is said about it, and what is refused.

mod flagd;
mod flagd_laws;
mod hostile;
mod logic;
mod mdm;
mod native;
mod strategy;

use cutover_domain::flags::import::{Imported, Others};
use cutover_domain::flags::{FlagDocument, Interner, Slot, Snapshot};
use jiff::Timestamp;
use proptest::prelude::ProptestConfig;

/// A quarter of the cases: each has a document to read, to check and to compile.
fn a_quarter() -> ProptestConfig {
    ProptestConfig::with_cases(ProptestConfig::default().cases.div_ceil(4))
}

/// What was imported, in a store of its own.
fn stored(imported: &Imported) -> FlagDocument {
    let empty = FlagDocument::empty(Timestamp::UNIX_EPOCH);
    let changes = imported.changes(&empty.flags, Others::Keep);
    let applied = empty.apply(&changes, Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(applied.document.flags, imported.flags);
    applied.document
}

/// A flag of a document, ready to be asked.
fn compiled(document: &FlagDocument, key: &str) -> (Snapshot, Slot) {
    let mut interner = Interner::default();
    let snapshot = Snapshot::compile(document, &mut interner);
    (snapshot, interner.slot(key))
}
