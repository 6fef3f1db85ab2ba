//! The figures, for people and for programs.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use crate::way::Engine;

/// Everything that was measured in one run.
#[derive(Debug)]
pub struct Report {
    /// By scenario.
    pub scenarios: Vec<Figures>,
}

/// One scenario.
#[derive(Debug)]
pub struct Figures {
    /// Its word.
    pub name: &'static str,
    /// What it is, for people.
    pub title: &'static str,
    /// By way; the hash comes first, then ours.
    pub rows: Vec<Row>,
}

/// One way of asking.
#[derive(Clone, Debug)]
pub struct Row {
    /// Whose.
    pub engine: Engine,
    /// What is at hand.
    pub by: &'static str,
    /// The share of yes among everybody; a floor has none.
    pub share: Option<f64>,
    /// Instructions per call, the loop's taken off; `None` where they were not counted.
    pub instructions: Option<f64>,
    /// Heap allocations per call.
    pub allocations: f64,
    /// Nanoseconds per call on one thread, the fastest sample.
    pub alone: f64,
    /// The same, the median.
    pub median: f64,
    /// Nanoseconds per call for each of two threads, the fastest sample.
    pub together: f64,
}

impl Row {
    /// What a thread does beside another one, relative to what it does alone: 1 is flat.
    #[must_use]
    pub fn flatness(&self) -> f64 {
        self.alone / self.together
    }
}

impl Figures {
    /// Our row by handle or by key.
    #[must_use]
    pub fn ours(&self, by: &str) -> Option<&Row> {
        self.rows
            .iter()
            .find(|row| row.engine == Engine::Cutover && row.by == by)
    }

    /// The rows of others.
    pub fn peers(&self) -> impl Iterator<Item = &Row> {
        let others = [Engine::Yggdrasil, Engine::LaunchDarkly];
        self.rows
            .iter()
            .filter(move |row| others.contains(&row.engine))
    }
}

const HEAD: [&str; 9] = [
    "",
    "Ir",
    "× handle",
    "× key",
    "time",
    "× handle",
    "× key",
    "2 threads",
    "allocations",
];

impl Report {
    /// Every scenario as a table. A ratio says how many times the cost of ours it is.
    #[must_use]
    pub fn table(&self) -> String {
        let mut lines = vec![Line::new(HEAD.map(str::to_owned))];
        for figures in &self.scenarios {
            lines.push(Line::Title(format!("{}: {}", figures.name, figures.title)));
            lines.extend(figures.rows.iter().map(|row| line(figures, row)));
        }
        let mut widths = [0; HEAD.len()];
        for line in &lines {
            if let Line::Cells(cells) = line {
                for (width, cell) in widths.iter_mut().zip(cells) {
                    *width = (*width).max(cell.chars().count());
                }
            }
        }
        let mut text = String::new();
        for line in &lines {
            match line {
                Line::Title(title) => text.push_str(&format!("\n{title}\n")),
                Line::Cells(cells) => {
                    let [name, figures @ ..] = cells;
                    let [first, others @ ..] = &widths;
                    let mut shown = format!("  {name:first$}");
                    for (cell, width) in figures.iter().zip(others) {
                        let _ = write!(shown, "  {cell:>width$}");
                    }
                    text.push_str(shown.trim_end());
                    text.push('\n');
                }
            }
        }
        text
    }

    /// The same for programs. What was not measured is `null`.
    #[must_use]
    pub fn json(&self, targets: Json) -> Json {
        let scenarios = self.scenarios.iter().map(|figures| {
            let ways = figures.rows.iter().map(|row| {
                json!({
                    "engine": row.engine.name(),
                    "by": row.by,
                    "share": row.share,
                    "instructions": row.instructions,
                    "allocations": row.allocations,
                    "nanoseconds": row.alone,
                    "nanoseconds_median": row.median,
                    "nanoseconds_two_threads": row.together,
                })
            });
            json!({
                "name": figures.name,
                "title": figures.title,
                "ways": ways.collect::<Vec<_>>(),
            })
        });
        json!({
            "schema": 1,
            "scenarios": scenarios.collect::<Vec<_>>(),
            "targets": targets,
        })
    }
}

enum Line {
    Title(String),
    Cells([String; HEAD.len()]),
}

impl Line {
    fn new(cells: [String; HEAD.len()]) -> Self {
        Self::Cells(cells)
    }
}

fn line(figures: &Figures, row: &Row) -> Line {
    let is_peer = figures.peers().any(|peer| std::ptr::eq(peer, row));
    let times = |by: &str, figure: fn(&Row) -> Option<f64>| {
        let ours = figures.ours(by).and_then(figure);
        match (figure(row), ours) {
            (Some(theirs), Some(ours)) if is_peer => format!("{:.1}", theirs / ours),
            _ => String::new(),
        }
    };
    Line::new([
        format!("{}, {}", row.engine.name(), row.by),
        row.instructions
            .map_or_else(|| "–".to_owned(), |count| format!("{count:.0}")),
        times("handle", |row| row.instructions),
        times("key", |row| row.instructions),
        format!("{:.1} ns", row.alone),
        times("handle", |row| Some(row.alone)),
        times("key", |row| Some(row.alone)),
        format!("{:.2}", row.flatness()),
        format!("{:.2}", row.allocations)
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned(),
    ])
}
