//! The two commands: words of a POSIX shell, without the shell.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::{RunnerError, Workplace};

const PLACEHOLDER: &[u8] = b"{}";

/// A command line as the user wrote it, split into words.
#[derive(Clone, Debug)]
pub(crate) struct CommandLine {
    text: String,
    words: Vec<String>,
}

impl CommandLine {
    /// Splits `text`; `option` is what to call it in an error.
    pub(crate) fn parse(option: &'static str, text: &str) -> Result<Self, RunnerError> {
        let words = shlex::split(text).ok_or_else(|| RunnerError::Quoting {
            option,
            text: text.to_owned(),
        })?;
        if words.first().is_none_or(String::is_empty) {
            return Err(RunnerError::NoProgram { option });
        }
        Ok(Self {
            text: text.to_owned(),
            words,
        })
    }

    /// As the user wrote it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The name of the program without its folders.
    pub(crate) fn program_name(&self) -> String {
        let name = Path::new(self.name()).file_name();
        name.map_or_else(
            || self.name().to_owned(),
            |name| name.to_string_lossy().into_owned(),
        )
    }

    /// The first word.
    pub(super) fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// All words, as they were written.
    pub(super) fn words(&self) -> &[String] {
        &self.words
    }

    /// Whether an argument takes the path of the case.
    pub(crate) fn has_placeholder(&self) -> bool {
        self.words.iter().skip(1).any(|word| {
            fill(word.as_bytes(), OsStr::new("x")).as_bytes()
                != fill(word.as_bytes(), OsStr::new("")).as_bytes()
        })
    }

    /// The arguments with every `{}` replaced by `path`, and every `{{}}` by `{}`.
    pub(super) fn args(&self, path: &OsStr) -> Vec<OsString> {
        self.words
            .iter()
            .skip(1)
            .map(|word| fill(word.as_bytes(), path))
            .collect()
    }

    /// Where the program is, looked up as a shell does: before anything runs, a program that is
    /// not there or cannot be run is an error. One named by a relative path is looked for in the
    /// folder that is copied for it first.
    pub(super) fn locate(
        &self,
        option: &'static str,
        search: Option<&OsStr>,
        workplace: &Workplace,
    ) -> Result<Program, RunnerError> {
        let name = self.name();
        let missing = || RunnerError::Missing {
            option,
            program: name.to_owned(),
        };
        if name.contains('/') {
            let path = Path::new(name);
            if let Workplace::CopyOf(folder) = workplace
                && path.is_relative()
                && matches!(executable(&folder.join(path)), Found::Yes)
            {
                return Ok(Program::InCopy(path.to_owned()));
            }
            return match executable(path) {
                Found::Yes => Ok(Program::found(path.to_owned(), workplace)),
                Found::No => Err(missing()),
                Found::NotExecutable => Err(RunnerError::NotExecutable {
                    option,
                    program: name.to_owned(),
                }),
            };
        }
        let mut unusable = None;
        for folder in std::env::split_paths(search.unwrap_or(OsStr::new("/usr/bin:/bin"))) {
            let candidate = folder.join(name);
            match executable(&candidate) {
                Found::Yes => return Ok(Program::found(candidate, workplace)),
                Found::No => {}
                Found::NotExecutable => unusable = unusable.or(Some(candidate)),
            }
        }
        Err(match unusable {
            Some(path) => RunnerError::NotExecutable {
                option,
                program: path.display().to_string(),
            },
            None => missing(),
        })
    }
}

/// A program that can be executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Program {
    At(PathBuf),
    /// In the working copy, by its path there.
    InCopy(PathBuf),
}

impl Program {
    fn found(path: PathBuf, workplace: &Workplace) -> Self {
        Self::At(match workplace {
            Workplace::Here => path,
            // From the folder it runs in a relative path would lead elsewhere.
            _ => std::path::absolute(&path).unwrap_or(path),
        })
    }

    /// Its path for an execution in this folder.
    pub(super) fn within(&self, folder: Option<&Path>) -> OsString {
        match self {
            Self::At(path) => path.clone(),
            Self::InCopy(path) => folder.unwrap_or(Path::new("")).join(path),
        }
        .into_os_string()
    }
}

enum Found {
    Yes,
    No,
    NotExecutable,
}

fn executable(path: &Path) -> Found {
    match std::fs::metadata(path) {
        Err(_) => Found::No,
        Ok(metadata) if metadata.is_dir() => Found::NotExecutable,
        Ok(_) => match rustix::fs::access(path, rustix::fs::Access::EXEC_OK) {
            Ok(()) => Found::Yes,
            Err(_) => Found::NotExecutable,
        },
    }
}

fn fill(word: &[u8], path: &OsStr) -> OsString {
    const LITERAL: &[u8] = b"{{}}";
    let mut filled = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some(&first) = rest.first() {
        if let Some(after) = rest.strip_prefix(LITERAL) {
            filled.extend_from_slice(PLACEHOLDER);
            rest = after;
        } else if let Some(after) = rest.strip_prefix(PLACEHOLDER) {
            filled.extend_from_slice(path.as_bytes());
            rest = after;
        } else {
            filled.push(first);
            rest = &rest[1..];
        }
    }
    OsString::from_vec(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(text: &str, path: &str) -> Vec<String> {
        let command = CommandLine::parse("--old", text).unwrap();
        command
            .args(OsStr::new(path))
            .into_iter()
            .map(|arg| arg.into_string().unwrap())
            .collect()
    }

    #[test]
    fn words_are_split_and_placeholders_filled() {
        for (text, path, expected) in [
            ("sort -n {}", "a b", vec!["-n", "a b"]),
            (
                "run --in={} 'two words' \"$HOME\"",
                "c",
                vec!["--in=c", "two words", "$HOME"],
            ),
            ("jq '{{}}'", "c", vec!["{}"]),
            ("x {}{} {{{}}}", "p", vec!["pp", "{{}}"]),
            ("x a\\ b ''", "p", vec!["a b", ""]),
            ("x {} {a} }{", "{}", vec!["{}", "{a}", "}{"]),
        ] {
            assert_eq!(args(text, path), expected, "{text}");
        }
    }

    #[test]
    fn only_a_real_placeholder_counts() {
        let has = |text| CommandLine::parse("--old", text).unwrap().has_placeholder();
        assert!(has("cat {}"));
        assert!(has("cat --file={}"));
        assert!(!has("cat"));
        assert!(!has("jq '{{}}'"));
        assert!(!has("{} x"), "the program itself is no placeholder");
    }

    #[test]
    fn a_command_that_cannot_be_split_is_refused() {
        for text in ["", "   ", "''", "sort 'a", "sort \"a"] {
            assert!(CommandLine::parse("--old", text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_program_is_looked_up_before_it_runs() {
        let locate = |text: &str| {
            CommandLine::parse("--old", text).unwrap().locate(
                "--old",
                Some(OsStr::new("/bin")),
                &Workplace::Here,
            )
        };
        let sh = Program::At("/bin/sh".into());
        assert_eq!(locate("sh -c x").unwrap(), sh);
        assert_eq!(locate("/bin/sh").unwrap(), sh);
        assert!(matches!(
            locate("no-such-program-here"),
            Err(RunnerError::Missing { .. })
        ));
        assert!(matches!(
            locate("/etc/passwd"),
            Err(RunnerError::NotExecutable { .. })
        ));
        assert!(matches!(
            locate("/etc"),
            Err(RunnerError::NotExecutable { .. })
        ));
        assert!(matches!(
            locate("./no/such"),
            Err(RunnerError::Missing { .. })
        ));
    }
}
