//! `cutover man [DIR]`: the help of every command as a manual page.
//!
//! ```
//! use cutover_cli::commands::man::pages;
//!
//! let names: Vec<_> = pages()?.into_iter().map(|page| page.name).collect();
//! assert!(names.contains(&"cutover.1".to_owned()));
//! assert!(names.contains(&"cutover-flag-rollout.1".to_owned()));
//! # Ok::<(), std::io::Error>(())
//! ```

use std::fs;
use std::io::{self, Write, stdout};
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use serde::Serialize;

use crate::commands::examples;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{self, Report};

/// Write the manual pages.
#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover man ~/.local/share/man/man1", "a page for every command; then `man cutover-flag`"),
    ("cutover man", "the first page, for `man -l -`"),
]))]
pub struct ManArgs {
    /// The folder for the pages, made when it is not there; without it, the page of `cutover`
    /// goes to standard output
    dir: Option<PathBuf>,
}

/// One manual page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// What its file is called: `cutover-flag.1`.
    pub name: String,
    /// Its text, in the language of `man`.
    pub text: Vec<u8>,
}

/// The pages of all commands, that of `cutover` itself first.
///
/// # Errors
///
/// None in practice: the pages are written to memory.
pub fn pages() -> io::Result<Vec<Page>> {
    let mut root = crate::command().disable_help_subcommand(true);
    root.build();
    let source = format!("cutover {}", root.get_version().unwrap_or_default());
    let mut pages = Vec::new();
    let mut open = vec![root];
    while let Some(command) = open.pop() {
        pages.push(page(&command, &source)?);
        let visible = command
            .get_subcommands()
            .filter(|command| !command.is_hide_set());
        open.extend(visible.cloned());
    }
    Ok(pages)
}

/// What it is, how it is used, and only then every option.
fn page(command: &Command, source: &str) -> io::Result<Page> {
    let man = Man::new(command.clone()).source(source).manual("cutover");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    if let Some(examples) = command.get_before_help() {
        let examples = examples.to_string();
        let lines = examples.lines().filter(|line| *line != "Examples:");
        let mut section = Roff::new();
        section.control("SH", ["EXAMPLES"]).control("nf", []);
        for line in lines {
            section.text([roman(line.trim_start())]);
        }
        section.control("fi", []);
        section.to_writer(&mut text)?;
    }
    man.render_options_section(&mut text)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    if let Some(notes) = command.get_after_help() {
        let mut section = Roff::new();
        section.control("SH", ["NOTES"]);
        section.text([roman(notes.to_string())]);
        section.to_writer(&mut text)?;
    }
    Ok(Page {
        name: man.get_filename(),
        text,
    })
}

#[derive(Serialize)]
struct Written<'a> {
    directory: &'a Path,
    pages: Vec<&'a str>,
}

impl Report for Written<'_> {
    fn write(&self, page: &mut output::Page<'_>) -> io::Result<()> {
        let folder = output::printable(&self.directory.to_string_lossy());
        writeln!(page, "{} pages in {folder}", self.pages.len())
    }
}

pub(crate) fn run(context: &Context, args: &ManArgs) -> Result<Exit, Failure> {
    let trouble = |error: io::Error| Failure::io("make the manual pages", &error);
    let pages = pages().map_err(trouble)?;
    let Some(directory) = &args.dir else {
        let mut to = stdout().lock();
        if let Some(first) = pages.first() {
            to.write_all(&first.text)?;
        }
        to.flush()?;
        return Ok(Exit::Done);
    };
    let at = |path: &Path| format!("write {}", path.display());
    fs::create_dir_all(directory).map_err(|error| Failure::io(at(directory), &error))?;
    for page in &pages {
        let path = directory.join(&page.name);
        fs::write(&path, &page.text).map_err(|error| Failure::io(at(&path), &error))?;
    }
    context.output.show_done(&Written {
        directory,
        pages: pages.iter().map(|page| page.name.as_str()).collect(),
    })?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(command: &Command, of: &str, into: &mut Vec<String>) {
        into.push(format!("{of}.1"));
        for command in command.get_subcommands() {
            names(command, &format!("{of}-{}", command.get_name()), into);
        }
    }

    #[test]
    fn every_command_has_a_page_with_its_examples() {
        let mut expected = Vec::new();
        names(&crate::command(), "cutover", &mut expected);
        let pages = pages().unwrap();
        let mut made: Vec<_> = pages.iter().map(|page| page.name.clone()).collect();
        made.sort();
        expected.sort();
        assert_eq!(made, expected);
        assert_eq!(pages[0].name, "cutover.1");
        for page in &pages {
            let text = String::from_utf8(page.text.clone()).unwrap();
            let command = page.name.trim_end_matches(".1");
            assert!(text.contains(".SH EXAMPLES\n"), "{command}");
            // A comparison of two documents has nothing to do with flags.
            let is_about_flags = command != "cutover-diff";
            let names_environment = text.contains("\\-\\-environment");
            assert_eq!(names_environment, is_about_flags, "{command}");
        }
    }
}
