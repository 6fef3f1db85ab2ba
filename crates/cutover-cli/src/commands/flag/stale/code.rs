//! Looking through code for the names of flags.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cutover_domain::flags::FlagKey;
use ignore::{DirEntry, WalkBuilder};
use serde::Serialize;

use super::mention::Names;
use crate::exit::Failure;
use crate::output::printable;

/// What is larger is no source file.
const LARGEST: u64 = 16 << 20;

/// How much of a file is looked at to tell text from anything else.
const HEAD: usize = 8 << 10;

/// How much of a line is shown.
const SHOWN: usize = 160;

/// What was found.
#[derive(Default)]
pub(super) struct Code {
    /// The lines that name a flag, in order of file and line.
    pub(super) lines: BTreeMap<FlagKey, Vec<Line>>,
    /// Files and folders that were not read.
    pub(super) skipped: BTreeSet<Skipped>,
}

/// A line that names a flag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Line {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) text: String,
}

/// A file or folder that was not read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Skipped {
    path: Option<String>,
    problem: String,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{path}: {}", self.problem),
            None => f.write_str(&self.problem),
        }
    }
}

/// Trouble for a root that is not there.
pub(super) fn are_there(roots: &[PathBuf]) -> Result<(), Failure> {
    roots.iter().try_for_each(|root| {
        fs::metadata(root)
            .map(drop)
            .map_err(|error| Failure::io(format_args!("read {}", root.display()), &error))
    })
}

/// Every line below `roots` that names one of `keys`. What is `ours` (the store that the flags come
/// from) is no code; neither is what git ignores, `.git`, and what is not text.
///
/// What cannot be read is told and left out.
pub(super) fn search(roots: &[PathBuf], ours: &[PathBuf], keys: &[&FlagKey]) -> Code {
    let names = Names::new(keys);
    let ours: Vec<_> = ours
        .iter()
        .filter_map(|path| path.canonicalize().ok())
        .collect();
    let mut code = Code::default();
    let mut found = BTreeMap::<&FlagKey, BTreeSet<Line>>::new();
    for root in roots {
        for entry in walk(root, ours.clone()) {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    code.skip(None, &error);
                    continue;
                }
            };
            if let Some(error) = entry.error() {
                code.skip(None, error);
            }
            if !entry.file_type().is_some_and(|kind| kind.is_file()) {
                continue;
            }
            let path = entry.path();
            match read(path) {
                Ok(Some(text)) => each_mention(&names, path, &text, |key, line| {
                    found.entry(key).or_default().insert(line);
                }),
                Ok(None) => {}
                Err(error) => code.skip(Some(path), &error),
            }
        }
    }
    code.lines = found
        .into_iter()
        .map(|(key, lines)| (key.clone(), lines.into_iter().collect()))
        .collect();
    code
}

impl Code {
    fn skip(&mut self, path: Option<&Path>, problem: &dyn fmt::Display) {
        self.skipped.insert(Skipped {
            path: path.map(|path| printable(&path.display().to_string())),
            problem: printable(&problem.to_string()),
        });
    }
}

/// Links are not followed, so a circle of them is no danger.
fn walk(root: &Path, ours: Vec<PathBuf>) -> ignore::Walk {
    let is_code = move |entry: &DirEntry| {
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        // Most files need not be asked where they really are.
        let may_be_ours = is_folder
            || ours
                .iter()
                .any(|own| own.file_name() == Some(entry.file_name()));
        let is_ours = may_be_ours
            && entry
                .path()
                .canonicalize()
                .is_ok_and(|path| ours.contains(&path));
        !(is_ours || is_folder && entry.file_name() == ".git")
    };
    WalkBuilder::new(root)
        // Pipelines name flags, too, and live in hidden folders.
        .hidden(false)
        .require_git(false)
        // What is found does not depend on the settings of whoever looks.
        .git_global(false)
        .sort_by_file_path(Path::cmp)
        .filter_entry(is_code)
        .build()
}

/// The text of a file; `None` where it is no text.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let size = fs::metadata(path)?.len();
    if size > LARGEST {
        let message = format!("it has {} MiB, too many for a source file", size >> 20);
        return Err(io::Error::other(message));
    }
    let text = fs::read(path)?;
    let head = &text[..text.len().min(HEAD)];
    Ok((!head.contains(&0)).then_some(text))
}

fn each_mention<'a>(
    names: &Names<'a>,
    path: &Path,
    text: &[u8],
    mut each: impl FnMut(&'a FlagKey, Line),
) {
    let file = path.strip_prefix("./").unwrap_or(path);
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        names.find(line, |key| {
            let line = Line {
                file: printable(&file.display().to_string()),
                line: index + 1,
                text: excerpt(line),
            };
            each(key, line);
        });
    }
}

/// The line without its indentation, and not all of it where it is long.
fn excerpt(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let text = text.trim();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => printable(&text[..end]) + "…",
        None => printable(text),
    }
}
