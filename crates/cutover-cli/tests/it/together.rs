//! Many processes and hand edits on one store.

use std::collections::BTreeSet;

use crate::harness::{Home, f};

#[test]
fn changes_of_processes_at_once_are_all_kept_without_gaps() {
    const PROCESSES: u32 = 4;
    const CHANGES: u32 = 15;
    let home = Home::with_flag();
    std::thread::scope(|scope| {
        for process in 0..PROCESSES {
            let home = &home;
            scope.spawn(move || {
                for change in 0..CHANGES {
                    let reason = format!("{process}-{change}");
                    let share = (change + 1).to_string();
                    let arguments = ["flag", "rollout", "f", &share, "--yes", "--reason", &reason];
                    home.done(&arguments);
                }
            });
        }
    });
    let history = home.json(&["flag", "history", "-n", "1000"])["history"].clone();
    let records = history.as_array().unwrap();
    let made = u64::from(PROCESSES * CHANGES);
    let revisions: Vec<_> = records
        .iter()
        .filter_map(|record| record["revision"].as_u64())
        .collect();
    assert_eq!(revisions, (1..=made + 1).rev().collect::<Vec<_>>());
    let reasons: BTreeSet<_> = records
        .iter()
        .filter_map(|record| record["reason"].as_str())
        .collect();
    assert_eq!(
        reasons.len(),
        (PROCESSES * CHANGES) as usize,
        "each is there once"
    );
}

#[test]
fn an_edit_by_hand_becomes_a_revision() {
    let home = Home::with_flag();
    home.done(&["flag", "rollout", "f", "5", "--yes"]);
    let file = home.path().join("flags.json");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("\"enabled\"", "\"killed\"", 1)).unwrap();
    assert_eq!(f(&home)["state"], "killed");
    home.done(&["flag", "rollout", "f", "6", "--yes"]);
    let history = home.json(&["flag", "history", "-n", "2"])["history"].clone();
    assert_eq!(
        (&history[0]["revision"], &history[1]["revision"]),
        (&4.into(), &3.into())
    );
    assert_eq!(history[1]["actor"], "external");
    home.done(&["flag", "undo", "f", "--to", "2", "--yes"]);
    assert_eq!(f(&home)["state"], "enabled");
}
