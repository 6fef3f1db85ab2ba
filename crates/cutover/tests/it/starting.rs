//! A program starts while `flags.json` cannot be read.

use std::fs;
use std::time::Duration;

use cutover::HomeOptions;
use cutover::domain::flags::Change;
use cutover::domain::flags::FlagDocument;
use cutover::flags::Request;
use cutover::flags::Source;
use cutover::prelude::{Context, Definition, Home};

fn turned_on() -> Definition {
    Definition {
        default: "on".to_owned(),
        ..Definition::boolean()
    }
}

#[test]
fn where_the_flags_cannot_be_read_it_starts_with_the_last_good_ones() {
    let folder = tempfile::tempdir().unwrap();
    let flags = folder.path().join("flags.json");
    let change = |key: &str, definition: Definition| {
        let home = Home::open(folder.path()).unwrap();
        let definition = Box::new(definition);
        let create = Change::Create {
            key: key.parse().unwrap(),
            definition,
        };
        pollster::block_on(home.flags().apply(&Request::by("alice").change(create))).unwrap();
    };
    change("a", turned_on());
    change("b", Definition::boolean());
    let good = fs::read(&flags).unwrap();

    // The application embeds the opposite, and knows nothing of what was changed since.
    let mut defaults = FlagDocument::empty("2027-01-01T00:00:00Z".parse().unwrap());
    defaults.flags.insert("b".parse().unwrap(), turned_on());
    for broken in [Some("{ nonsense"), Some(""), None] {
        match broken {
            Some(text) => fs::write(&flags, text).unwrap(),
            None => fs::remove_file(&flags).unwrap(),
        }
        for options in [
            HomeOptions::new(folder.path()),
            HomeOptions::new(folder.path()).defaults(defaults.clone()),
        ] {
            let home = options.open().unwrap();
            let is_on = |key: &str| home.live().flag(key).is_on(&Context::anonymous());
            assert!(is_on("a") && !is_on("b"), "{broken:?}");
            let status = home.live().status();
            assert_eq!(status.source, Source::Store);
            assert_eq!(status.revision.number(), 2);
            assert!(status.trouble.unwrap().text.contains("flags.json"));
        }
        // They are not known to be the newest.
        let stale = HomeOptions::new(folder.path()).max_age(Duration::from_millis(1));
        let stale = stale.open().unwrap();
        while stale.live().status().stale_since.is_none() {
            std::thread::yield_now();
        }
        assert_eq!(stale.live().status().refreshed, None);
        let left = broken.map(|text| text.as_bytes().to_vec());
        assert_eq!(fs::read(&flags).ok(), left, "starting mends nothing");
    }

    // What is mended is in force, and what changes then is heard of.
    let home = Home::open(folder.path()).unwrap();
    fs::write(&flags, &good).unwrap();
    while home.live().status().trouble.is_some() {
        std::thread::yield_now();
    }
    change("c", turned_on());
    let c = home.live().flag("c");
    while !c.is_on(&Context::anonymous()) {
        std::thread::yield_now();
    }
}

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
