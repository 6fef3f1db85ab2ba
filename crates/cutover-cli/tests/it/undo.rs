//! The way back: whose changes it takes back, and what has to be back before.

use crate::harness::Home;

#[test]
fn a_return_tells_whose_revisions_it_takes_back() {
    let home = Home::with_flag();
    let roll_out = |share: &str, actor: &str| {
        home.done(&["flag", "rollout", "f", share, "--actor", actor, "--yes"]);
    };
    let told = |to: &str| {
        let shown = home.run(&["flag", "undo", "--to", to, "--actor", "ann", "--dry-run"]);
        let one = home.run(&[
            "flag",
            "undo",
            "f",
            "--to",
            to,
            "--actor",
            "ann",
            "--dry-run",
        ]);
        assert_eq!(shown.err, one.err);
        shown.err
    };
    roll_out("5", "ann");
    assert!(!told("1").contains("takes back"), "her own last one");
    roll_out("6", "bob");
    assert!(
        told("2").contains("takes back revision 3 by bob\n"),
        "{}",
        told("2")
    );
    roll_out("7", "bob");
    assert!(
        told("1").contains("takes back 3 revisions: 2 by ann, 3 and 4 by bob\n"),
        "{}",
        told("1")
    );
    roll_out("8", "bob");
    assert!(
        told("1").contains("2 by ann, 3 to 5 by bob\n"),
        "{}",
        told("1")
    );
    let done = home.run(&["flag", "undo", "--to", "1", "--yes"]);
    assert!(
        done.err.contains("warning: takes back 4 revisions"),
        "{done}"
    );
}

#[test]
fn what_a_deleted_flag_requires_is_to_be_back_before_it() {
    let home = Home::with_flag();
    home.done(&["flag", "create", "part", "--requires", "f", "--yes"]);
    home.done(&["flag", "delete", "part", "--yes"]);
    home.done(&["flag", "delete", "f", "--yes"]);
    let refused = home.run(&["flag", "undo", "part", "--yes"]);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(
        refused.err.contains("first `cutover flag undo f`"),
        "{refused}"
    );
    home.done(&["flag", "undo", "f", "--yes"]);
    home.done(&["flag", "undo", "part", "--yes"]);
}
