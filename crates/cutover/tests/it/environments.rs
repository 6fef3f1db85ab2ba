//! A program in an environment reads what the command line keeps there.

use std::path::Path;
use std::sync::Arc;

use cutover::domain::flags::Definition;
use cutover::file::FileFlagStore;
use cutover::ports::flags::FlagStore;
use cutover::prelude::{Change, Home, Live, Request};
use cutover::{HomeError, HomeOptions};
use pollster::block_on;

fn create(home: &Home, key: &str) {
    let change = Change::Create {
        key: key.parse().unwrap(),
        definition: Box::new(Definition::boolean()),
    };
    block_on(home.flags().apply(&Request::by("alice").change(change))).unwrap();
}

fn keys(live: &Live) -> Vec<String> {
    let document = live.document();
    document.flags.keys().map(ToString::to_string).collect()
}

#[test]
fn an_environment_has_flags_comparisons_and_metrics_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str| HomeOptions::new(folder.path()).environment(name).open();
    let none = Home::open(folder.path()).unwrap();
    let (staging, other) = (open("staging").unwrap(), open("eu-1").unwrap());
    create(&none, "of_none");
    create(&staging, "of_staging");
    assert_eq!(keys(staging.live()), ["of_staging"]);
    assert_eq!(keys(none.live()), ["of_none"]);
    assert!(keys(other.live()).is_empty());
    let inside = folder.path().join("environments/staging");
    let stored = FileFlagStore::open(&inside);
    assert_eq!(stored.path(), inside.join("flags.json"));
    let stored = block_on(stored.load()).unwrap().unwrap();
    assert_eq!(stored, *staging.live().document());
    assert!(inside.join("metrics").exists());
    assert_eq!(staging.path(), folder.path(), "the home stays the home");
}

#[test]
fn a_store_that_is_given_stays_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = folder.path().join("elsewhere");
    let home = HomeOptions::new(folder.path())
        .environment("staging")
        .flag_store(Arc::new(FileFlagStore::open(&elsewhere)))
        .open()
        .unwrap();
    create(&home, "a");
    assert!(elsewhere.join("flags.json").exists());
}

#[test]
fn no_name_leads_out_of_the_home() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["", "..", "../production", "Production", "a/b"] {
        let opened = HomeOptions::new(folder.path()).environment(name).open();
        let error = opened.unwrap_err();
        assert!(
            matches!(&error, HomeError::Environment(it) if it == name),
            "{error}"
        );
        assert!(
            error
                .to_string()
                .contains("is no environment: an environment is named")
        );
    }
    let made = Path::read_dir(folder.path()).unwrap().count();
    assert_eq!(made, 0, "nothing is made");
}

#[cfg(feature = "sqlite")]
#[test]
fn an_environment_is_a_row_of_a_database() {
    use cutover::sqlite::{SqliteFlagConfig, SqliteFlagStore};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flags.db");
    let options = || HomeOptions::new(folder.path()).sqlite(&path);
    let none = options().open().unwrap();
    // In whatever order they are named.
    let staging = HomeOptions::new(folder.path())
        .environment("staging")
        .sqlite(&path);
    let staging = staging.open().unwrap();
    create(&none, "of_none");
    create(&staging, "of_staging");
    assert_eq!(
        keys(options().environment("staging").open().unwrap().live()),
        ["of_staging"]
    );
    for (environment, key) in [("default", "of_none"), ("staging", "of_staging")] {
        let row = SqliteFlagStore::with_config(SqliteFlagConfig {
            environment: environment.to_owned(),
            ..SqliteFlagConfig::new(&path)
        });
        let stored = block_on(row.load()).unwrap().unwrap();
        assert!(stored.flags.contains_key(key), "{environment}");
        assert_eq!(stored.flags.len(), 1);
    }
}
