//! Whether a run that is taken up again is still of the same programs and cases.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use cutover_domain::Side;
use cutover_domain::comparison::Digester;

use super::command::Program;
use super::outputs::is_made_up;
use super::{Corpus, Runner};

/// A larger file is known by its size and time.
const READ_WHOLE: u64 = 256 << 20;

impl Runner {
    /// A digest of the program of one side, and of every file that a word of its command names:
    /// the script behind the interpreter.
    pub(crate) fn identity(&self, side: Side) -> io::Result<String> {
        let plan = self.plan();
        let command = match side {
            Side::Old => &plan.old,
            Side::New => &plan.new,
        };
        let original = self.original().unwrap_or(Path::new(""));
        let mut files = vec![match self.program(side) {
            Program::At(path) => path.clone(),
            Program::InCopy(path) => original.join(path),
        }];
        for word in command.words().iter().skip(1) {
            let there = original.join(word);
            let found = [there, PathBuf::from(word)];
            let is_kept = |path: &PathBuf| path.is_file() && !is_made_up(path);
            files.extend(found.into_iter().find(is_kept));
        }
        let mut digester = Digester::default();
        for file in files {
            add_file(&mut digester, &file)?;
        }
        Ok(digester.finish())
    }
}

impl Corpus {
    /// A digest of the names of all cases in their order: it tells which number means which case.
    pub(crate) fn identity(&self) -> String {
        let mut digester = Digester::default();
        for case in &self.cases {
            digester.update(&(case.name.len() as u64).to_be_bytes());
            digester.update(case.name.as_bytes());
        }
        digester.finish()
    }
}

fn add_file(digester: &mut Digester, path: &Path) -> io::Result<()> {
    let mut file = File::open(path)?;
    let known = file.metadata()?;
    digester.update(&known.len().to_be_bytes());
    if known.len() > READ_WHOLE {
        let modified = known.modified()?.duration_since(UNIX_EPOCH);
        digester.update(&modified.unwrap_or_default().as_nanos().to_be_bytes());
        return Ok(());
    }
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(()),
            count => digester.update(&buffer[..count]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Case;
    use super::*;

    #[test]
    fn a_corpus_is_its_names_in_their_order() {
        let identity = |names: &[&str]| {
            let cases = names.iter().map(|name| Case::for_test(name)).collect();
            let corpus = Corpus {
                cases,
                skipped: Vec::new(),
                doubtful: Vec::new(),
            };
            corpus.identity()
        };
        assert_eq!(identity(&["a", "b"]), identity(&["a", "b"]));
        assert_ne!(identity(&["a", "b"]), identity(&["b", "a"]));
        assert_ne!(identity(&["a", "b"]), identity(&["ab"]));
    }

    #[test]
    fn a_file_is_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program");
        let identity = |content: &str| {
            std::fs::write(&path, content).unwrap();
            let mut digester = Digester::default();
            add_file(&mut digester, &path).unwrap();
            digester.finish()
        };
        assert_eq!(identity("one"), identity("one"));
        assert_ne!(identity("one"), identity("two"));
    }
}
