//! Doing the harm: a crash, a full disk, an editor, at every point where it could hurt.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::PathBuf;

use cutover_domain::flags::{Change, ChangeRecord, Definition, FlagDocument, FlagKey, KeyChange};
use cutover_ports::flags::{Commit, HistoryQuery};
use cutover_ports::{PortError, PortErrorKind};
use cutover_testkit::flags::{create, next_commit};
use proptest::prelude::*;
use tempfile::TempDir;

use super::config::FileFlagConfig;
use super::crash::{self, Harm, POINTS, Plan};
use super::files::Files;
use super::state::State;
use super::{commit, page, repair, sealed, state};

/// How far a write gets before it is cut off: not at all, a bit, to some middle, all of it.
const REACHES: [usize; 4] = [0, 1, 150, usize::MAX];

/// The points that are writes.
const WRITES: [&str; 3] = ["document write", "history append", "good write"];

struct Disk {
    _dir: TempDir,
    config: FileFlagConfig,
    files: Files,
}

impl Disk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self {
            config: FileFlagConfig::new(dir.path()),
            files: Files::new(dir.path()),
            _dir: dir,
        }
    }

    fn try_read(&self) -> Result<Option<State>, PortError> {
        state::read("test", &self.files)
    }

    fn document(&self) -> Option<FlagDocument> {
        self.try_read().unwrap().map(|state| state.document)
    }

    fn history(&self) -> Vec<ChangeRecord> {
        let all = HistoryQuery::newest(usize::MAX);
        page::page(&self.files, &all).unwrap().records
    }

    fn next(&self, key: &str) -> Commit {
        next_commit(self.document().as_ref(), &[create(key)], "alice")
    }

    fn commit(&self, commit: &Commit) -> Result<(), PortError> {
        commit::commit(&self.config, commit, None)
    }

    /// A commit that must succeed.
    fn add(&self, key: &str) -> ChangeRecord {
        let commit = self.next(key);
        self.commit(&commit).unwrap();
        commit.record
    }

    /// Gives every flag another owner with an editor.
    fn edit(&self, owner: &str) {
        let text = fs::read_to_string(&self.files.document).unwrap();
        let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
        for flag in document["flags"].as_object_mut().unwrap().values_mut() {
            flag["owner"] = owner.into();
        }
        fs::write(&self.files.document, document.to_string()).unwrap();
    }

    fn append_to_history(&self, text: &[u8]) {
        let mut history = fs::read(&self.files.history).unwrap_or_default();
        history.extend(text);
        fs::write(&self.files.history, history).unwrap();
    }

    /// Takes the newest record out of the history, as a loss of power may: it was not synced.
    fn lose_unsynced_record(&self) {
        let Some(state) = self.try_read().unwrap() else {
            return;
        };
        let Some(record) = state.committed() else {
            return;
        };
        let line = format!("{}\n", sealed::seal(record).unwrap().get());
        let text = fs::read_to_string(&self.files.history).unwrap_or_default();
        if let Some(rest) = text.strip_suffix(&line) {
            fs::write(&self.files.history, rest).unwrap();
        }
    }

    fn temporaries(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.files.dir).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths
            .filter(|path| path.extension().is_some_and(|extension| extension == "tmp"))
            .collect()
    }

    /// Whole, without gaps, with every one of these records once.
    fn check(&self, acknowledged: &[ChangeRecord], context: &str) {
        let history = self.history();
        let newest = self
            .document()
            .map_or(0, |document| document.revision.number());
        let numbers: Vec<_> = history
            .iter()
            .map(|record| record.revision.number())
            .collect();
        assert_eq!(numbers, (1..=newest).rev().collect::<Vec<_>>(), "{context}");
        for record in acknowledged {
            assert!(history.contains(record), "{context}: lost {record:?}");
        }
    }
}

type Prepare = fn(&Disk);

/// States of the files before the commit that is struck, by name.
const SCENES: [(&str, Prepare); 6] = [
    ("nothing yet", |_| {}),
    ("two commits", two_commits),
    ("an edit by hand", |disk| {
        two_commits(disk);
        disk.edit("bob");
    }),
    ("a lost record", |disk| {
        two_commits(disk);
        disk.lose_unsynced_record();
    }),
    ("a torn line", |disk| {
        two_commits(disk);
        disk.append_to_history(b"{\"sum\":\"0123");
    }),
    ("an edit, a torn line, no good copy", |disk| {
        two_commits(disk);
        disk.edit("bob");
        disk.append_to_history(b"{\"sum\":\"0123");
        fs::remove_file(&disk.files.good).unwrap();
    }),
];

fn two_commits(disk: &Disk) {
    disk.add("a");
    disk.add("b");
}

/// Strikes a commit in every scene, at every point, each time that it is passed, at every reach.
fn strike_everywhere(
    harm: impl Fn(usize) -> Harm,
    check: impl Fn(&Disk, &Commit, Option<Result<(), PortError>>, Plan, &str),
) {
    let mut struck = BTreeSet::new();
    for (scene, prepare) in SCENES {
        for point in POINTS {
            // Only writes are cut off part of the way.
            let reaches = if WRITES.contains(&point) {
                &REACHES[..]
            } else {
                &[0]
            };
            for &reach in reaches {
                for nth in 1.. {
                    let disk = Disk::new();
                    prepare(&disk);
                    let before = disk.document();
                    let history = disk.history();
                    let commit = next_commit(before.as_ref(), &[create("new")], "alice");
                    let plan = Plan {
                        point,
                        nth,
                        harm: harm(reach),
                    };
                    let (answer, done) = crash::run(plan, || disk.commit(&commit));
                    if !done {
                        assert!(answer.unwrap().is_ok());
                        break;
                    }
                    struck.insert(point);
                    let context = format!("{scene}: {plan:?}");
                    let after = disk.document();
                    assert!(
                        after == before || after.as_ref() == Some(&commit.document),
                        "{context}: neither before nor after, but {after:?}"
                    );
                    disk.check(&history, &context);
                    check(&disk, &commit, answer, plan, &context);
                    let later = disk.add("later");
                    disk.check(&[history, vec![later]].concat(), &context);
                }
            }
        }
    }
    assert_eq!(struck, POINTS.into(), "every point was struck");
}

#[test]
fn a_crash_at_any_point_leaves_the_state_before_or_after() {
    strike_everywhere(Harm::Crash, |disk, _, answer, _, context| {
        assert!(answer.is_none(), "{context}");
        let found = disk.document();
        assert_eq!(repair::repair(&disk.config).unwrap(), None, "{context}");
        assert_eq!(
            disk.document(),
            found,
            "{context}: there was nothing to repair"
        );
    });
}

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let disk = Disk::new();
    let mut made = vec![disk.add("small")];
    let mut refusal = |key: &str, bytes: usize| {
        let definition = Definition {
            description: Some("x".repeat(bytes)),
            ..Definition::boolean()
        };
        let create = Change::Create {
            key: key.parse().unwrap(),
            definition: Box::new(definition),
        };
        let commit = next_commit(disk.document().as_ref(), &[create], "alice");
        let refused = disk.commit(&commit).err().map(|error| error.to_string());
        if refused.is_none() {
            made.push(commit.record);
        }
        disk.check(&made, key);
        refused
    };
    // A record is as large as what it changes, a document as large as all that is in it.
    let refused = refusal("large", 1 << 20).unwrap();
    assert!(refused.contains("the change would take"), "{refused}");
    let refused = (0..9).find_map(|number| refusal(&format!("flag-{number}"), 900 << 10));
    let refused = refused.unwrap();
    assert!(refused.contains("the flags would take"), "{refused}");
    assert_eq!(refusal("another", 10), None);
}

#[test]
fn a_full_disk_at_any_point_loses_nothing_and_says_so() {
    let full = io::ErrorKind::StorageFull;
    strike_everywhere(
        |reach| Harm::Fail(full, reach),
        |disk, commit, answer, plan, context| {
            assert_eq!(disk.temporaries(), Vec::<PathBuf>::new(), "{context}");
            let is_made = disk.document().as_ref() == Some(&commit.document);
            match answer.unwrap() {
                Ok(()) => assert!(is_made, "{context}"),
                Err(error) if error.kind() == PortErrorKind::Full => {
                    assert!(!is_made, "{context}: {error}");
                    assert!(
                        error.to_string().contains("free space"),
                        "{context}: {error}"
                    );
                }
                Err(error) => {
                    assert_eq!(error.kind(), PortErrorKind::OutcomeUnknown, "{context}");
                    let is_at_the_directory = ["document renamed", "directory synced"];
                    assert!(is_at_the_directory.contains(&plan.point), "{context}");
                }
            }
        },
    );
}

/// What happens to a store.
#[derive(Clone, Debug)]
enum Event {
    Commit,
    /// A commit from a state that is not the newest.
    StaleCommit,
    Edit(u8),
    /// The flags are edited back to what was committed.
    EditBack,
    Struck(Plan),
    LosePower,
    TearHistory(Vec<u8>),
    LoseGoodCopy,
    TearGoodCopy,
    BreakDocumentAndRepair,
}

fn any_event() -> impl Strategy<Value = Event> {
    let harm = prop_oneof![
        3 => proptest::sample::select(REACHES.to_vec()).prop_map(Harm::Crash),
        1 => proptest::sample::select(REACHES.to_vec())
            .prop_map(|reach| Harm::Fail(io::ErrorKind::StorageFull, reach)),
    ];
    let plan = (proptest::sample::select(POINTS.to_vec()), 1..3_usize, harm)
        .prop_map(|(point, nth, harm)| Plan { point, nth, harm });
    let tail = proptest::collection::vec(any::<u8>(), 1..20);
    prop_oneof![
        6 => Just(Event::Commit),
        1 => Just(Event::StaleCommit),
        4 => (0..4_u8).prop_map(Event::Edit),
        1 => Just(Event::EditBack),
        6 => plan.prop_map(Event::Struck),
        2 => Just(Event::LosePower),
        1 => tail.prop_map(Event::TearHistory),
        1 => Just(Event::LoseGoodCopy),
        1 => Just(Event::TearGoodCopy),
        1 => Just(Event::BreakDocumentAndRepair),
    ]
}

/// A store under harm, and what must be true of it.
struct Model {
    disk: Disk,
    acknowledged: Vec<ChangeRecord>,
    commits: usize,
}

impl Model {
    fn meet(&mut self, event: &Event) {
        let before = self.disk.try_read().unwrap();
        let document = before.as_ref().map(|state| state.document.clone());
        self.commits += 1;
        let key = format!("flag-{}", self.commits);
        let commit = next_commit(document.as_ref(), &[create(&key)], "alice");
        match event {
            Event::Commit => {
                self.disk.commit(&commit).unwrap();
                assert_eq!(self.disk.document().as_ref(), Some(&commit.document));
                self.acknowledged.push(commit.record);
            }
            Event::StaleCommit => {
                let stale = next_commit(Some(&commit.document), &[], "bob");
                let error = self.disk.commit(&stale).unwrap_err();
                assert!(matches!(error.kind(), PortErrorKind::Conflict { .. }));
                assert_eq!(self.disk.document(), document);
            }
            Event::Edit(owner) => self.edit(before, &format!("owner-{owner}")),
            Event::EditBack => {
                if let Some(state) = before.filter(State::is_edited) {
                    let mut flags = state.document.flags.clone();
                    for change in state.newest.changes {
                        match change.before {
                            Some(definition) => flags.insert(change.key, definition),
                            None => flags.remove(&change.key),
                        };
                    }
                    self.write_flags(&flags);
                    let committed = self.disk.try_read().unwrap().unwrap();
                    assert!(!committed.is_edited());
                    assert_eq!(committed.document.flags, flags);
                }
            }
            Event::Struck(plan) => {
                let (answer, _) = crash::run(*plan, || self.disk.commit(&commit));
                let after = self.disk.document();
                if let Some(Ok(())) = answer {
                    assert_eq!(after.as_ref(), Some(&commit.document));
                    self.acknowledged.push(commit.record);
                } else {
                    assert!(after == document || after.as_ref() == Some(&commit.document));
                }
            }
            Event::LosePower => self.disk.lose_unsynced_record(),
            Event::TearHistory(tail) => {
                if document.is_some() {
                    self.disk.append_to_history(tail);
                }
            }
            Event::LoseGoodCopy => drop(fs::remove_file(&self.disk.files.good)),
            Event::TearGoodCopy => {
                if let Ok(text) = fs::read(&self.disk.files.good) {
                    fs::write(&self.disk.files.good, &text[..text.len() / 2]).unwrap();
                }
            }
            // An edit that no commit has written down goes with the document that held it.
            Event::BreakDocumentAndRepair => {
                if let Some(state) = before.filter(|state| !state.is_edited()) {
                    // Else its newest record may be nowhere but in the document that breaks.
                    self.make_sure_of_history();
                    fs::write(&self.disk.files.document, "{\"schema\":").unwrap();
                    assert!(self.disk.try_read().is_err());
                    repair::repair(&self.disk.config).unwrap().unwrap();
                    let repaired = self.disk.document().unwrap();
                    assert_eq!(repaired.flags, state.document.flags);
                    assert_eq!(repaired.revision, state.document.revision);
                }
            }
        }
        self.disk
            .check(&self.acknowledged, &format!("after {event:?}"));
    }

    /// Puts the newest record into the history, as time would.
    fn make_sure_of_history(&self) {
        let state = self.disk.try_read().unwrap();
        let writer = super::files::Writer::new("test", &self.disk.config).unwrap();
        drop(writer.settle(state.as_ref()).unwrap());
    }

    fn edit(&self, before: Option<State>, owner: &str) {
        let Some(before) = before else {
            return;
        };
        self.disk.edit(owner);
        let after = self.disk.try_read().unwrap().unwrap();
        let base = match before.is_edited() {
            true => before.document.revision.number() - 1,
            false => before.document.revision.number(),
        };
        for definition in after.document.flags.values() {
            assert_eq!(definition.owner.as_deref(), Some(owner));
        }
        let changed = !before.is_edited()
            && !KeyChange::between(&before.document.flags, &after.document.flags).is_empty();
        let number = after.document.revision.number();
        if changed {
            assert_eq!(number, base + 1);
            assert!(after.is_edited());
        } else {
            assert!(number == base || number == base + 1);
        }
    }

    fn write_flags(&self, flags: &BTreeMap<FlagKey, Definition>) {
        let text = fs::read_to_string(&self.disk.files.document).unwrap();
        let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
        document["flags"] = serde_json::to_value(flags).unwrap();
        fs::write(&self.disk.files.document, document.to_string()).unwrap();
    }
}

proptest! {
    // A case is slow: it waits for the disk. `PROPTEST_CASES` still scales it.
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases / 4,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_happens_every_acknowledged_change_is_there_once(
        events in proptest::collection::vec(any_event(), 1..14)
    ) {
        let mut model = Model { disk: Disk::new(), acknowledged: Vec::new(), commits: 0 };
        for event in &events {
            model.meet(event);
        }
        model.meet(&Event::Commit);
    }
}
