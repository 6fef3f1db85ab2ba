//! What cannot be read is an error that says where and what to do, and stays as it is.

use std::fs;

use cutover_domain::flags::FlagDocument;
use cutover_ports::flags::{FlagStore, HistoryQuery};
use cutover_ports::{PortError, PortErrorKind};
use cutover_sqlite::SqliteFlagStore;
use cutover_testkit::block_on;
use cutover_testkit::flags::{at_minute, create, next_commit};
use rusqlite::Connection;

use super::place::Place;

/// The error of loading, which is that of every other call, too.
fn trouble(place: &Place) -> PortError {
    let error = place.try_load().unwrap_err();
    for commit in [
        next_commit(None, &[create("new")], "alice"),
        next_commit(Some(&document_at(2)), &[create("new")], "alice"),
    ] {
        let refused = block_on(place.store.commit(commit)).unwrap_err();
        assert_eq!(refused.kind(), error.kind(), "{refused}");
    }
    let text = error.to_string();
    assert!(
        text.contains(place.path().to_str().unwrap()),
        "where: {text}"
    );
    assert!(text.contains("; "), "what to do: {text}");
    error
}

fn document_at(revision: u64) -> FlagDocument {
    let mut document = FlagDocument::empty(at_minute(0));
    document.revision = cutover_domain::flags::Revision::new(revision);
    document
}

/// A closed store with two commits, in the file alone.
fn closed() -> Place {
    let source = Place::with_commits(2);
    let place = Place::empty();
    fs::write(place.path(), source.backup()).unwrap();
    place
}

#[test]
fn what_is_no_database_of_ours_is_refused_and_left_as_it_is() {
    let foreign = tempfile::tempdir().unwrap();
    let foreign = foreign.path().join("app.db");
    Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE users (id INTEGER); PRAGMA user_version = 3")
        .unwrap();
    let whole = closed();
    let whole = fs::read(whole.path()).unwrap();
    let mut torn_header = whole.clone();
    torn_header[..16].fill(0);
    for (content, expected) in [
        (Vec::new(), "the file is empty"),
        (
            b"{\"schema\": 1, \"flags\": {}}".repeat(100),
            "not an SQLite database",
        ),
        (torn_header, "not an SQLite database"),
        (fs::read(&foreign).unwrap(), "not one of cutover's"),
        (whole[..whole.len() / 2].to_vec(), "malformed"),
        (whole[..4096].to_vec(), "malformed"),
    ] {
        let place = Place::empty();
        fs::write(place.path(), &content).unwrap();
        let error = trouble(&place);
        assert_eq!(error.kind(), PortErrorKind::Corrupt, "{error}");
        assert!(error.to_string().contains(expected), "{expected}: {error}");
        assert_eq!(fs::read(place.path()).unwrap(), content, "{expected}");
    }
}

#[test]
fn a_folder_in_its_place_is_named() {
    let place = Place::empty();
    fs::create_dir(place.path()).unwrap();
    let error = trouble(&place);
    assert!(error.to_string().contains("not a file"), "{error}");
    let file = closed();
    let inside = SqliteFlagStore::open(file.path().join("flags.db"));
    assert!(block_on(inside.load()).is_err(), "a folder that is a file");
}

#[test]
fn a_database_that_is_gone_is_no_absence_while_its_log_is_there() {
    let place = Place::with_commits(2);
    // The store goes on with the file that it has open, which has no name any more.
    let log = fs::read(place.beside("-wal")).unwrap();
    assert!(!log.is_empty());
    fs::remove_file(place.path()).unwrap();
    let error = trouble(&place);
    assert_eq!(error.kind(), PortErrorKind::Corrupt);
    assert!(
        error.to_string().contains("flags.db-wal is there"),
        "{error}"
    );
    assert!(!place.path().exists(), "nothing was made");
    fs::remove_file(place.beside("-wal")).unwrap();
    assert_eq!(place.try_load().unwrap(), None);
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_no_absence() {
    let place = Place::empty();
    std::os::unix::fs::symlink(place.dir().join("elsewhere.db"), place.path()).unwrap();
    let error = trouble(&place);
    assert!(error.to_string().contains("leads nowhere"), "{error}");
    assert_eq!(place.files(), ["flags.db"]);
}

#[test]
fn a_row_that_somebody_edited_is_an_error_until_it_is_as_it_was() {
    for (edit, undo, expected) in [
        (
            "UPDATE flag_documents SET document = replace(document, 'enabled', 'killed')",
            "UPDATE flag_documents SET document = replace(document, 'killed', 'enabled')",
            "checksum of the flags",
        ),
        (
            "UPDATE flag_documents SET document = document || ' '",
            "UPDATE flag_documents SET document = rtrim(document)",
            "checksum of the flags",
        ),
        (
            "UPDATE flag_documents SET checksum = upper(checksum) || 'x'",
            "UPDATE flag_documents SET checksum = lower(rtrim(checksum, 'x'))",
            "checksum of the flags",
        ),
        (
            "UPDATE flag_documents SET revision = 1",
            "UPDATE flag_documents SET revision = 2",
            "an older row was put back",
        ),
    ] {
        let place = Place::with_commits(2);
        let before = place.load();
        assert_eq!(place.edit(edit), 1);
        let error = trouble(&place);
        assert_eq!(error.kind(), PortErrorKind::Corrupt);
        let text = error.to_string();
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("environment \"default\""), "{text}");
        assert_eq!(place.edit(undo), 1);
        assert_eq!(place.load(), before);
        assert_eq!(place.revisions(), [2, 1]);
    }
}

#[test]
fn a_revision_that_is_ahead_of_its_flags_is_an_error() {
    let place = Place::with_commits(2);
    place.edit("UPDATE flag_documents SET revision = 9");
    let error = place.try_load().unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::Corrupt);
    assert!(
        error.to_string().contains("the row says revision 9"),
        "{error}"
    );
}

#[test]
fn a_row_that_is_gone_is_no_absence_while_its_history_is_there() {
    let place = Place::with_commits(2);
    place.edit("DELETE FROM flag_documents");
    let error = trouble(&place);
    assert_eq!(error.kind(), PortErrorKind::Corrupt);
    assert!(
        error.to_string().contains("history up to revision 2"),
        "{error}"
    );
}

#[test]
fn one_broken_environment_hinders_no_other() {
    let place = Place::with_commits(2);
    let staging = place.environment("staging");
    block_on(staging.commit(next_commit(None, &[create("a")], "alice"))).unwrap();
    place.edit("UPDATE flag_documents SET checksum = '' WHERE environment = 'default'");
    trouble(&place);
    assert!(block_on(staging.load()).unwrap().is_some());
    let next = next_commit(block_on(staging.load()).unwrap().as_ref(), &[], "alice");
    block_on(staging.commit(next)).unwrap();
}

#[test]
fn a_damaged_record_is_left_out_and_counted_by_those_who_meet_it() {
    let place = Place::with_commits(5);
    place.edit(
        "UPDATE flag_history SET record = replace(record, 'alice', 'mallory') WHERE revision = 2",
    );
    assert_eq!(place.load().revision.number(), 5);
    let page = |query: HistoryQuery| {
        let page = block_on(place.store.history(&query)).unwrap();
        let revisions = page.records.iter().map(|record| record.revision.number());
        let next = page.next.map(|next| next.number());
        (revisions.collect::<Vec<_>>(), next, page.damaged)
    };
    let newest = HistoryQuery::newest;
    assert_eq!(page(newest(3)), (vec![5, 4, 3], Some(3), 0));
    assert_eq!(page(newest(4)), (vec![5, 4, 3], Some(2), 1));
    assert_eq!(page(newest(10)), (vec![5, 4, 3, 1], None, 1));
    // The index tells whose it is.
    for (key, revisions, damaged) in [("flag-2", vec![], 1), ("flag-3", vec![3], 0)] {
        let of_key = newest(10).of(key.parse().unwrap());
        assert_eq!(page(of_key), (revisions, None, damaged), "{key}");
    }
    place.commit(&[create("later")]);
    let found = block_on(place.store.inspect()).unwrap().unwrap();
    assert_eq!((found.damaged_records, found.records), (1, 5));
    assert_eq!(found.damaged[0].revision.number(), 2);
    // As doctor advises.
    place.edit("DELETE FROM flag_history WHERE revision = 2");
    assert_eq!(place.revisions(), [6, 5, 4, 3, 1]);
    let found = block_on(place.store.inspect()).unwrap().unwrap();
    let gap = found.gaps[0];
    assert_eq!((gap.after.number(), gap.before.number()), (1, 3));
}

#[test]
fn flags_of_a_newer_schema_are_refused_and_not_written_over() {
    let place = Place::with_commits(2);
    let shell = place.shell();
    let text: String = shell
        .query_row("SELECT document FROM flag_documents", [], |row| row.get(0))
        .unwrap();
    // As a newer version would have written it, so that it is no edit.
    let newer = text.replacen("\"schema\":1", "\"schema\":2", 1);
    let sum = format!("{:032x}", xxhash_rust::xxh3::xxh3_128(newer.as_bytes()));
    shell
        .execute(
            "UPDATE flag_documents SET document = ?1, checksum = ?2",
            [&newer, &sum],
        )
        .unwrap();
    let error = trouble(&place);
    assert_eq!(error.kind(), PortErrorKind::Corrupt);
    assert!(error.to_string().contains("upgrade cutover"), "{error}");
    let error = block_on(place.store.repair()).unwrap_err();
    assert_eq!(
        error.kind(),
        PortErrorKind::Unsupported,
        "it is not broken: {error}"
    );
    assert_eq!(
        place.edit("UPDATE flag_documents SET revision = 2 WHERE document LIKE '{\"schema\":2%'"),
        1
    );
}

#[test]
fn tables_of_a_newer_major_version_are_refused() {
    let place = Place::with_commits(1);
    let staying = place.elsewhere();
    block_on(staying.load()).unwrap();
    place.edit("PRAGMA user_version = 2001");
    let fresh = place.elsewhere();
    let error = block_on(fresh.load()).unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::Corrupt);
    assert!(error.to_string().contains("upgrade cutover"), "{error}");
}

#[test]
fn a_place_that_cannot_be_written_is_told_with_what_to_do() {
    // Of the kernel, for root, too.
    #[cfg(target_os = "linux")]
    {
        let store = SqliteFlagStore::open("/sys/cutover/flags.db");
        let commit = next_commit(None, &[create("a")], "alice");
        let error = block_on(store.commit(commit)).unwrap_err();
        let kinds = [PortErrorKind::PermissionDenied, PortErrorKind::ReadOnly];
        assert!(kinds.contains(&error.kind()), "{error}");
        assert!(error.to_string().contains("write access"), "{error}");
        assert_eq!(block_on(store.load()).unwrap(), None);
    }
}

#[test]
fn while_programs_have_a_log_open_that_was_removed_nothing_is_changed_and_nothing_is_lost() {
    let place = Place::with_commits(2);
    let other = place.elsewhere();
    assert!(block_on(other.load()).unwrap().is_some());
    fs::remove_file(place.beside("-wal")).unwrap();

    let refused = trouble(&place);
    assert_eq!(refused.kind(), PortErrorKind::Unavailable);
    assert!(refused.to_string().contains("write-ahead log"), "{refused}");

    // The last one that has it open brings back what is in it.
    assert!(block_on(other.load()).unwrap().is_some());
    assert_eq!(place.revisions(), [2, 1]);
    place.commit(&[create("flag-3")]);
    let copy = Place::empty();
    fs::write(copy.path(), place.backup()).unwrap();
    assert_eq!(copy.revisions(), [3, 2, 1]);
}

#[test]
fn a_log_that_is_written_into_the_database_may_be_removed() {
    let place = Place::with_commits(2);
    let other = place.elsewhere();
    assert!(block_on(other.load()).unwrap().is_some());
    place.checkpoint();
    fs::remove_file(place.beside("-wal")).unwrap();

    place.commit(&[create("flag-3")]);
    drop(other);
    assert_eq!(place.revisions(), [3, 2, 1]);
}
