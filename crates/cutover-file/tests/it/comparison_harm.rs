//! What the file store promises when it is harmed: torn and foreign files, killed and competing
//! processes, locks that nobody gives back.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use cutover_domain::comparison::{ComparisonRecord, RecordId, Run};
use cutover_file::comparison::Durability;
use cutover_file::{FileComparisonConfig, FileComparisonStore};
use cutover_ports::PortErrorKind;
use cutover_ports::comparison::{ComparisonStore, Page, RecordQuery, Retention, RunQuery};
use cutover_testkit::comparison::processes::{
    self, at_once_lose_and_repeat_nothing, killed_lose_nothing_that_was_acknowledged,
};
use cutover_testkit::comparison::{at_minute, sample_record, sample_run};
use pollster::block_on;

struct Home {
    dir: tempfile::TempDir,
    store: FileComparisonStore,
    run: Run,
}

impl Home {
    /// A store with the run `r`.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = FileComparisonStore::open(dir.path());
        let run = sample_run("r", 0);
        block_on(store.create_run(&run)).unwrap();
        Self { dir, store, run }
    }

    fn run_dir(&self) -> PathBuf {
        self.dir.path().join("runs/r")
    }

    fn segment(&self) -> PathBuf {
        self.run_dir().join("records-000001.jsonl")
    }

    fn append(&self, ids: &[&str]) {
        let record = |id: &&str| sample_record(&self.run, id, 1);
        block_on(
            self.store
                .append(&ids.iter().map(record).collect::<Vec<_>>()),
        )
        .unwrap();
    }

    fn page(&self) -> Page<ComparisonRecord> {
        block_on(self.store.records(&RecordQuery::default().limit(10_000))).unwrap()
    }

    fn ids(&self) -> Vec<String> {
        ids(&self.page())
    }

    /// Adds raw bytes to the segment, as a writer that is killed or a careless hand would.
    fn scribble(&self, bytes: &[u8]) {
        OpenOptions::new()
            .append(true)
            .open(self.segment())
            .unwrap()
            .write_all(bytes)
            .unwrap();
    }
}

fn ids(page: &Page<ComparisonRecord>) -> Vec<String> {
    page.items
        .iter()
        .map(|record| record.id.to_string())
        .collect()
}

#[test]
fn a_torn_last_line_is_reported_and_neither_loses_what_is_before_nor_what_comes_after() {
    let home = Home::new();
    home.append(&["a", "b"]);
    let whole = fs::read(home.segment()).unwrap();
    let line = &whole[..whole.len() / 2];
    for cut in [1, line.len() / 2, line.len() - 2] {
        fs::write(home.segment(), &whole).unwrap();
        home.scribble(&line[..cut]);
        let page = home.page();
        assert_eq!(ids(&page), ["b", "a"], "cut at {cut}");
        assert_eq!(page.unreadable.len(), 1);
        assert!(
            page.unreadable[0]
                .location
                .ends_with("records-000001.jsonl:3")
        );
        assert!(
            page.unreadable[0].problem.contains("incomplete"),
            "{}",
            page.unreadable[0]
        );

        // Another process goes on.
        let other = FileComparisonStore::open(home.dir.path());
        block_on(other.append(&[sample_record(&home.run, "c", 2)])).unwrap();
        let page = home.page();
        assert_eq!(ids(&page), ["c", "b", "a"], "cut at {cut}");
        assert_eq!(page.unreadable.len(), 1, "the torn line stays and is named");
    }
}

#[test]
fn a_record_that_only_lacks_its_line_end_counts_once() {
    let home = Home::new();
    home.append(&["a", "b"]);
    let whole = fs::read(home.segment()).unwrap();
    fs::write(home.segment(), &whole[..whole.len() - 1]).unwrap();
    let other = FileComparisonStore::open(home.dir.path());
    assert_eq!(home.ids(), ["b", "a"]);
    // Nobody was told that `b` is saved, but it is, so there must not be a second one.
    let error = block_on(other.append(&[sample_record(&home.run, "b", 2)])).unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::AlreadyExists);
    block_on(other.append(&[sample_record(&home.run, "c", 2)])).unwrap();
    assert_eq!(home.ids(), ["c", "b", "a"]);
    assert_eq!(home.page().unreadable, []);
}

#[test]
fn garbage_is_named_line_by_line_and_everything_else_is_read() {
    let home = Home::new();
    home.append(&["a"]);
    home.scribble(b"not json\n\n\0\0\0\0\n{\"id\":\"x\"}\n\xff\xfe\n");
    home.append(&["b"]);
    let mut foreign = sample_record(&sample_run("another", 0), "y", 1);
    home.scribble(format!("{}\n", serde_json::to_string(&foreign).unwrap()).as_bytes());
    foreign.run = home.run.id.clone();
    let newer = serde_json::to_string(&foreign)
        .unwrap()
        .replace("\"schema\":1", "\"schema\":2");
    home.scribble(format!("{newer}\n").as_bytes());
    home.append(&["c"]);

    // A question that passes over most lines without reading them passes over no damage that a cut
    // made.
    let mut query = RecordQuery::of_run(home.run.id.clone());
    query.id = Some(RecordId::new("b").unwrap());
    let found = block_on(home.store.records(&query)).unwrap();
    assert_eq!(ids(&found), ["b"]);
    assert!(found.unreadable.len() >= 3, "{:?}", found.unreadable);

    let page = home.page();
    assert_eq!(ids(&page), ["c", "b", "a"]);
    let mut damage: Vec<String> = page
        .unreadable
        .iter()
        .map(|damage| {
            let line = damage.location.rsplit(':').next().unwrap();
            format!("{line}: {}", damage.problem)
        })
        .collect();
    damage.reverse();
    let starts = [
        "2: ",
        "4: ",
        "5: missing field",
        "6: ",
        "8: it is a record of run another",
    ];
    for (damage, start) in damage.iter().zip(starts) {
        assert!(
            damage.starts_with(start),
            "{damage} should start with {start}"
        );
    }
    assert_eq!(damage.len(), 6, "{damage:#?}");
    assert!(damage[5].contains("update cutover"), "{}", damage[5]);
}

#[test]
fn much_garbage_costs_little_memory() {
    let home = Home::new();
    home.append(&["a"]);
    home.scribble("{\n".repeat(5000).as_bytes());
    home.append(&["b"]);
    let page = home.page();
    assert_eq!(ids(&page), ["b", "a"]);
    assert_eq!(page.unreadable.len(), 101);
    assert!(
        page.unreadable[100].problem.contains("4900 more lines"),
        "{}",
        page.unreadable[100]
    );
}

#[test]
fn a_header_that_cannot_be_read_hides_neither_records_nor_other_runs() {
    let home = Home::new();
    home.append(&["a"]);
    let other = sample_run("other", 5);
    block_on(home.store.create_run(&other)).unwrap();
    let header = home.run_dir().join("run.json");
    for text in ["", "{", "[]", "{\"schema\": 99, \"id\": \"r\"}", "\0\0\0"] {
        fs::write(&header, text).unwrap();
        let error = block_on(home.store.run(&home.run.id)).unwrap_err();
        assert_eq!(error.kind(), PortErrorKind::Corrupt);
        assert!(error.to_string().contains("run.json:"), "{error}");

        let runs = block_on(home.store.runs(&RunQuery::default())).unwrap();
        assert_eq!(runs.items, std::slice::from_ref(&other));
        assert_eq!(runs.unreadable.len(), 1, "{text:?}");
        assert_eq!(home.ids(), ["a"]);
        assert_eq!(home.page().unreadable.len(), 1);
        let of_run = RecordQuery::of_run(home.run.id.clone());
        assert_eq!(
            block_on(home.store.records(&of_run)).unwrap().items.len(),
            1
        );
        // Nothing is overwritten, not even this.
        let error = block_on(home.store.create_run(&home.run)).unwrap_err();
        assert_eq!(error.kind(), PortErrorKind::AlreadyExists);
        let retention = Retention {
            max_age: Some(Duration::ZERO),
            ..Retention::default()
        };
        let pruned = block_on(home.store.prune(&retention, at_minute(0))).unwrap();
        assert_eq!(pruned.runs, 0);
    }
}

#[test]
fn records_whose_header_is_gone_are_named() {
    let home = Home::new();
    home.append(&["a"]);
    fs::remove_file(home.run_dir().join("run.json")).unwrap();
    let runs = block_on(home.store.runs(&RunQuery::default())).unwrap();
    assert!(runs.items.is_empty());
    let [lost] = &runs.unreadable[..] else {
        panic!("{runs:?}");
    };
    assert!(lost.to_string().contains("run.json"), "{lost}");
    assert!(lost.to_string().contains("it is gone"), "{lost}");
}

#[test]
fn a_run_whose_creation_was_interrupted_can_be_created() {
    let home = Home::new();
    let run = sample_run("half", 1);
    let half = home.dir.path().join("runs/half");
    fs::create_dir(&half).unwrap();
    fs::write(half.join("unfinished"), "{\"sch").unwrap();
    fs::write(half.join("lock"), "").unwrap();
    assert_eq!(block_on(home.store.run(&run.id)).unwrap(), None);
    block_on(home.store.create_run(&run)).unwrap();
    assert_eq!(block_on(home.store.run(&run.id)).unwrap(), Some(run));
}

#[test]
fn foreign_files_and_hostile_names_are_left_alone() {
    let home = Home::new();
    home.append(&["a"]);
    let runs = home.dir.path().join("runs");
    fs::create_dir(runs.join("UPPER")).unwrap();
    fs::create_dir(runs.join("a b")).unwrap();
    fs::write(runs.join("file"), "x").unwrap();
    fs::write(home.run_dir().join("records-evil.jsonl"), "x").unwrap();
    fs::write(home.run_dir().join("notes.txt"), "x").unwrap();
    assert_eq!(home.ids(), ["a"]);
    let listed = block_on(home.store.runs(&RunQuery::default()));
    // `file` is a name a run may have, but it is no directory.
    assert_eq!(listed.unwrap().items.len(), 1);
    let retention = Retention {
        max_records: Some(0),
        ..Retention::default()
    };
    assert_eq!(
        block_on(home.store.prune(&retention, at_minute(9)))
            .unwrap()
            .records,
        1
    );
    assert!(home.run_dir().join("notes.txt").exists());
    assert!(home.run_dir().join("records-evil.jsonl").exists());
}

#[test]
fn segments_are_begun_when_one_is_full_and_never_written_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = FileComparisonStore::with_config(FileComparisonConfig {
        segment_bytes: 2000,
        durability: Durability::Power,
        ..FileComparisonConfig::new(dir.path())
    });
    let run = sample_run("r", 0);
    block_on(store.create_run(&run)).unwrap();
    for number in 0..20 {
        block_on(store.append(&[sample_record(&run, &format!("c{number:02}"), 1)])).unwrap();
    }
    let mut sizes: Vec<(String, u64)> = fs::read_dir(dir.path().join("runs/r"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, entry.metadata().unwrap().len())
        })
        .filter(|(name, _)| name.starts_with("records-"))
        .collect();
    sizes.sort();
    assert!(sizes.len() > 3, "{sizes:?}");
    let (last, full) = sizes.split_last().unwrap();
    assert!(
        full.iter().all(|(_, size)| (2000..3000).contains(size)),
        "{sizes:?}"
    );
    assert!(last.1 > 0);
}

#[test]
fn a_record_too_long_for_the_store_is_refused_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let store = FileComparisonStore::with_config(FileComparisonConfig {
        max_record_bytes: 1000,
        ..FileComparisonConfig::new(dir.path())
    });
    let run = sample_run("r", 0);
    block_on(store.create_run(&run)).unwrap();
    let mut record = sample_record(&run, "long", 1);
    record.case = Some("x".repeat(2000));
    let error = block_on(store.append(&[record])).unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::InvalidInput);
    assert!(error.to_string().contains("record long"), "{error}");
    assert_eq!(
        block_on(store.records(&RecordQuery::default()))
            .unwrap()
            .items,
        []
    );
}

#[test]
#[cfg(unix)]
fn everything_new_is_private_to_its_owner() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("comparisons");
    let store = FileComparisonStore::open(&root);
    let run = sample_run("r", 0);
    block_on(store.create_run(&run)).unwrap();
    block_on(store.append(&[sample_record(&run, "a", 1), sample_record(&run, "b", 2)])).unwrap();
    let retention = Retention {
        max_records: Some(1),
        ..Retention::default()
    };
    block_on(store.prune(&retention, at_minute(9))).unwrap();
    let mut seen = 0;
    let mut open = vec![root];
    while let Some(path) = open.pop() {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        if path.is_dir() {
            assert_eq!(mode, 0o700, "{}", path.display());
            open.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else {
            assert_eq!(mode, 0o600, "{}", path.display());
        }
        seen += 1;
    }
    assert_eq!(seen, 7, "the directories, header, locks and segment");
}

#[test]
fn a_lock_that_is_not_given_back_is_an_error_and_reading_goes_on() {
    let home = Home::new();
    home.append(&["a"]);
    let holder = File::open(home.run_dir().join("lock")).unwrap();
    holder.lock().unwrap();
    let store = FileComparisonStore::with_config(FileComparisonConfig {
        lock_timeout: Duration::from_millis(20),
        ..FileComparisonConfig::new(home.dir.path())
    });
    let record = [sample_record(&home.run, "b", 1)];
    let error = block_on(store.append(&record)).unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::Timeout);
    assert!(error.is_retryable());
    assert_eq!(home.ids(), ["a"]);
    drop(holder);
    block_on(store.append(&record)).unwrap();
    assert_eq!(home.ids(), ["b", "a"]);
}

#[test]
fn a_store_that_went_away_is_an_error_and_the_run_can_be_made_again() {
    let home = Home::new();
    home.append(&["a"]);
    fs::remove_dir_all(home.dir.path().join("runs")).unwrap();
    let record = [sample_record(&home.run, "b", 1)];
    let error = block_on(home.store.append(&record)).unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::InvalidInput);
    assert_eq!(home.ids(), [""; 0]);
    block_on(home.store.create_run(&home.run)).unwrap();
    home.append(&["a", "b"]);
    assert_eq!(home.ids(), ["b", "a"]);
}

#[test]
fn an_interrupted_cut_is_finished_by_the_next_one() {
    let home = Home::new();
    home.append(&["a", "b", "c"]);
    let whole = fs::read(home.segment()).unwrap();
    let line = whole.len() / 3;
    // What a crash leaves between the new name and the removal of the old one.
    fs::write(
        home.run_dir().join(format!("records-000001.{line}.jsonl")),
        &whole[line..],
    )
    .unwrap();
    assert_eq!(home.ids(), ["c", "b"]);
    home.append(&["d"]);
    assert_eq!(home.ids(), ["d", "c", "b"]);
    let retention = Retention {
        max_records: Some(1),
        ..Retention::default()
    };
    assert_eq!(
        block_on(home.store.prune(&retention, at_minute(9)))
            .unwrap()
            .records,
        2
    );
    assert_eq!(home.ids(), ["d"]);
    assert!(!home.segment().exists(), "the long one is gone");
}

#[test]
fn cursors_stay_true_when_retention_cuts_under_them() {
    let home = Home::new();
    home.append(&["a", "b", "c", "d", "e", "f"]);
    let query = RecordQuery::default().limit(2);
    let first = block_on(home.store.records(&query)).unwrap();
    assert_eq!(ids(&first), ["f", "e"]);
    let retention = Retention {
        max_records: Some(3),
        ..Retention::default()
    };
    block_on(home.store.prune(&retention, at_minute(9))).unwrap();
    let rest = RecordQuery {
        after: first.next,
        ..query
    };
    let second = block_on(home.store.records(&rest)).unwrap();
    assert_eq!(ids(&second), ["d"]);
    assert_eq!(second.unreadable, []);
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_symbolic_link() {
    let home = Home::new();
    home.append(&["a"]);
    for path in [home.segment(), home.run_dir().join("lock")] {
        let elsewhere = tempfile::tempdir().unwrap();
        let victim = elsewhere.path().join("victim");
        fs::rename(&path, &victim).unwrap();
        let text = fs::read(&victim).unwrap();
        std::os::unix::fs::symlink(&victim, &path).unwrap();
        let record = sample_record(&home.run, "b", 1);
        let error = block_on(home.store.append(&[record])).unwrap_err();
        assert_eq!(error.kind(), PortErrorKind::ReadOnly);
        assert!(error.to_string().contains("remove the link"), "{error}");
        assert_eq!(fs::read(&victim).unwrap(), text);
        fs::rename(&victim, &path).unwrap();
    }
    home.append(&["b"]);
    assert_eq!(home.ids(), ["b", "a"]);
}

// Several processes, one of them killed. The test binary plays the others itself.

const WRITER: &str = "comparison_harm::writer";

#[test]
#[ignore = "a child process of the tests below"]
fn writer() {
    processes::append(&FileComparisonStore::with_config(FileComparisonConfig {
        segment_bytes: 50_000,
        ..FileComparisonConfig::new(processes::place())
    }));
}

#[test]
fn processes_and_threads_appending_at_once_lose_and_repeat_nothing() {
    let home = Home::new();
    at_once_lose_and_repeat_nothing(WRITER, home.dir.path(), &home.store, 150);
}

#[test]
fn a_killed_writer_loses_nothing_that_was_acknowledged() {
    let home = Home::new();
    let rounds = cutover_testkit::rounds(12);
    let unreadable =
        killed_lose_nothing_that_was_acknowledged(WRITER, home.dir.path(), &home.store, rounds);
    assert!(unreadable <= rounds as usize, "{unreadable} torn lines");
}
