//! What old differs in from itself, and what of the differences is left when that is taken out.

use std::collections::HashMap;
use std::io::{self, Write};

use cutover_domain::comparison::noise::{Noise, NoiseClass, NoiseLearner};
use cutover_domain::comparison::{ComparisonRecord, DifferenceKind, RecordResult};
use serde::Serialize;

use super::{is_zero, worst};
use crate::output::style::{BAD, BOLD, DIM, WARN};
use crate::output::{Page, counted, printable};

/// So many places are listed.
const LISTED: usize = 20;

/// Learns from records, and then reads them again with what was learned.
#[derive(Debug, Default)]
pub(super) struct Settling {
    learner: NoiseLearner,
    learned: Option<Noise>,
    /// How the cases end, but for noise.
    cases: HashMap<String, RecordResult>,
    hidden: u64,
    left: u64,
    /// Pairs that differ by noise alone.
    by_noise: u64,
}

impl Settling {
    pub(super) fn learn(&mut self, record: &ComparisonRecord) {
        self.learner.record(record);
    }

    pub(super) fn learned(&self) -> Noise {
        self.learner.learned()
    }

    /// Whether there is noise to take out, so that the records are to be read again.
    pub(super) fn has_learned(&mut self) -> bool {
        let noise = self.learner.learned();
        if noise.is_empty() {
            return false;
        }
        self.learned = Some(noise);
        true
    }

    pub(super) fn read(&mut self, record: &ComparisonRecord) {
        let Some(noise) = &self.learned else { return };
        let reading = noise.read(record);
        let comparison = record.judgement.comparison();
        let total = comparison.map_or(0, |found| found.counts.total());
        let is_noise = record.result == RecordResult::Different;
        self.by_noise += u64::from(is_noise && reading.result == RecordResult::Equal);
        self.hidden += reading.hidden;
        self.left += total.saturating_sub(reading.hidden);
        worst(&mut self.cases, record.label(), reading.result);
    }

    /// How a case ends, but for noise; `raw` where nothing was learned.
    pub(super) fn case(&self, case: &str, raw: RecordResult) -> RecordResult {
        self.cases.get(case).copied().unwrap_or(raw)
    }

    pub(super) fn by_noise(&self) -> u64 {
        self.by_noise
    }

    pub(super) fn summary(self, cases: u64) -> Option<NoiseSummary> {
        let noise = self.learned?;
        let undecided = noise
            .paths
            .iter()
            .filter(|path| path.class == NoiseClass::Undecided);
        Some(NoiseSummary {
            self_pairs: noise.self_pairs,
            cases,
            hidden_differences: self.hidden,
            differences: self.left,
            noisy_places: noise.paths.len() as u64,
            undecided_places: undecided.count() as u64,
            suggestions: noise.suggestions.len() as u64,
            incomplete: noise.incomplete,
            unlearned: noise.unlearned,
            blinding: noise.blinding().map(ToString::to_string).collect(),
            places: noise
                .paths
                .iter()
                .take(LISTED)
                .map(|path| Place {
                    path: path.path.clone(),
                    kind: path.kind,
                    class: path.class,
                    why: path.why.clone(),
                })
                .collect(),
        })
    }
}

/// What is known about noise.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct NoiseSummary {
    /// How often old was compared with itself.
    pub(super) self_pairs: u64,
    /// Cases that differ by noise alone.
    pub(super) cases: u64,
    /// Differences that are noise.
    pub(super) hidden_differences: u64,
    /// Differences that are not, or not known to be.
    differences: u64,
    /// Places where old differs from itself.
    noisy_places: u64,
    /// Those of them where it is not decided whether a difference of new is noise: it counts.
    undecided_places: u64,
    /// Rules that would take noise away.
    pub(super) suggestions: u64,
    /// Pairs with more differences than are known by place: nothing is hidden in them.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) incomplete: u64,
    /// Differences at places past the number that is learned about: nothing is hidden there.
    #[serde(skip_serializing_if = "is_zero")]
    unlearned: u64,
    /// Those of them that would leave nothing to compare.
    #[serde(skip)]
    pub(super) blinding: Vec<String>,
    places: Vec<Place>,
}

/// A place where old differs from itself.
#[derive(Clone, Debug, Serialize)]
struct Place {
    path: String,
    kind: DifferenceKind,
    class: NoiseClass,
    why: String,
}

/// The verb for so many.
fn does(count: u64) -> &'static str {
    if count == 1 { "does" } else { "do" }
}

impl NoiseSummary {
    /// Of a run whose records are gone.
    pub(super) fn of_cases(cases: u64) -> Self {
        Self {
            cases,
            ..Self::default()
        }
    }

    pub(super) fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        if self.incomplete > 0 {
            writeln!(
                page,
                "{WARN}more differences than are known by place, or longer paths, so that nothing is \
                 taken for noise: {}{WARN:#}",
                counted(self.incomplete, "pair")
            )?;
        }
        if self.unlearned > 0 {
            writeln!(
                page,
                "{WARN}past the number of places that is learned about, so that nothing is taken for \
                 noise: {}{WARN:#}",
                counted(self.unlearned, "difference")
            )?;
        }
        if self.self_pairs == 0 {
            return Ok(());
        }
        if self.noisy_places == 0 {
            return writeln!(
                page,
                "{DIM}old never differed from itself, in {}{DIM:#}",
                counted(self.self_pairs, "comparison")
            );
        }
        writeln!(
            page,
            "{BOLD}old differs from itself{BOLD:#} at {}, in {} with itself",
            counted(self.noisy_places, "place"),
            counted(self.self_pairs, "comparison")
        )?;
        for place in &self.places {
            let style = match place.class {
                NoiseClass::Noise => DIM,
                NoiseClass::Undecided => WARN,
                NoiseClass::Real => BAD,
            };
            writeln!(
                page,
                "  {style}{:<10}{style:#} {} {}  {DIM}{}{DIM:#}",
                place.class.word(),
                printable(&place.path),
                place.kind,
                printable(&place.why)
            )?;
        }
        let more = self.noisy_places.saturating_sub(self.places.len() as u64);
        if more > 0 {
            writeln!(page, "  {DIM}… and {more} more{DIM:#}")?;
        }
        writeln!(
            page,
            "{} noise and {} not count, {} {}",
            match self.hidden_differences {
                1 => "1 difference is".to_owned(),
                many => format!("{many} differences are"),
            },
            does(self.hidden_differences),
            self.differences,
            does(self.differences)
        )
    }
}
