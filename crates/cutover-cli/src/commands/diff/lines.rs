//! Two texts as one, with what was taken away and added: what people know from `diff -u`.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::ops::Range;

use cutover_domain::comparison::{Comparator, Comparison, Difference, DifferenceKind};
use cutover_domain::tree::{Tree, TreeBuilder};

use crate::commands::differences::shorten;
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
    more: u64,
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
    /// There are more than those.
    cut: bool,
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
            differences => Changes::of(differences, comparison.truncated)?,
        };
        let mut texts = [lines(old)?, lines(new)?];
        let [old, new] = &texts;
        let left = (old.len() - changes.old.len(), new.len() - changes.new.len());
        if !changes.cut && left.0 != left.1 {
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
        if unended_old != unended_new && !changes.cut {
            changes.end_differs(old.len(), new.len());
        }
        let shown = |lines: Vec<&'t str>| {
            let lines = lines.into_iter();
            lines.map(|line| redaction.text(line)).collect()
        };
        Some(Self {
            old: shown(old),
            new: shown(new),
            changes,
            unended: (unended_old, unended_new),
            more: comparison
                .counts
                .total()
                .saturating_sub(comparison.differences.len() as u64),
        })
    }

    pub(super) fn write(&self, page: &mut Page<'_>, names: (&str, &str)) -> io::Result<()> {
        writeln!(page, "{BOLD}--- {}{BOLD:#}", printable(names.0))?;
        writeln!(page, "{BOLD}+++ {}{BOLD:#}", printable(names.1))?;
        let steps = self.changes.steps(self.old.len(), self.new.len());
        for hunk in hunks(&steps) {
            self.write_hunk(page, &steps[hunk])?;
        }
        if self.more > 0 {
            let more = self.more;
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
                Step::Same(old, new) => {
                    let last = (old + 1, new + 1) == (self.old.len(), self.new.len());
                    let unended = last && self.unended == (true, true);
                    (anstyle::Style::new(), ' ', &self.old[old], unended)
                }
                Step::Old(old) => {
                    let unended = old + 1 == self.old.len() && self.unended.0;
                    (BAD, '-', &self.old[old], unended)
                }
                Step::New(new) => {
                    let unended = new + 1 == self.new.len() && self.unended.1;
                    (GOOD, '+', &self.new[new], unended)
                }
            };
            let text = visible(&shorten(text, LINE_WIDTH));
            writeln!(page, "{style}{sign}{text}{style:#}")?;
            if is_unended {
                writeln!(page, "{DIM}\\ no line end at the end of the text{DIM:#}")?;
            }
        }
        Ok(())
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
    fn of(differences: &[Difference], cut: bool) -> Option<Self> {
        let mut changes = Self {
            cut,
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

    /// Makes the last lines changed ones, unless one is already: their ends differ.
    fn end_differs(&mut self, old: usize, new: usize) {
        if let (Some(old), Some(new)) = (old.checked_sub(1), new.checked_sub(1))
            && !self.old.contains(&old)
            && !self.new.contains(&new)
        {
            self.old.insert(old);
            self.new.insert(new);
        }
    }

    /// All lines in order; where there are more changes than those known, up to the last of them.
    fn steps(&self, old: usize, new: usize) -> Vec<Step> {
        let end = |changes: &BTreeSet<usize>, length: usize| match changes.last() {
            _ if !self.cut => length,
            Some(last) => length.min(last + 1),
            None => 0,
        };
        let (old_end, new_end) = (end(&self.old, old), end(&self.new, new));
        let (mut at_old, mut at_new) = (0, 0);
        let mut steps = Vec::with_capacity(old.max(new));
        while at_old < old_end || at_new < new_end {
            let step = if self.old.contains(&at_old) {
                Step::Old(at_old)
            } else if self.new.contains(&at_new) {
                Step::New(at_new)
            } else if at_old < old && at_new < new {
                Step::Same(at_old, at_new)
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
    let mut changes = Changes::of(&comparison.differences, comparison.truncated)?;
    changes.old.remove(&count);
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
