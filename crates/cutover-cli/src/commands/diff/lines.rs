//! Two texts as one, with what was taken away and added: what people know from `diff -u`.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::ops::Range;

use cutover_domain::comparison::report::shorten;
use cutover_domain::comparison::{Comparator, Comparison, Difference, DifferenceKind};
use cutover_domain::tree::{Tree, TreeBuilder};

use crate::output::style::{BAD, BOLD, DIM, GOOD};
use crate::output::{Page, printable};

/// Lines shown around a change.
const CONTEXT: usize = 3;
/// How much of a line is shown.
const LINE_WIDTH: usize = 500;
/// What some editors and systems put before a text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The differences of two texts, line by line.
pub(super) struct Lines<'t> {
    old: Vec<Cow<'t, str>>,
    new: Vec<Cow<'t, str>>,
    changes: Changes,
    /// Of each text, whether its last line has no end.
    unended: (bool, bool),
}

/// A line of one text or of both, by its places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Same(usize, usize),
    Old(usize),
    New(usize),
}

impl Step {
    fn in_old(self) -> Option<usize> {
        match self {
            Self::Same(old, _) | Self::Old(old) => Some(old),
            Self::New(_) => None,
        }
    }

    fn in_new(self) -> Option<usize> {
        match self {
            Self::Same(_, new) | Self::New(new) => Some(new),
            Self::Old(_) => None,
        }
    }
}

/// Which lines were taken away and added. All others are the same on both sides, in their order.
#[derive(Debug, Default)]
struct Changes {
    old: BTreeSet<usize>,
    new: BTreeSet<usize>,
    /// So many differences more than those there are.
    more: u64,
}

impl<'t> Lines<'t> {
    /// The lines of two texts and what a comparison found. None if it cannot be shown as lines
    /// that were taken away and added: the rules look at the lines in another way.
    pub(super) fn of(
        comparator: &'t Comparator,
        comparison: &Comparison,
        old: &'t Tree,
        new: &'t Tree,
    ) -> Option<Self> {
        let redaction = comparator.redaction();
        let mut hidden = comparison.hidden.iter();
        let is_unordered = hidden.any(|hit| hit.rule.starts_with("unordered"));
        if comparison.equal || is_unordered || redaction.needs_structure() {
            return None;
        }
        let mut changes = match &*comparison.differences {
            [only] if only.kind == DifferenceKind::Order => moved(comparator, old, new)?,
            differences => Changes::of(differences, comparison.counts.total())?,
        };
        let mut texts = [lines(old)?, lines(new)?];
        let [old, new] = &texts;
        let left = (old.len() - changes.old.len(), new.len() - changes.new.len());
        if changes.more == 0 && left.0 != left.1 {
            return None;
        }
        // The line after the last line end is none.
        let [unended_old, unended_new] = texts.each_mut().map(|lines| {
            let unended = lines.last().is_some_and(|line| !line.is_empty());
            if !unended {
                lines.pop();
            }
            unended
        });
        let [old, new] = texts;
        changes.old.remove(&old.len());
        changes.new.remove(&new.len());
        let shown = |lines: Vec<&'t str>| {
            let lines = lines.into_iter();
            lines.map(|line| redaction.text(line)).collect()
        };
        Some(Self {
            old: shown(old),
            new: shown(new),
            changes,
            unended: (unended_old, unended_new),
        })
    }

    pub(super) fn write(&self, page: &mut Page<'_>, names: (&str, &str)) -> io::Result<()> {
        writeln!(page, "{BOLD}--- {}{BOLD:#}", printable(names.0))?;
        writeln!(page, "{BOLD}+++ {}{BOLD:#}", printable(names.1))?;
        let steps = self.steps();
        for hunk in hunks(&steps) {
            self.write_hunk(page, &steps[hunk])?;
        }
        if self.changes.more > 0 {
            let more = self.changes.more;
            writeln!(
                page,
                "{DIM}… and {more} more; --limit shows more of them{DIM:#}"
            )?;
        }
        for note in self.notes(&steps) {
            writeln!(page, "{DIM}{note}{DIM:#}")?;
        }
        Ok(())
    }

    fn write_hunk(&self, page: &mut Page<'_>, steps: &[Step]) -> io::Result<()> {
        let place = |lines: Vec<usize>| match (lines.first(), lines.len()) {
            (None, _) => "0,0".to_owned(),
            (Some(first), 1) => (first + 1).to_string(),
            (Some(first), count) => format!("{},{count}", first + 1),
        };
        let old = place(steps.iter().filter_map(|step| step.in_old()).collect());
        let new = place(steps.iter().filter_map(|step| step.in_new()).collect());
        writeln!(page, "{DIM}@@ -{old} +{new} @@{DIM:#}")?;
        for step in steps {
            let (style, sign, text, is_unended) = match *step {
                Step::Same(old, _) => {
                    let unended = self.is_unended_in_old(old);
                    (anstyle::Style::new(), ' ', &self.old[old], unended)
                }
                Step::Old(old) => (BAD, '-', &self.old[old], self.is_unended_in_old(old)),
                Step::New(new) => (GOOD, '+', &self.new[new], self.is_unended_in_new(new)),
            };
            let text = visible(&shorten(text, LINE_WIDTH));
            writeln!(page, "{style}{sign}{text}{style:#}")?;
            if is_unended {
                writeln!(page, "{DIM}\\ No newline at end of file{DIM:#}")?;
            }
        }
        Ok(())
    }

    fn is_unended_in_old(&self, line: usize) -> bool {
        self.unended.0 && line + 1 == self.old.len()
    }

    fn is_unended_in_new(&self, line: usize) -> bool {
        self.unended.1 && line + 1 == self.new.len()
    }

    /// All lines in order; where there are more changes than those known, up to the last of them.
    fn steps(&self) -> Vec<Step> {
        let (old, new) = (self.old.len(), self.new.len());
        let end = |changes: &BTreeSet<usize>, length: usize| match changes.last() {
            _ if self.changes.more == 0 => length,
            Some(last) => length.min(last + 1),
            None => 0,
        };
        let (old_end, new_end) = (end(&self.changes.old, old), end(&self.changes.new, new));
        let (mut at_old, mut at_new) = (0, 0);
        let mut steps = Vec::with_capacity(old.max(new));
        while at_old < old_end || at_new < new_end {
            let step = if self.changes.old.contains(&at_old) {
                Step::Old(at_old)
            } else if self.changes.new.contains(&at_new) {
                Step::New(at_new)
            } else if at_old < old && at_new < new {
                if self.is_unended_in_old(at_old) != self.is_unended_in_new(at_new) {
                    // The same text, but only one of them has an end.
                    steps.push(Step::Old(at_old));
                    at_old += 1;
                    Step::New(at_new)
                } else {
                    Step::Same(at_old, at_new)
                }
            } else if at_old < old_end {
                Step::Old(at_old)
            } else if at_new < new_end {
                Step::New(at_new)
            } else {
                break;
            };
            at_old += usize::from(!matches!(step, Step::New(_)));
            at_new += usize::from(!matches!(step, Step::Old(_)));
            steps.push(step);
        }
        steps
    }

    /// What is hard to see in the lines themselves.
    fn notes(&self, steps: &[Step]) -> Vec<String> {
        let mut notes = Vec::new();
        let mark = |lines: &[Cow<'_, str>]| {
            lines
                .first()
                .is_some_and(|line| line.starts_with(BYTE_ORDER_MARK))
        };
        match (mark(&self.old), mark(&self.new)) {
            (true, false) => notes.push("old begins with a byte-order mark (U+FEFF)".to_owned()),
            (false, true) => notes.push("new begins with a byte-order mark (U+FEFF)".to_owned()),
            _ => {}
        }
        let ends = self.ends_that_differ(steps);
        if ends > 0 {
            notes.push(format!(
                "{ends} of the lines shown differ only in their end: \\r\\n is that of Windows, \
                 \\n of Unix"
            ));
        }
        notes
    }

    /// How many lines are replaced by one with the same text before a carriage return.
    fn ends_that_differ(&self, steps: &[Step]) -> usize {
        let is_same = |step: &Step| matches!(step, Step::Same(..));
        steps
            .split(is_same)
            .map(|changed| {
                let old = changed.iter().filter_map(|step| step.in_old());
                let new = changed.iter().filter_map(|step| step.in_new());
                let (old, new) = (old.map(|at| &self.old[at]), new.map(|at| &self.new[at]));
                let only_end = |(old, new): &(&Cow<'_, str>, &Cow<'_, str>)| {
                    old != new && old.trim_end_matches('\r') == new.trim_end_matches('\r')
                };
                old.zip(new).filter(only_end).count()
            })
            .sum()
    }
}

impl Changes {
    /// The changes that differences tell of. None if one is of another sort.
    fn of(differences: &[Difference], all: u64) -> Option<Self> {
        let mut changes = Self {
            more: all.saturating_sub(differences.len() as u64),
            ..Self::default()
        };
        for difference in differences {
            let old = index(&difference.path)?;
            let new = difference.new_path.as_deref().map_or(Some(old), index)?;
            match difference.kind {
                DifferenceKind::Missing => {
                    changes.old.insert(old);
                }
                DifferenceKind::Extra => {
                    changes.new.insert(new);
                }
                DifferenceKind::Value | DifferenceKind::Type => {
                    changes.old.insert(old);
                    changes.new.insert(new);
                }
                _ => return None,
            }
        }
        Some(changes)
    }
}

/// Of the same lines in another sequence the comparison says only that; with one more on one side,
/// which is no line of text, it says which of them moved.
fn moved(comparator: &Comparator, old: &Tree, new: &Tree) -> Option<Changes> {
    let mut longer = TreeBuilder::with_capacity(old.node_count() + 1, 0);
    longer.begin_array();
    let mut count = 0;
    for line in old.root().items() {
        longer.value(line);
        count += 1;
    }
    longer.null();
    longer.end_array();
    let comparison = comparator.compare(&longer.finish().ok()?, new);
    let mut changes = Changes::of(&comparison.differences, comparison.counts.total())?;
    let is_known = changes.old.remove(&count);
    changes.more = changes.more.saturating_sub(u64::from(!is_known));
    Some(changes)
}

fn lines(tree: &Tree) -> Option<Vec<&str>> {
    tree.root().items().map(|line| line.as_str()).collect()
}

/// `$[3]`
fn index(path: &str) -> Option<usize> {
    path.strip_prefix("$[")?.strip_suffix(']')?.parse().ok()
}

/// Changes with the lines around them, those that touch as one.
fn hunks(steps: &[Step]) -> Vec<Range<usize>> {
    let mut hunks: Vec<Range<usize>> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        if matches!(step, Step::Same(..)) {
            continue;
        }
        let around = at.saturating_sub(CONTEXT)..(at + CONTEXT + 1).min(steps.len());
        match hunks.last_mut() {
            Some(last) if last.end >= around.start => last.end = around.end,
            _ => hunks.push(around),
        }
    }
    hunks
}

/// The text with what cannot be seen made visible, but for tabs, which harm nobody.
fn visible(text: &str) -> String {
    text.split('\t')
        .map(printable)
        .collect::<Vec<_>>()
        .join("\t")
}

#[cfg(test)]
mod tests {
    use cutover_domain::comparison::Rules;
    use cutover_formats::text_lines;

    use super::*;

    /// What is shown of two texts; nothing where they are equal.
    fn shown(old: &str, new: &str, limit: usize) -> Option<String> {
        let comparator = Rules::new().limit(limit).build().unwrap();
        let [old, new] = [old, new].map(|text| text_lines(text.as_bytes()).unwrap());
        let comparison = comparator.compare(&old, &new);
        let lines = Lines::of(&comparator, &comparison, &old, &new);
        assert_eq!(lines.is_none(), comparison.equal);
        let mut to = Vec::new();
        lines?
            .write(&mut Page::new(&mut to, None), ("old", "new"))
            .unwrap();
        let text = String::from_utf8(to).unwrap();
        Some(anstream::adapter::strip_str(&text).to_string())
    }

    /// A line with its end, if it has one.
    fn with_ends(text: &str) -> Vec<String> {
        text.split_inclusive('\n').map(str::to_owned).collect()
    }

    /// What `patch` makes of `old`: every line that a hunk keeps or takes away must be there, as it
    /// says, and every hunk as long as it says.
    fn patched(old: &str, patch: &str) -> String {
        let lines = with_ends(old);
        let (mut at, mut made) = (0, String::new());
        let mut rest = patch.lines().skip(2).peekable();
        while let Some(head) = rest.next_if(|line| line.starts_with("@@ ")) {
            let ranges = head.trim_matches(['@', ' ']).split(' ');
            let ranges: Vec<(usize, usize)> = ranges
                .map(|range| {
                    let (start, length) = range[1..].split_once(',').unwrap_or((&range[1..], "1"));
                    (start.parse().unwrap(), length.parse().unwrap())
                })
                .collect();
            let start = ranges[0].0.saturating_sub(1);
            made.extend(lines[at..start].iter().map(String::as_str));
            at = start;
            let (mut of_old, mut of_new) = (0, 0);
            while let Some(line) = rest.next_if(|line| line.starts_with([' ', '-', '+'])) {
                let unended = rest.next_if(|line| line.starts_with('\\')).is_some();
                let text = format!("{}{}", &line[1..], if unended { "" } else { "\n" });
                if !line.starts_with('+') {
                    assert_eq!(lines[at], text, "{old:?}\n{patch}");
                    (at, of_old) = (at + 1, of_old + 1);
                }
                if !line.starts_with('-') {
                    made.push_str(&text);
                    of_new += 1;
                }
            }
            assert_eq!((of_old, of_new), (ranges[0].1, ranges[1].1), "{patch}");
        }
        made.extend(lines[at..].iter().map(String::as_str));
        made
    }

    #[test]
    fn what_is_shown_makes_new_of_old_whatever_ends_have_an_end() {
        // All texts of up to three lines of three sorts, with and without an end.
        let mut texts = vec![String::new()];
        let mut last = texts.clone();
        for _ in 0..3 {
            let more = last
                .iter()
                .flat_map(|text| ["a", "b", ""].map(|line| format!("{text}{line}\n")));
            last = more.collect();
            let unended = last.iter().map(|text| text[..text.len() - 1].to_owned());
            texts.extend(unended.filter(|text| !text.is_empty()));
            texts.extend(last.iter().cloned());
        }
        for old in &texts {
            for new in &texts {
                match shown(old, new, 100) {
                    Some(patch) => assert_eq!(patched(old, &patch), *new, "{old:?}\n{patch}"),
                    None => assert_eq!(old, new),
                }
            }
        }
    }

    #[test]
    fn long_texts_are_shown_in_hunks_that_fit() {
        let mut state = 7_u64;
        let mut draw = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % below
        };
        for round in 0..200 {
            let mut text = |changed: &[String]| {
                let mut lines: Vec<String> = match changed {
                    [] => (0..40).map(|_| format!("line {}", draw(30))).collect(),
                    old => old.to_vec(),
                };
                for _ in 0..draw(8) {
                    let at = draw(lines.len() as u64) as usize;
                    match draw(3) {
                        0 => drop(lines.remove(at)),
                        1 => lines.insert(at, format!("more {}", draw(3))),
                        _ => lines.swap(0, at),
                    }
                }
                lines
            };
            let old = text(&[]);
            let new = text(&old);
            let mut joined = |lines: &[String]| {
                format!(
                    "{}{}",
                    lines.join("\n"),
                    if draw(2) == 0 { "" } else { "\n" }
                )
            };
            let (old, new) = (joined(&old), joined(&new));
            if let Some(patch) = shown(&old, &new, 1000) {
                assert_eq!(patched(&old, &patch), new, "round {round}\n{patch}");
            }
        }
    }

    #[test]
    fn of_many_lines_that_moved_it_says_how_many_are_not_shown() {
        let lines: Vec<String> = (0..2_000).map(|line| format!("{line}\n")).collect();
        let (old, mut new) = (lines.concat(), lines);
        new.reverse();
        let patch = shown(&old, &new.concat(), 100).unwrap();
        let more = patch.lines().find_map(|line| {
            let rest = line.strip_prefix("… and ")?;
            rest.split(' ').next()?.parse::<usize>().ok()
        });
        assert!(more.unwrap() > 1_000, "{patch}");
        patched(&old, &patch);
    }
}
