//! The corpus: what both programs are run on.

pub(super) mod line;

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cutover_domain::comparison::digest;
use globset::{GlobBuilder, GlobMatcher};
use serde_json::value::RawValue;

use super::RunnerError;

/// One input for both programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    /// Stable from run to run: the path below the folder, or the name or number of the line.
    pub(crate) name: String,
    pub(super) input: Input,
    /// Arguments after those of the command.
    pub(super) args: Vec<String>,
    /// Variables for this case alone.
    pub(super) env: Vec<(String, String)>,
}

/// Where the bytes of an input are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// In a file of the user's.
    File(PathBuf),
    /// Here: the bytes for standard input, and the same as an argument, for which a JSON string
    /// is its text and nothing is added.
    Inline { bytes: Vec<u8>, argument: String },
    /// There are none.
    Nothing,
}

/// All cases, in their order, and what was passed over.
#[derive(Debug)]
pub(crate) struct Corpus {
    pub(crate) cases: Vec<Case>,
    /// Entries of the folder that are neither files nor folders, or links to folders.
    pub(crate) skipped: Vec<PathBuf>,
    /// Lines that look like descriptions of cases and are inputs, each with the member that makes it
    /// one.
    pub(crate) doubtful: Vec<(usize, String)>,
}

impl Corpus {
    /// Reads a folder (every file in it is a case) or a JSON Lines file (every line is one).
    pub(crate) fn read(from: &Path) -> Result<Self, RunnerError> {
        let trouble = |source| RunnerError::Cases {
            path: from.to_owned(),
            source,
        };
        let corpus = if fs::metadata(from).map_err(trouble)?.is_dir() {
            Self::from_folder(from)?
        } else if from
            .extension()
            .is_some_and(|extension| extension == "jsonl" || extension == "ndjson")
        {
            Self::from_lines(from)?
        } else {
            return Err(RunnerError::CasesKind {
                path: from.to_owned(),
            });
        };
        if corpus.cases.is_empty() {
            return Err(RunnerError::NoCases {
                path: from.to_owned(),
            });
        }
        Ok(corpus)
    }

    /// Cases from texts as lines of a case file, each with its own name.
    pub(crate) fn of_lines(
        lines: impl IntoIterator<Item = String>,
        source: &Path,
    ) -> Result<Self, RunnerError> {
        let cases = lines.into_iter().enumerate().map(|(index, text)| {
            let read = line::read(index + 1, &text).map(|(case, _)| case);
            read.map_err(|reason| RunnerError::CaseLine {
                path: source.to_owned(),
                line: index + 1,
                reason,
            })
        });
        Ok(Self {
            cases: cases.collect::<Result<_, _>>()?,
            skipped: Vec::new(),
            doubtful: Vec::new(),
        })
    }

    /// Only the cases whose names fit one of the patterns, in which `*` stands for any text and
    /// `?` for a letter. A name that is written out fits whatever letters it has.
    pub(crate) fn pick(&mut self, patterns: &[String]) -> Result<(), RunnerError> {
        let wanted = CaseNames::parse(patterns)?;
        if let Some(missing) = wanted.without(self.cases.iter().map(|case| &*case.name)) {
            return Err(RunnerError::NoSuchCase {
                pattern: missing.to_owned(),
                names: self.cases.iter().map(|case| case.name.clone()).collect(),
            });
        }
        self.cases.retain(|case| wanted.fits(&case.name));
        Ok(())
    }

    fn from_folder(root: &Path) -> Result<Self, RunnerError> {
        let mut found = Vec::new();
        let mut skipped = Vec::new();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            let trouble = |source| RunnerError::Cases {
                path: folder.clone(),
                source,
            };
            for entry in fs::read_dir(&folder).map_err(trouble)? {
                let entry = entry.map_err(trouble)?;
                let path = entry.path();
                let kind = entry.file_type().map_err(trouble)?;
                if kind.is_dir() {
                    folders.push(path);
                } else if fs::metadata(&path).is_ok_and(|target| target.is_file()) {
                    found.push(path);
                } else {
                    skipped.push(path);
                }
            }
        }
        found.sort();
        skipped.sort();
        let cases = found
            .into_iter()
            .map(|path| Case {
                name: readable(path.strip_prefix(root).unwrap_or(&path)),
                input: Input::File(path),
                args: Vec::new(),
                env: Vec::new(),
            })
            .collect();
        Ok(Self {
            cases,
            skipped,
            doubtful: Vec::new(),
        })
    }

    fn from_lines(path: &Path) -> Result<Self, RunnerError> {
        let trouble = |source| RunnerError::Cases {
            path: path.to_owned(),
            source,
        };
        let mut lines = BufReader::new(File::open(path).map_err(trouble)?);
        let (mut cases, mut doubtful) = (Vec::new(), Vec::new());
        let mut named: HashMap<String, usize> = HashMap::new();
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            if lines.read_until(b'\n', &mut line).map_err(trouble)? == 0 {
                break;
            }
            let invalid = |reason: String| RunnerError::CaseLine {
                path: path.to_owned(),
                line: number,
                reason,
            };
            let text = std::str::from_utf8(&line).map_err(|error| invalid(error.to_string()))?;
            let text = text
                .strip_prefix('\u{feff}')
                .filter(|_| number == 1)
                .unwrap_or(text)
                .trim();
            if text.is_empty() {
                continue;
            }
            let (case, stranger) = line::read(number, text).map_err(invalid)?;
            doubtful.extend(stranger.map(|member| (number, member)));
            if let Some(first) = named.insert(case.name.clone(), number) {
                return Err(invalid(format!(
                    "the name `{}` is already that of line {first}; give every case its own",
                    case.name
                )));
            }
            cases.push(case);
        }
        Ok(Self {
            cases,
            skipped: Vec::new(),
            doubtful,
        })
    }
}

/// Which cases are asked for, by name.
pub(crate) struct CaseNames(Vec<(String, GlobMatcher)>);

impl CaseNames {
    /// Reads patterns as [`Corpus::pick`] takes them; none stand for all names.
    pub(crate) fn parse(patterns: &[String]) -> Result<Self, RunnerError> {
        let globs = patterns.iter().map(|pattern| {
            let glob = GlobBuilder::new(pattern).build();
            let glob = glob.map_err(|error| RunnerError::CasePattern {
                pattern: pattern.clone(),
                reason: error.kind().to_string(),
            })?;
            Ok((pattern.clone(), glob.compile_matcher()))
        });
        globs.collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn fits(&self, name: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|glob| is_named(glob, name))
    }

    /// The first pattern that none of the names fits.
    fn without<'a>(&self, names: impl Iterator<Item = &'a str> + Clone) -> Option<&str> {
        let unused =
            |glob: &&(String, GlobMatcher)| !names.clone().any(|name| is_named(glob, name));
        self.0.iter().find(unused).map(|(pattern, _)| &**pattern)
    }
}

fn is_named((pattern, glob): &(String, GlobMatcher), name: &str) -> bool {
    pattern == name || glob.is_match(name)
}

impl Case {
    /// The name of the file that its input is written to, where it has to be one: that of the case
    /// without its folders, as programs go by it, if that is a plain one.
    pub(super) fn file_name(&self) -> &str {
        const LONGEST: usize = 200;
        let last = self.name.rsplit('/').next().unwrap_or_default();
        let is_plain = !matches!(last, "" | "." | "..")
            && last.len() <= LONGEST
            && !last.chars().any(char::is_control);
        if is_plain { last } else { "input" }
    }

    /// A digest of its input.
    pub(crate) fn digest(&self) -> io::Result<String> {
        Ok(digest(&self.input.read()?))
    }

    /// A case without an input.
    #[cfg(test)]
    pub(crate) fn for_test(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            input: Input::Nothing,
            args: Vec::new(),
            env: Vec::new(),
        }
    }
}

impl Input {
    /// A string stands for its text; any other value for its JSON, exactly as written, and a
    /// line end.
    fn inline(value: &RawValue) -> Self {
        match serde_json::from_str::<String>(value.get()) {
            Ok(text) => Self::Inline {
                bytes: text.clone().into_bytes(),
                argument: text,
            },
            Err(_) => Self::Inline {
                bytes: format!("{}\n", value.get()).into_bytes(),
                argument: value.get().to_owned(),
            },
        }
    }

    /// How many bytes it has.
    pub(super) fn size(&self) -> io::Result<u64> {
        match self {
            Self::File(path) => Ok(fs::metadata(path)?.len()),
            Self::Inline { bytes, .. } => Ok(bytes.len() as u64),
            Self::Nothing => Ok(0),
        }
    }

    pub(super) fn read(&self) -> io::Result<Vec<u8>> {
        match self {
            Self::File(path) => fs::read(path),
            Self::Inline { bytes, .. } => Ok(bytes.clone()),
            Self::Nothing => Ok(Vec::new()),
        }
    }
}

/// A path as text that no other path has: bytes that are not UTF-8 as `\xNN`, and then a
/// backslash doubled.
pub(super) fn readable(path: &Path) -> String {
    if let Some(text) = path.to_str() {
        return text.to_owned();
    }
    let mut text = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        text.push_str(&chunk.valid().replace('\\', "\\\\"));
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn a_folder_gives_stable_names_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("b/c")).unwrap();
        for name in [
            "z",
            "-dash",
            "two words",
            "new\nline",
            "é.json",
            "b/c/deep",
            "b/a",
        ] {
            fs::write(root.join(name), name).unwrap();
        }
        fs::write(root.join(OsStr::from_bytes(b"by\xffte")), "").unwrap();
        std::os::unix::fs::symlink(root, root.join("loop")).unwrap();
        let corpus = Corpus::read(root).unwrap();
        let names: Vec<&str> = corpus.cases.iter().map(|case| case.name.as_str()).collect();
        let expected = [
            "-dash",
            "b/a",
            "b/c/deep",
            "by\\xffte",
            "new\nline",
            "two words",
            "z",
            "é.json",
        ];
        assert_eq!(names, expected);
        assert_eq!(corpus.skipped, [root.join("loop")]);
    }

    #[test]
    fn the_file_of_a_case_has_its_name_and_stays_where_it_belongs() {
        for (name, file) in [
            ("a.pyi", "a.pyi"),
            ("deep/er/b (2).json", "b (2).json"),
            ("-rf", "-rf"),
            ("..", "input"),
            ("a/..", "input"),
            ("a/", "input"),
            ("", "input"),
            ("new\nline", "input"),
            ("nul\0", "input"),
            (&"x".repeat(300), "input"),
        ] {
            assert_eq!(Case::for_test(name).file_name(), file, "{name:?}");
        }
    }

    #[test]
    fn cases_are_picked_by_name_or_pattern() {
        let pick = |patterns: &[&str]| {
            let names = ["a/1.json", "a/b/2.json", "[x]", "z"];
            let mut corpus = Corpus {
                cases: names.map(Case::for_test).to_vec(),
                skipped: Vec::new(),
                doubtful: Vec::new(),
            };
            let patterns: Vec<String> = patterns.iter().map(ToString::to_string).collect();
            corpus.pick(&patterns).map(|()| {
                let names = corpus.cases.into_iter().map(|case| case.name);
                names.collect::<Vec<_>>().join(" ")
            })
        };
        for (patterns, picked) in [
            (&[][..], "a/1.json a/b/2.json [x] z"),
            (&["*.json"], "a/1.json a/b/2.json"),
            (&["z", "a/?.json"], "a/1.json z"),
            (&["[x]"], "[x]"),
        ] {
            assert_eq!(pick(patterns).unwrap(), picked, "{patterns:?}");
        }
        let error = pick(&["z", "q*"]).unwrap_err();
        assert!(matches!(error, RunnerError::NoSuchCase { pattern, .. } if pattern == "q*"));
        assert!(matches!(pick(&["["]), Err(RunnerError::CasePattern { .. })));
    }

    #[test]
    fn a_corpus_without_cases_or_with_two_of_a_name_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            Corpus::read(folder.path()),
            Err(RunnerError::NoCases { .. })
        ));
        let file = folder.path().join("cases.jsonl");
        fs::write(
            &file,
            "\n{\"name\":\"a\",\"args\":[]}\n\n{\"name\":\"a\",\"args\":[]}\n",
        )
        .unwrap();
        let error = Corpus::read(&file).unwrap_err().to_string();
        assert!(
            error.contains("cases.jsonl:4") && error.contains("line 2"),
            "{error}"
        );
        let other = folder.path().join("cases.txt");
        fs::write(&other, "x").unwrap();
        assert!(matches!(
            Corpus::read(&other),
            Err(RunnerError::CasesKind { .. })
        ));
    }
}
