//! Differences for eyes: grouped by where they are, a few of each group.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::{self, Write};

use cutover_domain::comparison::report::{brief_path, generalize, shorten, shorten_apart};
use cutover_domain::comparison::{Comparison, Difference, Severity};
use cutover_domain::tree::Tree;

use crate::output::style::{BAD, BOLD, DIM, GOOD, WARN};
use crate::output::{Page, counted, printable};

/// How many of a group are shown.
const EXAMPLES: usize = 5;
/// How much of a value is shown where the page has no width.
const VALUE_WIDTH: usize = 100;

/// One difference, as text.
#[derive(Clone, Debug)]
pub(crate) struct Shown<'a> {
    pub(crate) path: &'a str,
    /// The place in new, where it is another one.
    pub(crate) new_path: Option<&'a str>,
    pub(crate) kind: &'a str,
    /// JSON.
    pub(crate) old: Option<&'a str>,
    pub(crate) new: Option<&'a str>,
    /// How often each side has it, where that is the difference.
    pub(crate) times: Option<(usize, usize)>,
    /// `None` for the usual one.
    pub(crate) severity: Option<&'a str>,
    /// What is known of it besides.
    pub(crate) mark: Option<&'a str>,
}

/// Writes all of `differences`, and how many more there are when not all are given, with what is to
/// be known of those.
fn write<'a>(
    page: &mut Page<'_>,
    differences: impl IntoIterator<Item = Shown<'a>>,
    (more, of_them): (u64, &str),
) -> io::Result<()> {
    let mut groups: Vec<Vec<Shown<'a>>> = Vec::new();
    let mut places: HashMap<(String, &str), usize> = HashMap::new();
    for difference in differences {
        let place = (generalize(difference.path), difference.kind);
        match places.entry(place) {
            Entry::Occupied(known) => groups[*known.get()].push(difference),
            Entry::Vacant(unknown) => {
                unknown.insert(groups.len());
                groups.push(vec![difference]);
            }
        }
    }
    for group in &groups {
        write_group(page, group)?;
    }
    if more > 0 {
        writeln!(page, "{DIM}… and {more} more{of_them}{DIM:#}")?;
    }
    Ok(())
}

/// Writes all that a comparison found, but not whether the answers are equal.
pub(crate) fn write_comparison(page: &mut Page<'_>, comparison: &Comparison) -> io::Result<()> {
    write_all(page, comparison, &[], "; --limit shows more of them")
}

/// The same of a comparison that was kept, each difference with what is known of it by its number.
/// Noise comes last.
pub(crate) fn write_kept(
    page: &mut Page<'_>,
    comparison: &Comparison,
    marks: &[Mark],
) -> io::Result<()> {
    write_all(page, comparison, marks, ", which were not kept")
}

fn write_all(
    page: &mut Page<'_>,
    comparison: &Comparison,
    marks: &[Mark],
    of_more: &str,
) -> io::Result<()> {
    let differences = comparison.differences.iter().enumerate();
    let mut texts: Vec<_> = differences
        .map(|(number, difference)| Text {
            mark: marks.get(number).copied().unwrap_or_default().text(),
            ..Text::of(difference)
        })
        .collect();
    texts.sort_by_key(|text| text.mark.as_deref() == Some(NOISE));
    let more = comparison.counts.total().saturating_sub(texts.len() as u64);
    write(page, texts.iter().map(Text::shown), (more, of_more))?;
    write_asides(page, comparison)
}

/// Writes what a comparison says besides differences: what was not decided and what was hidden.
pub(crate) fn write_asides(page: &mut Page<'_>, comparison: &Comparison) -> io::Result<()> {
    for undecided in &comparison.inexact {
        writeln!(
            page,
            "{WARN}not decided:{WARN:#} {}: {} ({})",
            printable(&brief_path(&undecided.path)),
            printable(&undecided.what),
            counted(undecided.elements, "element")
        )?;
    }
    for hit in &comparison.hidden {
        writeln!(
            page,
            "{DIM}hidden by {}: {}{DIM:#}",
            printable(&hit.rule),
            hit.hidden
        )?;
    }
    Ok(())
}

/// What is known of a difference by what old differs in from itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Nothing.
    #[default]
    None,
    /// It does not count.
    Noise,
    /// In so many runs of the pair old always answered the same there.
    Same(u64),
    /// Old differs from itself there, and never gave what new did.
    Foreign,
}

const NOISE: &str = "noise";

impl Mark {
    fn text(self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Noise => Some(NOISE.to_owned()),
            Self::Same(runs) => Some(format!(
                "old was the same here in all {runs} of its runs beside this one"
            )),
            Self::Foreign => Some("old differs from itself here, and never gives this".to_owned()),
        }
    }
}

/// A difference with its values written out.
struct Text<'a> {
    mark: Option<String>,
    difference: &'a Difference,
    old: Option<String>,
    new: Option<String>,
}

impl<'a> Text<'a> {
    fn of(difference: &'a Difference) -> Self {
        // Of a text or a number what is shown lies where the other parts from it. Of others, much
        // more than what is shown, much less than what there may be.
        let json = |tree: &Tree| match tree.root().is_empty() {
            true => tree.to_json(),
            false => tree.excerpt(4 * VALUE_WIDTH).to_json(),
        };
        Self {
            mark: None,
            difference,
            old: difference.old.as_ref().map(json),
            new: difference.new.as_ref().map(json),
        }
    }

    fn shown(&self) -> Shown<'_> {
        let difference = self.difference;
        Shown {
            path: &difference.path,
            new_path: difference.new_path.as_deref(),
            kind: difference.kind.word(),
            old: self.old.as_deref(),
            new: self.new.as_deref(),
            times: difference.times.map(|times| (times.old, times.new)),
            severity: (difference.severity != Severity::default())
                .then(|| difference.severity.word()),
            mark: self.mark.as_deref(),
        }
    }
}

/// Writes differences of one kind at like places.
fn write_group(page: &mut Page<'_>, members: &[Shown<'_>]) -> io::Result<()> {
    let (first, count) = match members {
        [] => return Ok(()),
        [only] => return only.write(page, ""),
        [first, ..] => (first, members.len()),
    };
    let pattern = generalize(first.path);
    writeln!(
        page,
        "{BOLD}{}{BOLD:#}  {count} × {}",
        printable(&brief_path(&pattern)),
        first.kind
    )?;
    for member in members.iter().take(EXAMPLES) {
        member.write(page, "  ")?;
    }
    if count > EXAMPLES {
        writeln!(page, "  {DIM}… {} more like these{DIM:#}", count - EXAMPLES)?;
    }
    Ok(())
}

impl Shown<'_> {
    fn write(&self, page: &mut Page<'_>, indent: &str) -> io::Result<()> {
        let width = page.width().map_or(VALUE_WIDTH, usize::from).max(40) / 2;
        let value = |json: &str| shorten(&printable(json), width);
        let (style, sign) = match self.kind {
            "missing" => (BAD, '-'),
            "extra" => (GOOD, '+'),
            _ => (WARN, '~'),
        };
        write!(
            page,
            "{indent}{style}{sign}{style:#} {}",
            printable(&brief_path(self.path))
        )?;
        if let Some(new_path) = self.new_path {
            write!(
                page,
                " {DIM}(new: {}){DIM:#}",
                printable(&brief_path(new_path))
            )?;
        }
        write!(page, "  ")?;
        match (self.old, self.new, self.times) {
            (Some(both), _, Some((old, new))) | (None, Some(both), Some((old, new))) => {
                let value = value(both);
                write!(
                    page,
                    "{value}: {BAD}{old}{BAD:#} → {GOOD}{new}{GOOD:#} times"
                )?;
            }
            (Some(old), Some(new), None) => {
                let [old, new] = shorten_apart(&printable(old), &printable(new), width);
                write!(page, "{BAD}{old}{BAD:#} → {GOOD}{new}{GOOD:#}")?;
            }
            (Some(old), None, None) => write!(page, "{BAD}{}{BAD:#}", value(old))?,
            (None, Some(new), None) => write!(page, "{GOOD}{}{GOOD:#}", value(new))?,
            (None, None, _) => {}
        }
        write!(page, "  {DIM}{}", self.kind)?;
        if let Some(severity) = self.severity {
            write!(page, ", {severity}")?;
        }
        if let Some(mark) = self.mark {
            write!(page, "; {mark}")?;
        }
        writeln!(page, "{DIM:#}")
    }
}

#[cfg(test)]
mod tests {
    use cutover_domain::comparison::Rules;

    use super::*;

    fn shown<'a>(path: &'a str, kind: &'a str, old: &'a str, new: &'a str) -> Shown<'a> {
        let some = |value: &'a str| (!value.is_empty()).then_some(value);
        Shown {
            path,
            new_path: None,
            kind,
            old: some(old),
            new: some(new),
            times: None,
            severity: None,
            mark: None,
        }
    }

    fn text(differences: Vec<Shown<'_>>, more: u64) -> String {
        let mut bytes = Vec::new();
        write(&mut Page::new(&mut bytes, None), differences, (more, "")).unwrap();
        anstream::adapter::strip_str(&String::from_utf8(bytes).unwrap()).to_string()
    }

    #[test]
    fn of_texts_and_numbers_of_any_length_the_difference_is_seen() {
        for bytes in [30, 300, 450, 1_000, 1_999, 2_500, 100_000] {
            let same = "7".repeat(bytes);
            for quote in ["", "\""] {
                let [old, new] = ["1", "2"]
                    .map(|digit| Tree::from_json(&format!("{quote}{same}{digit}{quote}")).unwrap());
                let found = Rules::new().build().unwrap().compare(&old, &new);
                let mut page = Vec::new();
                write_comparison(&mut Page::new(&mut page, None), &found).unwrap();
                let page =
                    anstream::adapter::strip_str(&String::from_utf8(page).unwrap()).to_string();
                let (old, new) = page.split_once(" → ").unwrap();
                assert!(old.contains("71") && new.contains("72"), "{page}");
                assert!(page.len() < 150, "{page}");
            }
        }
    }

    #[test]
    fn differences_are_grouped_by_place_and_kind() {
        let paths: Vec<String> = (0..8)
            .map(|index| format!("$.items[{index}].price"))
            .collect();
        let mut all: Vec<_> = paths
            .iter()
            .map(|path| shown(path, "value", "1", "2"))
            .collect();
        all.push(shown("$.items[9]", "missing", r#"{"id":9}"#, ""));
        all.push(shown("$.total", "type", "8", "\"8\u{1b}\""));
        insta::assert_snapshot!(text(all, 3), @r#"
        $.items[*].price  8 × value
          ~ $.items[0].price  1 → 2  value
          ~ $.items[1].price  1 → 2  value
          ~ $.items[2].price  1 → 2  value
          ~ $.items[3].price  1 → 2  value
          ~ $.items[4].price  1 → 2  value
          … 3 more like these
        - $.items[9]  {"id":9}  missing
        ~ $.total  8 → "8\u{1b}"  type
        … and 3 more
        "#);
    }
}
