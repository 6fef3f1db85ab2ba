//! The files of the repository, read once for all rules.

use std::fmt;
use std::fs;
use std::path::Path;

/// One text file; binary files have no text.
#[derive(Debug)]
pub(super) struct File {
    /// From the root, with `/`.
    pub(super) path: String,
    pub(super) text: Option<String>,
}

impl File {
    /// The name without its folder.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The folder, empty at the root.
    pub(super) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Whether the name ends in one of `extensions`.
    pub(super) fn is(&self, extensions: &[&str]) -> bool {
        self.path
            .rsplit_once('.')
            .is_some_and(|(_, end)| extensions.contains(&end))
    }

    /// Lines with their numbers; none for a binary file.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .iter()
            .flat_map(|text| text.lines())
            .enumerate()
            .map(|(at, line)| (at + 1, line))
    }
}

/// What breaks a rule, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    path: String,
    line: Option<usize>,
    problem: String,
}

impl Finding {
    pub(super) fn new(file: &File, problem: impl Into<String>) -> Self {
        Self::at(&file.path, problem)
    }

    pub(super) fn at(path: &str, problem: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: None,
            problem: problem.into(),
        }
    }

    pub(super) fn line(file: &File, line: usize, problem: impl Into<String>) -> Self {
        Self {
            path: file.path.clone(),
            line: Some(line),
            problem: problem.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.problem),
            None => write!(f, "{}: {}", self.path, self.problem),
        }
    }
}

/// All files of the repository.
#[derive(Debug)]
pub(super) struct Tree {
    files: Vec<File>,
}

impl Tree {
    /// Walks from `root`, past build output and version control.
    pub(super) fn load(root: &Path) -> Result<Self, String> {
        let mut files = Vec::new();
        walk(root, "", &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files })
    }

    pub(super) fn files(&self) -> &[File] {
        &self.files
    }

    pub(super) fn get(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Rust sources.
    pub(super) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is(&["rs"]))
    }

    /// Manifests of our workspace; the workspaces below `tests/` are strangers on purpose.
    pub(super) fn manifests(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| {
            file.name() == "Cargo.toml"
                && file.path != "Cargo.toml"
                && !file.path.starts_with("tests/foreign/")
                && !file.path.starts_with("tests/peers/")
        })
    }
}

fn walk(root: &Path, folder: &str, files: &mut Vec<File>) -> Result<(), String> {
    let at = root.join(folder);
    let problem = |error: std::io::Error| format!("{} cannot be read: {error}", at.display());
    for entry in fs::read_dir(&at).map_err(problem)? {
        let entry = entry.map_err(problem)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() {
            name.clone()
        } else {
            format!("{folder}/{name}")
        };
        let kind = entry.file_type().map_err(problem)?;
        if kind.is_dir() {
            if name != "target" && name != ".git" {
                walk(root, &path, files)?;
            }
        } else if kind.is_file() && name != ".git" {
            let text = fs::read(entry.path()).map_err(problem)?;
            files.push(File {
                path,
                text: String::from_utf8(text).ok(),
            });
        }
    }
    Ok(())
}

/// A tree from texts, for the tests of the rules.
#[cfg(test)]
pub(super) fn tree<const N: usize>(files: [(&str, &str); N]) -> Tree {
    let files = files
        .into_iter()
        .map(|(path, text)| File {
            path: path.to_owned(),
            text: Some(text.to_owned()),
        })
        .collect();
    Tree { files }
}

/// The findings as text, for the tests of the rules.
#[cfg(test)]
pub(super) fn shown(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}
