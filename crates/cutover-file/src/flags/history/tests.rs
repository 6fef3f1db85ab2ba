use std::fs;

use super::*;

fn record(revision: u64, actor_length: usize) -> ChangeRecord {
    ChangeRecord {
        revision: Revision::new(revision),
        time: jiff::Timestamp::UNIX_EPOCH,
        actor: "a".repeat(actor_length),
        reason: None,
        changes: Vec::new(),
        unknown: Default::default(),
    }
}

fn line(revision: u64, actor_length: usize) -> String {
    sealed::seal(&record(revision, actor_length))
        .unwrap()
        .get()
        .to_owned()
        + "\n"
}

fn revisions(text: &[u8], before: Option<u64>) -> Vec<u64> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history");
    fs::write(&path, text).unwrap();
    let history = History::open("test", &path).unwrap().unwrap();
    history
        .records(before.map(Revision::new))
        .unwrap()
        .map(|record| record.unwrap().revision.number())
        .collect()
}

#[test]
fn records_come_newest_first_across_block_borders() {
    // Lengths around the block sizes, and one record far longer than a block.
    let lengths = [1, 8 << 10, 7, (8 << 10) - 100, 700_000, 3, 16 << 10, 1];
    let text: String = lengths
        .iter()
        .zip(1..)
        .map(|(length, revision)| line(revision, *length))
        .collect();
    assert_eq!(revisions(text.as_bytes(), None), [8, 7, 6, 5, 4, 3, 2, 1]);
}

#[test]
fn broken_lines_are_left_out_and_the_rest_is_kept() {
    let good = [line(1, 5), line(2, 5), line(3, 5)];
    let wrong_sum = line(9, 5).replace("aaaaa", "aaaab");
    let text = format!(
        "\n{}garbage\n{}\0\0\0\0\n{wrong_sum}{}{{\"sum\":\"torn",
        good[0], good[1], good[2]
    );
    assert_eq!(revisions(text.as_bytes(), None), [3, 2, 1]);
    assert_eq!(revisions(b"", None), [0; 0]);
    assert_eq!(revisions(b"\n\n\n", None), [0; 0]);
    assert_eq!(revisions(&[0xff; 100_000], None), [0; 0]);
}

#[test]
fn a_record_whose_line_break_was_lost_counts() {
    let text = line(1, 1) + line(2, 1).trim_end();
    assert_eq!(revisions(text.as_bytes(), None), [2, 1]);
}

#[test]
fn any_revision_is_found_by_halving() {
    let mut text = String::new();
    for revision in 1..=3000 {
        text += &line(revision, (revision % 97) as usize);
        if revision % 50 == 0 {
            text += &"garbage ".repeat(200);
            text += "\n";
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history");
    fs::write(&path, &text).unwrap();
    let history = History::open("test", &path).unwrap().unwrap();
    for before in [1, 2, 500, 1234, 2999, 3000, 3001, 9000] {
        let end = history.end_of(Revision::new(before)).unwrap();
        let behind: Vec<_> = history
            .entries(end)
            .filter_map(|entry| entry.unwrap().record.ok())
            .map(|record| record.revision.number())
            .collect();
        let newest = (before - 1).min(3000);
        assert!(
            behind.contains(&newest) || newest == 0,
            "{before}: {newest} is cut off"
        );
        let read_too_many = behind.iter().filter(|revision| **revision > newest).count();
        assert!(
            read_too_many < 600,
            "{before}: {read_too_many} read in vain"
        );
        assert_eq!(behind.last().copied().unwrap_or(1), 1);
    }
    assert_eq!(history.oldest().unwrap(), Some(record(1, 1)));
}

#[test]
fn a_torn_line_of_any_length_is_cut_and_nothing_else() {
    let whole = line(1, 3) + &line(2, 3);
    let next = line(3, 3);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history");
    for torn in 0..=next.len() {
        fs::write(&path, format!("{whole}{}", &next[..torn])).unwrap();
        let mut writer = HistoryWriter::open("test", &path).unwrap();
        writer.append(&record(3, 3), next.trim_end()).unwrap();
        writer.append(&record(3, 3), next.trim_end()).unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            format!("{whole}{next}"),
            "{torn}"
        );
    }
}

#[test]
fn a_torn_line_that_a_writer_cuts_off_while_somebody_reads_is_no_trouble() {
    let whole = line(1, 3) + &line(2, 3);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history");
    for torn_length in [1, 300, 8 << 10, 20 << 10, 300 << 10] {
        let torn = &line(3, torn_length)[..torn_length];
        fs::write(&path, format!("{whole}{torn}")).unwrap();
        let early = History::open("test", &path).unwrap().unwrap();
        let mut begun = early.records(None).unwrap();
        let late = History::open("test", &path).unwrap().unwrap();
        assert_eq!(begun.next().unwrap().unwrap(), record(2, 3));
        let mut writer = HistoryWriter::open("test", &path).unwrap();
        assert_eq!(late.newest().unwrap(), Some(record(2, 3)), "{torn_length}");
        writer.append(&record(3, 9), line(3, 9).trim_end()).unwrap();
        assert!(late.newest().is_ok(), "{torn_length}");
        assert_eq!(begun.next().unwrap().unwrap(), record(1, 3));
        assert!(begun.next().is_none());
    }
}
