//! What the demonstration prints: chapters, sentences, figures.

use std::io::{self, IsTerminal, Write};

const WIDTH: usize = 92;

/// Tells the story on a stream.
pub struct Story {
    out: Box<dyn Write>,
    colour: bool,
    chapters: usize,
    disappointments: usize,
}

/// How a piece of text is to look.
#[derive(Clone, Copy)]
enum Tone {
    Strong,
    Quiet,
    Good,
    Bad,
    Accent,
}

impl Story {
    /// On standard output; in colour on a terminal, unless the user said that there be none.
    #[must_use]
    pub fn on_stdout(no_colour: bool) -> Self {
        let stdout = io::stdout();
        Self {
            colour: stdout.is_terminal() && !no_colour,
            out: Box::new(stdout),
            chapters: 0,
            disappointments: 0,
        }
    }

    /// Whether every verdict was a good one.
    #[must_use]
    pub fn went_well(&self) -> bool {
        self.disappointments == 0
    }

    /// Begins a chapter.
    pub fn chapter(&mut self, title: &str) -> io::Result<()> {
        self.chapters += 1;
        let number = self.paint(Tone::Accent, &format!("{:>2}", self.chapters));
        let title = self.paint(Tone::Strong, title);
        writeln!(self.out, "\n{number}  {title}")
    }

    /// A paragraph, wrapped and indented.
    pub fn say(&mut self, text: &str) -> io::Result<()> {
        for line in wrap(text, WIDTH - 4) {
            writeln!(self.out, "    {line}")?;
        }
        Ok(())
    }

    /// The same in the background: what something is good for.
    pub fn aside(&mut self, text: &str) -> io::Result<()> {
        for line in wrap(text, WIDTH - 4) {
            let line = self.paint(Tone::Quiet, &line);
            writeln!(self.out, "    {line}")?;
        }
        Ok(())
    }

    /// A figure with its name.
    pub fn figure(&mut self, name: &str, value: impl std::fmt::Display) -> io::Result<()> {
        self.figure_in(None, name, &value.to_string())
    }

    /// A figure that is as one wants it, or not. A bad one spoils the story.
    pub fn verdict(&mut self, good: bool, name: &str, value: &str) -> io::Result<()> {
        self.disappointments += usize::from(!good);
        self.measured(good, name, value)
    }

    /// A duration that is as short as one wants it, or not. A busy machine spoils no story.
    pub fn measured(&mut self, good: bool, name: &str, value: &str) -> io::Result<()> {
        self.figure_in(Some(if good { Tone::Good } else { Tone::Bad }), name, value)
    }

    fn figure_in(&mut self, tone: Option<Tone>, name: &str, value: &str) -> io::Result<()> {
        let mut name = self.paint(Tone::Quiet, &format!("{name:<24}"));
        for line in wrap(value, WIDTH - 30) {
            let line = tone.map_or_else(|| line.clone(), |tone| self.paint(tone, &line));
            writeln!(self.out, "    {name}  {line}")?;
            name = " ".repeat(24);
        }
        Ok(())
    }

    /// One item of a list: how much, and what.
    pub fn item(&mut self, count: impl std::fmt::Display, text: &str) -> io::Result<()> {
        let count = format!("{count:>7}");
        let mut lines = wrap(text, WIDTH - 14).into_iter();
        let first = lines.next().unwrap_or_default();
        writeln!(
            self.out,
            "    {}  {first}",
            self.paint(Tone::Strong, &count)
        )?;
        for line in lines {
            writeln!(self.out, "             {line}")?;
        }
        Ok(())
    }

    /// What belongs to the item before.
    pub fn detail(&mut self, text: &str) -> io::Result<()> {
        for line in wrap(text, WIDTH - 14) {
            let line = self.paint(Tone::Quiet, &line);
            writeln!(self.out, "             {line}")?;
        }
        Ok(())
    }

    /// A command that was run, or that one may type.
    pub fn command(&mut self, command: &str) -> io::Result<()> {
        let prompt = self.paint(Tone::Quiet, "$");
        let command = self.paint(Tone::Accent, command);
        writeln!(self.out, "    {prompt} {command}")
    }

    /// An empty line.
    pub fn pause(&mut self) -> io::Result<()> {
        writeln!(self.out)?;
        self.out.flush()
    }

    fn paint(&self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Strong => "1",
            Tone::Quiet => "2",
            Tone::Good => "32",
            Tone::Bad => "33",
            Tone::Accent => "36",
        };
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// A bar of `width` cells, filled by `share` (0 to 1).
#[must_use]
pub fn bar(share: f64, width: usize) -> String {
    let eighths = (share.clamp(0.0, 1.0) * width as f64 * 8.0).round() as usize;
    let mut bar = "█".repeat(eighths / 8);
    bar.push_str(["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]);
    let filled = bar.chars().count();
    bar.extend(std::iter::repeat_n('·', width.saturating_sub(filled)));
    bar
}

/// Breaks a text into lines of at most `width` characters, between words.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().map_or(0, |line| line.chars().count());
        if line > 0 && line + 1 + word.chars().count() > width {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_wide_as_it_is_told() {
        for share in 0..=100 {
            assert_eq!(bar(f64::from(share) / 100.0, 20).chars().count(), 20);
        }
        assert_eq!(bar(0.25, 8), "██······");
        assert_eq!(
            bar(0.01, 20),
            "▏···················".to_owned().replace('▏', "▎")
        );
    }

    #[test]
    fn text_is_wrapped_between_words() {
        assert_eq!(wrap("one two  three", 8), ["one two", "three"]);
        assert_eq!(wrap("unbreakable", 4), ["unbreakable"]);
    }
}
