//! How a command answers: a table for eyes, JSON for programs, JSON Lines for streams.
//!
//! Data goes to standard output, messages to standard error. An answer is a [`Report`]: what
//! serde sees is the JSON (with a `schema` field put in front), what [`Report::write`] writes is
//! for eyes.
//!
//! ```
//! use std::io::{self, Write};
//! use cutover_cli::output::{Page, Report, write_json_line};
//! use serde::Serialize;
//!
//! #[derive(Serialize)]
//! struct Greeting {
//!     hello: &'static str,
//! }
//!
//! impl Report for Greeting {
//!     fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
//!         writeln!(page, "hello {}", self.hello)
//!     }
//! }
//!
//! let mut line = Vec::new();
//! write_json_line(&mut line, &Greeting { hello: "world" })?;
//! assert_eq!(line, b"{\"schema\":1,\"hello\":\"world\"}\n");
//! # Ok::<(), cutover_cli::Failure>(())
//! ```

pub(crate) mod file;
pub mod style;
mod table;

use std::fmt;
use std::io::{self, BufWriter, IsTerminal, Write};

use clap::ValueEnum;
use serde::Serialize;

use crate::exit::Failure;
pub(crate) use table::counted;
pub use table::{printable, printable_lines, table};

/// The version of the JSON that is written. It grows when a field changes its meaning or goes
/// away; new fields do not change it.
pub const SCHEMA: u32 = 1;

/// The form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For eyes; may change
    #[default]
    Table,
    /// One JSON document; stable
    Json,
    /// One JSON object a line; stable
    Jsonl,
}

/// How much is said on standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Only errors.
    Quiet,
    /// Warnings, notes and the next useful command.
    #[default]
    Normal,
    /// Also what the stores do.
    Verbose,
    /// Everything.
    Debug,
}

/// An answer.
pub trait Report: Serialize {
    /// Writes it for eyes.
    ///
    /// # Errors
    ///
    /// What the page says.
    fn write(&self, page: &mut Page<'_>) -> io::Result<()>;

    /// Writes it as JSON Lines: one line of its own, unless it is a list of things.
    ///
    /// # Errors
    ///
    /// What the writer says.
    fn write_lines(&self, to: &mut dyn Write) -> Result<(), Failure> {
        write_json_line(to, self)
    }
}

/// Where an answer for eyes is written; it knows how wide it may be.
pub struct Page<'a> {
    to: &'a mut dyn Write,
    width: Option<u16>,
}

impl<'a> Page<'a> {
    /// A page; without a width, lines are as long as they need to be.
    pub fn new(to: &'a mut dyn Write, width: Option<u16>) -> Self {
        Self { to, width }
    }

    /// Columns of the terminal; `None` when it is no terminal.
    #[must_use]
    pub fn width(&self) -> Option<u16> {
        self.width
    }

    /// Writes a table made by [`table()`], fitted to the page.
    ///
    /// # Errors
    ///
    /// What the writer says.
    pub fn table(&mut self, mut table: comfy_table::Table) -> io::Result<()> {
        if let Some(width) = self.width {
            table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
            table.set_width(width);
        }
        writeln!(self.to, "{}", table.trim_fmt())
    }
}

impl Write for Page<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Puts the `schema` field in front of an object.
#[derive(Serialize)]
struct Versioned<'a, T: ?Sized> {
    schema: u32,
    #[serde(flatten)]
    body: &'a T,
}

/// Writes one JSON object with its `schema` on one line.
///
/// # Errors
///
/// What the writer says; a body that is no object.
pub fn write_json_line<T: Serialize + ?Sized>(to: &mut dyn Write, body: &T) -> Result<(), Failure> {
    serde_json::to_writer(
        &mut *to,
        &Versioned {
            schema: SCHEMA,
            body,
        },
    )?;
    Ok(to.write_all(b"\n")?)
}

/// Answers and messages of one run.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    format: Format,
    verbosity: Verbosity,
}

impl Output {
    /// Answers in `format`, messages up to `verbosity`.
    #[must_use]
    pub fn new(format: Format, verbosity: Verbosity) -> Self {
        Self { format, verbosity }
    }

    /// The form of the answer.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// How much is said.
    #[must_use]
    pub fn verbosity(&self) -> Verbosity {
        self.verbosity
    }

    /// Answers on standard output.
    ///
    /// # Errors
    ///
    /// Writing failed; a reader that went away ends the command quietly.
    pub fn show<R: Report>(&self, report: &R) -> Result<(), Failure> {
        match self.format {
            Format::Table => {
                let stdout = io::stdout();
                let width = stdout_width();
                let mut to = BufWriter::new(anstream::AutoStream::auto(stdout.lock()));
                report.write(&mut Page::new(&mut to, width))?;
                to.flush()?;
            }
            Format::Json => {
                let mut to = data();
                serde_json::to_writer_pretty(
                    &mut to,
                    &Versioned {
                        schema: SCHEMA,
                        body: report,
                    },
                )?;
                to.write_all(b"\n")?;
                to.flush()?;
            }
            Format::Jsonl => {
                let mut to = data();
                report.write_lines(&mut to)?;
                to.flush()?;
            }
        }
        Ok(())
    }

    /// Answers what was done. A script that wants only errors (`--quiet`) and reads no JSON is
    /// told nothing when all is well.
    ///
    /// # Errors
    ///
    /// As for [`Output::show`].
    pub fn show_done<R: Report>(&self, report: &R) -> Result<(), Failure> {
        if self.format == Format::Table && self.verbosity == Verbosity::Quiet {
            return Ok(());
        }
        self.show(report)
    }

    /// A message: what was done, or what to do next. Not said when quiet.
    pub fn note(&self, message: impl fmt::Display) {
        self.say("", message);
    }

    /// The next useful command, made by [`command`](crate::suggest::command). Only people need
    /// it, so it is said only for eyes.
    pub fn next(&self, command: impl fmt::Display) {
        if self.format == Format::Table {
            self.say(format_args!("{0}next:{0:#} ", style::DIM), command);
        }
    }

    /// Something that works but that the user should know. Not said when quiet.
    pub fn warn(&self, message: impl fmt::Display) {
        self.say(format_args!("{0}warning:{0:#} ", style::WARN), message);
    }

    fn say(&self, label: impl fmt::Display, message: impl fmt::Display) {
        if self.verbosity > Verbosity::Quiet {
            let mut stderr = anstream::stderr().lock();
            // With standard error closed there is nobody to tell; the command goes on.
            let _ = writeln!(stderr, "{label}{}", printable_lines(&message.to_string()));
        }
    }
}

/// Standard output, buffered, for data that is written piece by piece; flush it at the end.
#[must_use]
pub fn data() -> BufWriter<io::StdoutLock<'static>> {
    BufWriter::with_capacity(1 << 16, io::stdout().lock())
}

/// Columns of the terminal that standard output is; `None` when it is none.
pub(crate) fn stdout_width() -> Option<u16> {
    let is_terminal = io::stdout().is_terminal();
    let size = is_terminal.then(terminal_size::terminal_size).flatten();
    size.map(|(width, _)| width.0).filter(|width| *width >= 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Names {
        names: Vec<&'static str>,
    }

    impl Report for Names {
        fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
            let mut names = table(["name", "length"]);
            for name in &self.names {
                names.add_row([printable(name), name.len().to_string()]);
            }
            page.table(names)
        }
    }

    fn page(report: &impl Report, width: Option<u16>) -> String {
        let mut bytes = Vec::new();
        report.write(&mut Page::new(&mut bytes, width)).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_table_has_no_trailing_blanks_and_no_control_characters() {
        let names = Names {
            names: vec!["a", "wörter", "\u{1b}[31mred\n"],
        };
        insta::assert_snapshot!(page(&names, None), @r"
        name            length
        a               1
        wörter          7
        \u{1b}[31mred\n 9
        ");
    }

    #[test]
    fn a_table_fits_the_terminal() {
        let names = Names {
            names: vec!["a name that is longer than the page is wide"],
        };
        let page = page(&names, Some(30));
        assert!(
            page.lines().all(|line| line.chars().count() <= 30),
            "{page}"
        );
    }
}
