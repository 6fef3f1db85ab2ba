//! The demonstration, end to end, on a few of the datasets.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cutover::domain::flags::{FlagKey, State};
use cutover::ports::comparison::{ComparisonStore, RecordQuery};
use cutover::ports::flags::{FlagStore, HistoryQuery};

use crate::data;

/// A folder with some of the datasets: enough for every chapter to have something to tell.
fn some_data() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "debian-releases.csv",
        "earthquakes.json",
        "gapminder.csv",
        "language-subtags.csv",
        "penguins-raw.csv",
        "unicode-characters.csv",
    ] {
        std::fs::copy(data(name), folder.path().join(name)).unwrap();
    }
    folder
}

fn demo(home: &Path, data: &Path, report: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mdm"));
    command
        .arg("demo")
        .arg("--home")
        .arg(home)
        .arg("--data")
        .arg(data);
    // Nobody's `cutover` program: what this crate builds has to be enough.
    command.env("CUTOVER_BIN", home.join("no-such-program"));
    if let Some(report) = report {
        command.arg("--report").arg(report);
    }
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{}\n{text}\n{problem}",
        output.status
    );
    assert_eq!(problem, "");
    text
}

#[test]
fn it_tells_what_really_happened() {
    let (folder, data) = (tempfile::tempdir().unwrap(), some_data());
    let home = folder.path().join("home");
    let report = folder.path().join("report.html");
    let story = text(&demo(&home, data.path(), Some(&report)));
    for part in [
        "Legacy only",
        "$.columns.*.std",
        "Release 2",
        "100 %",
        "dataset.register",
    ] {
        assert!(story.contains(part), "{part}\n{story}");
    }
    assert!(
        !story.contains('\u{1b}'),
        "no colours where there is no terminal"
    );

    // The story is over, and the stores say the same.
    let flags = cutover::file::FileFlagStore::open(&home);
    let key: FlagKey = "use_new_registrar".parse().unwrap();
    let document = pollster::block_on(flags.load()).unwrap().unwrap();
    let flag = &document.flags[&key];
    assert_eq!(flag.state, State::Enabled);
    let history = pollster::block_on(flags.history(&HistoryQuery::newest(100)))
        .unwrap()
        .records;
    let reasons: Vec<&str> = history
        .iter()
        .filter_map(|record| record.reason.as_deref())
        .collect();
    assert!(
        reasons.contains(&"modern fails on every call"),
        "{reasons:?}"
    );
    assert_eq!(history.first().unwrap().actor, "operator");

    let comparisons = cutover::file::FileComparisonStore::open(home.join("comparisons"));
    let query = RecordQuery::default().limit(1);
    assert_eq!(
        pollster::block_on(comparisons.records(&query))
            .unwrap()
            .items
            .len(),
        1
    );

    let html = std::fs::read_to_string(report).unwrap();
    assert!(html.contains("dataset.profile"));
    assert!(PathBuf::from(&home).join("rules.json").exists());
}

#[test]
fn it_can_be_played_again_in_its_own_folder_only() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::copy(crate::data("iris.csv"), data.path().join("iris.csv")).unwrap();
    let home = folder.path().join("home");
    let first = text(&demo(&home, data.path(), None));
    let second = text(&demo(&home, data.path(), None));
    let chapters = |story: &str| -> Vec<String> {
        let numbered = |line: &&str| {
            line.get(..2)
                .is_some_and(|n| n.trim().parse::<u8>().is_ok())
        };
        story.lines().filter(numbered).map(str::to_owned).collect()
    };
    assert_eq!(chapters(&first).len(), 12, "{first}");
    assert_eq!(chapters(&first), chapters(&second));

    std::fs::write(folder.path().join("precious.txt"), "mine").unwrap();
    let refused = demo(folder.path(), data.path(), None);
    assert_eq!(refused.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("name an empty folder"));
    assert!(folder.path().join("precious.txt").exists());
}
