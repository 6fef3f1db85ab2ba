//! Bringing flags back.

use cutover_ports::PortErrorKind;
use cutover_ports::flags::{FlagStore, Retention};
use cutover_sqlite::flags::RepairSource;
use cutover_testkit::block_on;
use cutover_testkit::flags::create;

use super::place::Place;

#[test]
fn flags_come_back_from_the_history_and_what_was_there_is_kept() {
    let place = Place::with_commits(4);
    let before = place.load();
    assert_eq!(block_on(place.store.repair()).unwrap(), None);
    place.edit("UPDATE flag_documents SET document = 'edited'");
    // Known without a repair, and nothing is repaired by asking.
    let known = block_on(place.elsewhere().last_good()).unwrap();
    assert_eq!(known, Some(before.clone()));
    assert!(block_on(place.store.load()).is_err());
    let repair = block_on(place.elsewhere().repair()).unwrap().unwrap();
    assert_eq!(
        (repair.revision.number(), repair.source),
        (4, RepairSource::History)
    );
    assert_eq!(place.load(), before);
    let kept: String = place
        .shell()
        .query_row(
            "SELECT document FROM flag_broken WHERE id = ?1",
            [repair.broken.unwrap()],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(kept, "edited");
    place.commit(&[create("later")]);
    assert_eq!(place.revisions(), [5, 4, 3, 2, 1]);
}

#[test]
fn flags_come_back_after_a_compaction_too() {
    let place = Place::with_commits(6);
    block_on(place.store.compact(&Retention::newest(1))).unwrap();
    place.commit(&[create("later")]);
    let before = place.load();
    place.edit("DELETE FROM flag_documents");
    let repair = block_on(place.store.repair()).unwrap().unwrap();
    assert_eq!(
        (repair.revision.number(), repair.source),
        (7, RepairSource::Base)
    );
    assert_eq!(repair.broken, None, "there was nothing to keep");
    assert_eq!(place.load(), before);
}

#[test]
fn nothing_is_made_up_where_the_history_does_not_tell() {
    let harms: [(&str, &[&str]); 3] = [
        (
            "nothing is known between revision 1 and 3",
            &["DELETE FROM flag_history WHERE revision = 2"],
        ),
        (
            "record of revision 3",
            &["UPDATE flag_history SET record = record || ' ' WHERE revision = 3"],
        ),
        (
            "nothing is known between revision 0 and 3",
            &["DELETE FROM flag_history WHERE revision < 3"],
        ),
    ];
    for (expected, statements) in harms {
        let place = Place::with_commits(4);
        for statement in statements {
            place.edit(statement);
        }
        place.edit("UPDATE flag_documents SET checksum = 'no'");
        let error = block_on(place.store.repair()).unwrap_err();
        assert_eq!(error.kind(), PortErrorKind::Corrupt);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.to_string().contains("backup"), "{error}");
        let found = block_on(place.store.inspect()).unwrap().unwrap();
        assert_eq!(found.repairable, None, "{expected}");
        // Nothing was changed.
        assert_eq!(
            place.edit("UPDATE flag_documents SET checksum = checksum WHERE checksum = 'no'"),
            1
        );
    }
}

#[test]
fn an_inspection_tells_what_is_there() {
    let place = Place::with_commits(3);
    let found = block_on(place.store.inspect()).unwrap().unwrap();
    assert_eq!((found.schema, found.known_schema), (1002, 1002));
    assert_eq!(
        (found.records, found.damaged_records, found.not_indexed),
        (3, 0, 0)
    );
    assert_eq!(found.oldest.unwrap().number(), 1);
    assert_eq!(found.newest.unwrap().number(), 3);
    assert_eq!(found.repairable.unwrap().number(), 3);
    assert_eq!(found.environments, ["default"]);
    assert!(found.problems.is_empty() && found.gaps.is_empty());
    assert!(!found.is_locked);
    let shell = place.shell();
    shell.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(block_on(place.store.inspect()).unwrap().unwrap().is_locked);
    shell.execute_batch("ROLLBACK").unwrap();
    place.edit("DELETE FROM flag_history_keys WHERE key = 'flag-2'");
    let found = block_on(place.store.inspect()).unwrap().unwrap();
    assert_eq!(found.not_indexed, 1);
    place.edit("DELETE FROM flag_history WHERE revision = 3");
    let found = block_on(place.store.inspect()).unwrap().unwrap();
    assert_eq!(found.newest.unwrap().number(), 2);
    let gap = found.gaps[0];
    assert_eq!(
        (gap.after.number(), gap.before.number()),
        (2, 4),
        "{:?}",
        found.gaps
    );
}
