//! A text given to the user's editor, and never lost.

use std::io::{self, IsTerminal, Write, stderr, stdin, stdout};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::Builder;

use crate::context::variable;
use crate::exit::Failure;
use crate::interrupt::on_signals;
use crate::output::printable;

/// The editor of this user, and its first arguments.
#[derive(Debug)]
pub(super) struct Editor {
    words: Vec<String>,
}

impl Editor {
    /// `VISUAL`, else `EDITOR`, else what the platform has.
    pub(super) fn find() -> Result<Self, Failure> {
        let named = ["VISUAL", "EDITOR"]
            .into_iter()
            .find_map(|name| Some((name, variable(name)?)));
        let Some((name, text)) = named else {
            // A named one may be a script; this one wants a person in front of it.
            if !stdin().is_terminal() {
                return Err(Failure::usage("there is no terminal to edit flags in")
                    .hint("name an editor that needs none in VISUAL or EDITOR"));
            }
            let usual = if cfg!(windows) { "notepad" } else { "vi" };
            return Ok(Self {
                words: vec![usual.to_owned()],
            });
        };
        match shlex::split(&text).filter(|words| !words.is_empty()) {
            Some(words) => Ok(Self { words }),
            None => Err(Failure::usage(format_args!(
                "{name} cannot be split into words: a quote is not closed in `{text}`"
            ))),
        }
    }

    /// Opens a file and waits until it is closed.
    fn open(&self, path: &Path) -> Result<(), Failure> {
        let Some((program, first)) = self.words.split_first() else {
            return Ok(());
        };
        let mut command = Command::new(program);
        command.args(first).arg(path);
        // What an editor writes is for eyes, and standard output may be for a program.
        if !stdout().is_terminal()
            && let Ok(messages) = messages()
        {
            command.stdout(messages);
        }
        let status = command.status().map_err(|error| {
            Failure::io(
                format_args!("start the editor `{}`", printable(program)),
                &error,
            )
            .hint("name another one with EDITOR or VISUAL")
        })?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::trouble(format_args!(
            "the editor `{}` ended with {status}",
            printable(program)
        )))
    }
}

/// Standard error, for a program to write to.
fn messages() -> io::Result<Stdio> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        Ok(stderr().as_fd().try_clone_to_owned()?.into())
    }
    #[cfg(windows)]
    {
        use std::os::windows::io::AsHandle;
        Ok(stderr().as_handle().try_clone_to_owned()?.into())
    }
}

/// A text on its way through the editor. Its file stays where it is until it is discarded.
#[derive(Debug)]
pub(super) struct Draft {
    path: PathBuf,
    /// What was there before anybody wrote.
    offered: String,
    signals: Signals,
}

/// What the editor left behind.
pub(super) enum Written {
    /// Another text.
    Text(String),
    /// What was offered, or nothing at all.
    Nothing,
}

impl Draft {
    /// A draft in a file whose name begins with `name`, readable by this user alone.
    pub(super) fn new(name: &str, offered: String) -> Result<Self, Failure> {
        let make = || {
            let prefix = format!("{name}-");
            let mut file = Builder::new().prefix(&prefix).suffix(".json").tempfile()?;
            file.write_all(offered.as_bytes())?;
            file.flush()?;
            Ok(file.keep()?.1)
        };
        let path = make().map_err(|error: io::Error| Failure::io("make a file to edit", &error))?;
        let signals = Signals::listen(&path)?;
        Ok(Self {
            path,
            offered,
            signals,
        })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Has it edited.
    pub(super) fn edit(&self, editor: &Editor) -> Result<Written, Failure> {
        self.signals
            .leave_to_the_editor(|| editor.open(&self.path))?;
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            // The editor took the file away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Written::Nothing),
            Err(error) => {
                let read = format_args!("read {}", self.path.display());
                return Err(Failure::io(read, &error));
            }
        };
        Ok(if text.trim().is_empty() || self.is_offered(&text) {
            Written::Nothing
        } else {
            Written::Text(text)
        })
    }

    /// Leaves it to its user, who is told where it is together with what went wrong. Where nothing
    /// was written nothing is left.
    pub(super) fn leave(self, failure: Failure) -> Failure {
        if std::fs::read_to_string(&self.path).is_ok_and(|text| self.is_offered(&text)) {
            self.discard();
            return failure;
        }
        failure.hint(kept(&self.path))
    }

    /// Leaves it to its user; answers what to tell them.
    pub(super) fn leave_for_later(self) -> String {
        kept(&self.path)
    }

    /// Throws it away.
    pub(super) fn discard(self) {
        // What cannot be removed is in the folder for what may be lost.
        let _ = std::fs::remove_file(&self.path);
    }

    /// Editors add an end of line where there was none.
    fn is_offered(&self, text: &str) -> bool {
        text.trim_end() == self.offered.trim_end()
    }
}

fn kept(path: &Path) -> String {
    format!("what you wrote is kept in {}", path.display())
}

/// Ctrl-C is the editor's while it is open; at other times it ends the program, which then says
/// where the draft is.
#[derive(Debug)]
struct Signals {
    editing: Arc<AtomicBool>,
}

impl Signals {
    fn listen(path: &Path) -> Result<Self, Failure> {
        let editing = Arc::new(AtomicBool::new(false));
        let (is_editing, path) = (Arc::clone(&editing), path.to_owned());
        on_signals(move |exit| {
            if !is_editing.load(Ordering::SeqCst) {
                // Behind the question that was not answered.
                let _ = writeln!(stderr(), "\n{}", printable(&kept(&path)));
                std::process::exit(exit.code().into());
            }
        })?;
        Ok(Self { editing })
    }

    fn leave_to_the_editor<T>(&self, edit: impl FnOnce() -> T) -> T {
        self.editing.store(true, Ordering::SeqCst);
        let edited = edit();
        self.editing.store(false, Ordering::SeqCst);
        edited
    }
}
