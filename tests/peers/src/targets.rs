//! What we want of ourselves, and whether this run has seen it.

use serde_json::{Value as Json, json};

use crate::report::{Figures, Report, Row};
use crate::way::Engine;

/// One aim and the figure beside it.
#[derive(Debug)]
pub struct Target {
    /// What is wanted.
    pub aim: String,
    /// What was seen.
    pub seen: String,
    /// Whether that is enough; `None` where it was not measured.
    pub met: Option<bool>,
}

/// Instructions, by scenario and way.
const INSTRUCTIONS: [(&str, &str, f64); 5] = [
    ("percentage", "reader", 100.0),
    ("percentage", "handle", 170.0),
    ("percentage", "key", 320.0),
    ("killed", "reader", 60.0),
    ("killed", "handle", 125.0),
];

/// How many times fewer instructions by handle than yggdrasil.
const FEWER: f64 = 12.0;

/// How many times faster by key than any peer.
const FASTER: f64 = 4.0;

/// What a thread does beside another one, relative to what a bare hash does.
const FLAT: f64 = 0.9;

impl Target {
    /// All of them.
    #[must_use]
    pub fn all(report: &Report) -> Vec<Self> {
        let mut targets: Vec<Self> = INSTRUCTIONS
            .into_iter()
            .map(|(scenario, by, most)| instructions(report, scenario, by, most))
            .collect();
        targets.push(fewer(report));
        targets.push(faster(report));
        targets.push(allocations(report));
        targets.extend(["handle", "key"].map(|by| flat(report, by)));
        targets
    }

    /// One line for people.
    #[must_use]
    pub fn line(&self) -> String {
        let word = match self.met {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "unknown",
        };
        format!("{word:8}{}: {}", self.aim, self.seen)
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Json {
        json!({"aim": self.aim, "seen": self.seen, "met": self.met})
    }

    fn new(aim: String, seen: Option<(String, bool)>) -> Self {
        match seen {
            Some((seen, met)) => Self {
                aim,
                seen,
                met: Some(met),
            },
            None => Self {
                aim,
                seen: "not measured".to_owned(),
                met: None,
            },
        }
    }
}

impl Report {
    fn scenario(&self, name: &str) -> Option<&Figures> {
        self.scenarios.iter().find(|figures| figures.name == name)
    }
}

fn instructions(report: &Report, scenario: &str, by: &str, most: f64) -> Target {
    let seen = report
        .scenario(scenario)
        .and_then(|figures| figures.ours(by)?.instructions);
    Target::new(
        format!("{scenario} by {by}, at most {most} instructions"),
        seen.map(|count| (format!("{count:.0}"), count.round() <= most)),
    )
}

fn fewer(report: &Report) -> Target {
    let seen = report.scenario("percentage").and_then(|figures| {
        let ours = figures.ours("handle")?.instructions?;
        let theirs = figures
            .peers()
            .find(|row| row.engine == Engine::Yggdrasil)?;
        Some(theirs.instructions? / ours)
    });
    Target::new(
        format!("percentage by handle, {FEWER} × fewer instructions than yggdrasil"),
        seen.map(|times| (format!("{times:.1} ×"), times >= FEWER)),
    )
}

/// How many times faster than the fastest peer, and which that is.
fn lead(figures: &Figures) -> Option<(f64, &Row)> {
    let ours = figures.ours("key")?.alone;
    let peer = figures.peers().min_by(|a, b| a.alone.total_cmp(&b.alone))?;
    Some((peer.alone / ours, peer))
}

fn faster(report: &Report) -> Target {
    let seen = report.scenario("percentage").and_then(lead);
    Target::new(
        format!("percentage by key, {FASTER} × faster than every peer"),
        seen.map(|(times, peer)| (beside(times, peer), times >= FASTER)),
    )
}

/// Where we are least ahead of others by key: no aim, but good to know.
#[must_use]
pub fn least_lead(report: &Report) -> Option<String> {
    let leads = report
        .scenarios
        .iter()
        .filter_map(|figures| Some((figures.name, lead(figures)?)));
    let (name, (times, peer)) = leads.min_by(|(_, (a, _)), (_, (b, _))| a.total_cmp(b))?;
    Some(format!("{name}, {}", beside(times, peer)))
}

fn beside(times: f64, peer: &Row) -> String {
    format!("{times:.1} × beside {}, {}", peer.engine.name(), peer.by)
}

fn allocations(report: &Report) -> Target {
    let ours = report
        .scenarios
        .iter()
        .flat_map(|figures| &figures.rows)
        .filter(|row| row.engine == Engine::Cutover);
    let most = ours.map(|row| row.allocations).max_by(f64::total_cmp);
    Target::new(
        "no allocation in any scenario".to_owned(),
        most.map(|most| (format!("{most} at most"), most == 0.0)),
    )
}

fn flat(report: &Report, by: &str) -> Target {
    let seen = report.scenario("percentage").and_then(|figures| {
        let floor = figures
            .rows
            .iter()
            .find(|row| row.engine == Engine::Floor)?;
        Some((figures.ours(by)?.flatness(), floor.flatness()))
    });
    Target::new(
        format!("percentage by {by}, flat on two threads"),
        seen.map(|(ours, floor)| {
            let seen = format!("{ours:.2} beside {floor:.2} of a bare hash");
            (seen, ours >= FLAT * floor)
        }),
    )
}
