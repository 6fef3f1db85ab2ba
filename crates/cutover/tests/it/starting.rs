//! A program starts while `flags.json` cannot be read.

use std::fs;

use cutover::HomeOptions;
use cutover::domain::flags::FlagDocument;
use cutover::flags::Source;
use cutover::prelude::{Context, Definition, Home};

#[test]
fn without_readable_flags_it_starts_with_its_defaults_or_says_how() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("flags.json"), "{ nonsense").unwrap();
    let error = Home::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("flags.json"), "{error}");
    assert!(error.contains("HomeOptions::defaults"), "{error}");

    let mut defaults = FlagDocument::empty("2027-01-01T00:00:00Z".parse().unwrap());
    let on = Definition {
        default: "on".to_owned(),
        ..Definition::boolean()
    };
    defaults.flags.insert("a".parse().unwrap(), on);
    let home = HomeOptions::new(folder.path()).defaults(defaults);
    let home = home.open().unwrap();
    assert!(home.live().flag("a").is_on(&Context::anonymous()));
    let status = home.live().status();
    assert_eq!(status.source, Source::Defaults);
    assert!(status.trouble.unwrap().text.contains("flags.json"));
}
