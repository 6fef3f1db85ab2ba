//! Files that a program is to write, found in the folder it ran in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use super::RunnerError;
use super::cases::readable;

/// More files than this are no answer that anybody reads.
const FILES: usize = 10_000;

/// One file or several: by its path in the working copy, by a folder, by a pattern.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    text: String,
    pattern: Option<GlobMatcher>,
}

impl Output {
    /// `text` is a relative path; `*`, `?`, `[…]`, `{…}` and `**` make it a pattern.
    pub(crate) fn parse(text: &str) -> Result<Self, RunnerError> {
        let invalid = |reason: String| RunnerError::Output {
            text: text.to_owned(),
            reason,
        };
        let path = Path::new(text);
        let stays = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        if text.is_empty() || text.contains('\0') || !path.components().all(stays) {
            return Err(invalid(
                "it is a path inside of the folder that programs run in".to_owned(),
            ));
        }
        // One spelling of each path, so that it is the name it has in the comparison.
        let text: PathBuf = path
            .components()
            .filter(|part| *part != Component::CurDir)
            .collect();
        let text = text.to_string_lossy().into_owned();
        let pattern = text
            .contains(['*', '?', '[', '{'])
            .then(|| GlobBuilder::new(&text).literal_separator(true).build())
            .transpose()
            .map_err(|error| invalid(error.kind().to_string()))?
            .map(|glob| glob.compile_matcher());
        Ok(Self { text, pattern })
    }

    /// As it names files.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it names the file of this name.
    pub(crate) fn names(&self, name: &Path) -> bool {
        match &self.pattern {
            Some(pattern) => pattern.is_match(name),
            None => name.starts_with(&self.text),
        }
    }
}

/// A file that a program left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutputFile {
    pub(crate) path: PathBuf,
    /// The place among the outputs of the one that names it.
    pub(crate) output: usize,
}

/// The files that were found, by their names relative to the folder.
pub(crate) type OutputFiles = BTreeMap<String, OutputFile>;

/// Finds what `outputs` name below `folder`. What several name belongs to the first. A link to a
/// file is the file; what is neither file nor folder is an error, because reading it may never end.
pub(super) fn find(outputs: &[Output], folder: &Path) -> Result<OutputFiles, String> {
    let mut found = OutputFiles::new();
    if outputs.is_empty() {
        return Ok(found);
    }
    let mut folders = vec![folder.to_owned()];
    while let Some(within) = folders.pop() {
        let trouble = |error| format!("{} cannot be read: {error}", readable(&within));
        for entry in fs::read_dir(&within).map_err(trouble)? {
            let path = entry.map_err(trouble)?.path();
            let name = path.strip_prefix(folder).unwrap_or(&path);
            if fs::symlink_metadata(&path).is_ok_and(|entry| entry.is_dir()) {
                folders.push(path);
                continue;
            }
            let Some(output) = outputs.iter().position(|output| output.names(name)) else {
                continue;
            };
            let name = readable(name);
            match fs::metadata(&path) {
                Ok(file) if file.is_file() && !is_made_up(&path) => {}
                Ok(_) => return Err(format!("{name} is no file")),
                Err(error) => return Err(format!("{name} cannot be read: {error}")),
            }
            found.insert(name, OutputFile { path, output });
            if found.len() > FILES {
                return Err(format!("there are more than {FILES} output files"));
            }
        }
    }
    Ok(found)
}

/// Whether what passes for a file is made up by the system while it is read: that may have no end, or
/// wait for ever.
#[cfg(target_os = "linux")]
pub(super) fn is_made_up(path: &Path) -> bool {
    // linux/magic.h: proc, sysfs, debugfs, tracefs.
    const SYSTEMS: [u64; 4] = [0x9fa0, 0x6265_6572, 0x6462_6720, 0x7472_6163];
    rustix::fs::statfs(path)
        .is_ok_and(|found| u64::try_from(found.f_type).is_ok_and(|kind| SYSTEMS.contains(&kind)))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn is_made_up(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn parse(texts: &[&str]) -> Vec<Output> {
        let parsed: Result<_, _> = texts.iter().map(|text| Output::parse(text)).collect();
        parsed.unwrap()
    }

    #[test]
    fn files_are_named_by_path_folder_or_pattern() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["out.json", "a/b/c.txt", "a/d.json", "ab/x", "{x}"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        symlink("out.json", folder.path().join("link")).unwrap();
        let names = |texts: &[&str]| -> Vec<(String, usize)> {
            let found = find(&parse(texts), folder.path()).unwrap();
            found
                .into_iter()
                .map(|(name, file)| (name, file.output))
                .collect()
        };
        for (outputs, expected) in [
            (&["out.json"][..], vec![("out.json", 0)]),
            (&["./a/./d.json"], vec![("a/d.json", 0)]),
            (&["a"], vec![("a/b/c.txt", 0), ("a/d.json", 0)]),
            (&["*.json"], vec![("out.json", 0)]),
            (
                &["link", "**/*.json"],
                vec![("a/d.json", 1), ("link", 0), ("out.json", 1)],
            ),
            (&["[{]x[}]"], vec![("{x}", 0)]),
            (&["nothing", "no*"], vec![]),
        ] {
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(name, output)| (name.to_owned(), output))
                .collect();
            assert_eq!(names(outputs), expected, "{outputs:?}");
        }
    }

    #[test]
    fn a_path_that_leaves_the_folder_or_is_no_pattern_is_refused() {
        for text in ["", "/etc/passwd", "../x", "a/../../b", "a[", "a\0b"] {
            let error = Output::parse(text).unwrap_err().to_string();
            assert!(error.contains("--output"), "{error}");
        }
    }

    #[test]
    fn what_is_no_file_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        symlink("/dev/zero", folder.path().join("endless")).unwrap();
        symlink("nowhere", folder.path().join("dangling")).unwrap();
        #[cfg(target_os = "linux")]
        symlink("/proc/version", folder.path().join("made up")).unwrap();
        #[cfg(not(target_os = "linux"))]
        symlink("nowhere", folder.path().join("made up")).unwrap();
        for name in ["endless", "dangling", "made up"] {
            let error = find(&parse(&[name]), folder.path()).unwrap_err();
            assert!(error.contains(name), "{error}");
        }
        assert!(find(&parse(&["other"]), folder.path()).unwrap().is_empty());
    }
}
