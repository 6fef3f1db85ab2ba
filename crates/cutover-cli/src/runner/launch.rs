//! What exactly is executed: program, arguments, input, variables, folder.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use cutover_domain::Side;

use super::cases::Input;
use super::command::Program;
use super::rooms::Room;
use super::{Case, CommandLine, Delivery, Plan};

/// A program, its arguments and its surroundings.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) program: OsString,
    pub(super) name: OsString,
    pub(super) args: Vec<OsString>,
    /// Whether `env` is all there is.
    pub(super) clear: bool,
    pub(super) env: Vec<(OsString, OsString)>,
    pub(super) folder: Option<OsString>,
    pub(super) stdin: Option<OsString>,
}

impl Plan {
    /// The words that run one side on a case whose input is at `path`.
    pub(crate) fn words(&self, side: Side, case: &Case, path: &Path) -> Vec<OsString> {
        let command = self.command(side);
        let mut words = vec![OsString::from(command.name())];
        words.extend(command.args(path.as_os_str()));
        words.extend(case.args.iter().map(OsString::from));
        if Given::to(command, self.delivery).argument {
            match &case.input {
                Input::File(_) => words.push(path.as_os_str().to_owned()),
                Input::Inline { argument, .. } => words.push(argument.into()),
                Input::Nothing => {}
            }
        }
        words
    }

    /// The path by which a program knows the input of a case, where that is a file of the user's.
    /// One that lies in the folder that is copied is meant to be the copy.
    pub(crate) fn path_of(&self, case: &Case, original: Option<&Path>) -> Option<PathBuf> {
        let Input::File(path) = &case.input else {
            return None;
        };
        if let Some(original) = original
            && let Ok(real) = fs::canonicalize(path)
            && let Ok(inside) = real.strip_prefix(original)
        {
            let like_an_option = inside.as_os_str().as_encoded_bytes().starts_with(b"-");
            let here = if like_an_option { "./" } else { "" };
            return Some(Path::new(here).join(inside));
        }
        match self.workplace {
            super::Workplace::Here => Some(path.clone()),
            _ => std::path::absolute(path).ok(),
        }
    }

    /// Everything that one execution needs, with its input written where it has to be a file.
    pub(super) fn launch(
        &self,
        side: Side,
        program: &Program,
        case: &Case,
        original: Option<&Path>,
        room: &Room,
    ) -> io::Result<Launch> {
        let command = self.command(side);
        let given = Given::to(command, self.delivery);
        let write = |bytes: &[u8]| {
            let folder = room.input();
            fs::create_dir_all(&folder)?;
            let file = folder.join(case.file_name());
            fs::write(&file, bytes)?;
            Ok::<_, io::Error>(file)
        };
        let path = match &case.input {
            Input::File(path) => self.path_of(case, original).unwrap_or_else(|| path.clone()),
            _ if !(given.stdin || given.placeholder) => PathBuf::new(),
            Input::Inline { bytes, .. } => write(bytes)?,
            Input::Nothing => write(b"")?,
        };
        let mut words = self.words(side, case, &path).into_iter();
        let folder = room.work();
        let stdin = match (folder, path) {
            // It is opened by somebody who is not in that folder yet.
            (Some(folder), path) => folder.join(path),
            (None, path) => path,
        };
        Ok(Launch {
            program: program.within(folder),
            name: words.next().unwrap_or_default(),
            args: words.collect(),
            clear: self.environment.clean,
            env: self.environment.variables(room, &case.env),
            folder: folder.map(OsString::from),
            stdin: given.stdin.then(|| stdin.into_os_string()),
        })
    }

    /// Words of a command that name something where the runner was started, and nothing where the
    /// program will run: most likely they are meant.
    pub(crate) fn words_left_behind(&self, original: Option<&Path>) -> Vec<(Side, PathBuf)> {
        if self.workplace == super::Workplace::Here {
            return Vec::new();
        }
        let here = |word: &str| {
            let path = Path::new(word);
            let is_plain = path
                .components()
                .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
            let there = original.is_some_and(|original| original.join(path).exists());
            (is_plain && !there && path.is_file())
                .then(|| std::path::absolute(path).ok())
                .flatten()
        };
        let mut found = Vec::new();
        for side in [Side::Old, Side::New] {
            let words = self.command(side).words().iter().skip(1);
            found.extend(words.filter_map(|word| here(word)).map(|path| (side, path)));
        }
        found
    }

    fn command(&self, side: Side) -> &CommandLine {
        match side {
            Side::Old => &self.old,
            Side::New => &self.new,
        }
    }
}

/// The ways in which a case gets to one program.
struct Given {
    placeholder: bool,
    stdin: bool,
    argument: bool,
}

impl Given {
    fn to(command: &CommandLine, delivery: Delivery) -> Self {
        let placeholder = command.has_placeholder();
        Self {
            placeholder,
            stdin: match delivery {
                Delivery::Auto => !placeholder,
                Delivery::Stdin => true,
                Delivery::Argument => false,
            },
            argument: delivery == Delivery::Argument && !placeholder,
        }
    }
}

/// A word for people: bytes that are not text as `\xNN`.
pub(crate) fn shown(word: &OsStr) -> String {
    super::cases::readable(Path::new(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_gets_to_a_program_one_way_by_default() {
        let given = |text, delivery| {
            let given = Given::to(&CommandLine::parse("--old", text).unwrap(), delivery);
            (given.placeholder, given.stdin, given.argument)
        };
        assert_eq!(given("sort", Delivery::Auto), (false, true, false));
        assert_eq!(given("sort {}", Delivery::Auto), (true, false, false));
        assert_eq!(given("sort {}", Delivery::Stdin), (true, true, false));
        assert_eq!(given("sort", Delivery::Argument), (false, false, true));
        assert_eq!(given("sort {}", Delivery::Argument), (true, false, false));
    }
}
