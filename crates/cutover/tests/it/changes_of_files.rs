//! Editors, scripts and mounts change the file of the flags; a program is told by its callbacks.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

use cutover::HomeOptions;
use cutover::domain::flags::Definition;
use cutover::file::FileFlagStore;
use cutover::flags::Subscription;
use cutover::prelude::{Change, Home, Keys, Request};
use pollster::block_on;
use tempfile::TempDir;

/// Longer than anything that works takes on a busy machine.
const LONG: Duration = Duration::from_secs(30);

/// So often each way of saving is tried.
const ROUNDS: u32 = 5;

/// A program that follows the flags in a folder, and what its callback was told.
struct Program {
    _home: Home,
    _subscription: Subscription,
    told: Receiver<Told>,
    _folder: TempDir,
}

/// Which flag, and its description before and after.
type Told = (String, Option<String>, Option<String>);

impl Program {
    fn following(flags: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(FileFlagStore::open(flags));
        let home = HomeOptions::new(folder.path())
            .flag_store(store)
            .open()
            .unwrap();
        let (tell, told) = channel();
        let subscription = home.live().on_change(Keys::All, move |change| {
            let described = |flag: Option<&Definition>| flag.and_then(|it| it.description.clone());
            let _ = tell.send((
                change.key.to_string(),
                described(change.before),
                described(change.after),
            ));
        });
        Self {
            _home: home,
            _subscription: subscription.unwrap(),
            told,
            _folder: folder,
        }
    }

    /// Saves the flags again and again, with one of them described by the next number each time:
    /// each time that is told, and nothing else.
    fn is_told_of_each(&self, flags: &Path, save: impl Fn(u32, &str)) {
        let document = flags.join("flags.json");
        for number in 1..=ROUNDS {
            let (before, after) = ((number - 1).to_string(), number.to_string());
            let described = |number: &str| format!("\"description\": \"{number}\"");
            let text = fs::read_to_string(&document).unwrap();
            assert_eq!(text.matches(&described(&before)).count(), 1, "{text}");
            save(
                number,
                &text.replace(&described(&before), &described(&after)),
            );
            let told = self.told.recv_timeout(LONG).expect("a callback in time");
            assert_eq!(told, ("a".to_owned(), Some(before), Some(after)));
            assert_eq!(self.told.try_recv(), Err(TryRecvError::Empty));
        }
    }
}

/// A store with the flags `a`, which is described as 0, and `b`.
fn stored() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::open(folder.path()).unwrap();
    let described = Definition {
        description: Some("0".to_owned()),
        ..Definition::boolean()
    };
    let mut request = Request::by("alice");
    for (key, definition) in [("a", described), ("b", Definition::boolean())] {
        request = request.change(Change::Create {
            key: key.parse().unwrap(),
            definition: Box::new(definition),
        });
    }
    block_on(home.flags().apply(&request)).unwrap();
    folder
}

fn saved_by_an_editor(save: impl Fn(&Path, &str)) {
    let flags = stored();
    let program = Program::following(flags.path());
    program.is_told_of_each(flags.path(), |_, text| {
        save(flags.path(), text);
    });
}

#[test]
fn a_file_that_is_renamed_over_is_told_each_time() {
    saved_by_an_editor(|flags, text| {
        let beside = flags.join(".flags.json.swp");
        fs::write(&beside, text).unwrap();
        fs::rename(beside, flags.join("flags.json")).unwrap();
    });
}

#[test]
fn a_file_that_is_truncated_and_written_is_told_each_time() {
    saved_by_an_editor(|flags, text| {
        let mut file = File::create(flags.join("flags.json")).unwrap();
        let (first, second) = text.as_bytes().split_at(text.len() / 2);
        file.write_all(first).unwrap();
        file.write_all(second).unwrap();
    });
}

#[test]
fn a_file_that_is_moved_away_and_written_anew_is_told_each_time() {
    saved_by_an_editor(|flags, text| {
        let document = flags.join("flags.json");
        fs::rename(&document, flags.join("flags.json~")).unwrap();
        fs::write(document, text).unwrap();
    });
}

/// As Kubernetes mounts a map of configuration: `flags.json` is a link into `..data`, itself a link
/// to a folder that another one replaces in one step.
#[test]
fn a_folder_that_is_swapped_is_told_each_time() {
    let source = stored();
    let text = fs::read_to_string(source.path().join("flags.json")).unwrap();
    let mount = tempfile::tempdir().unwrap();
    let path = |name: &str| mount.path().join(name);
    let swap = |number: u32, text: &str| {
        let version = format!("..{number}");
        fs::create_dir(path(&version)).unwrap();
        fs::write(path(&version).join("flags.json"), text).unwrap();
        symlink(&version, path("..data_tmp")).unwrap();
        fs::rename(path("..data_tmp"), path("..data")).unwrap();
        if let Some(old) = number.checked_sub(1) {
            fs::remove_dir_all(path(&format!("..{old}"))).unwrap();
        }
    };
    swap(0, &text);
    symlink("..data/flags.json", path("flags.json")).unwrap();
    let program = Program::following(mount.path());
    program.is_told_of_each(mount.path(), swap);
}
