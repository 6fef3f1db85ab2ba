//! An auditor's tool over cutover's files: who changed which flag since a day, without any of the
//! use cases.

use std::path::Path;

use cutover_file::FileFlagStore;
use cutover_ports::PortError;
use cutover_ports::flags::{FlagStore, HistoryQuery};
use jiff::Timestamp;

/// One line per change since `day`, oldest first.
pub fn changes_since(folder: &Path, day: Timestamp) -> Result<Vec<String>, PortError> {
    let store = FileFlagStore::open(folder);
    let mut lines = Vec::new();
    let mut query = HistoryQuery::newest(50);
    loop {
        let page = pollster::block_on(store.history(&query))?;
        for record in page.records.iter().take_while(|record| record.time >= day) {
            for change in &record.changes {
                let why = record.reason.as_deref().unwrap_or("no reason given");
                let number = record.revision.number();
                lines.push(format!("{number} {} {}: {why}", record.actor, change.key));
            }
        }
        let is_past = page.records.last().is_none_or(|oldest| oldest.time < day);
        query.before = page.next;
        if is_past || page.next.is_none() {
            lines.reverse();
            return Ok(lines);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cutover_domain::flags::{Change, ChangeRecord, Definition, FlagDocument};
    use cutover_ports::flags::Commit;

    #[test]
    fn changes_of_many_pages_come_in_order_and_old_ones_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileFlagStore::open(folder.path());
        let day = |number: i64| Timestamp::from_second(number * 86_400).unwrap();
        let mut document = FlagDocument::empty(day(0));
        for number in 1..=120 {
            let key = format!("flag-{number}").parse().unwrap();
            let change = Change::Create {
                key,
                definition: Box::new(Definition::boolean()),
            };
            let applied = document.apply(&[change], day(number)).unwrap();
            let commit = Commit {
                expected: document.revision,
                record: ChangeRecord {
                    revision: applied.document.revision,
                    time: day(number),
                    actor: "alice".to_owned(),
                    reason: (number % 2 == 0).then(|| "even".to_owned()),
                    changes: applied.changes,
                    unknown: Default::default(),
                },
                document: applied.document.clone(),
            };
            pollster::block_on(store.commit(commit)).unwrap();
            document = applied.document;
        }
        let lines = changes_since(folder.path(), day(20)).unwrap();
        assert_eq!(lines.len(), 101);
        assert_eq!(lines[0], "20 alice flag-20: even");
        assert_eq!(lines[100], "120 alice flag-120: even");
        assert_eq!(
            changes_since(folder.path(), day(121)).unwrap(),
            Vec::<String>::new()
        );
    }
}
