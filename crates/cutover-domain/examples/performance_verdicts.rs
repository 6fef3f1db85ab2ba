//! How often verdicts on performance are wrong, and how often there is one: the tables of
//! `docs/verdicts.md`.
//!
//! ```console
//! $ cargo run --release -p cutover-domain --example performance_verdicts [ROUNDS]
//! ```

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

#[path = "../tests/it/comparison/measurements.rs"]
mod measurements;

use cutover_domain::comparison::performance::{Answer, Performance, Statistic};

use measurements::{Lot, Setting, Shape};

const COUNTS: [usize; 4] = [20, 50, 200, 1_000];

const SHAPES: [(&str, Shape, f64); 7] = [
    ("normal, a tenth wide", Shape::Normal, 0.0),
    ("the same, inputs of many sizes", Shape::Normal, 0.5),
    ("lognormal, σ = 1", Shape::Wide, 0.0),
    ("Student's t, 3 degrees", Shape::Tailed, 0.0),
    ("normal, in whole ms around 100", Shape::Rounded(100.0), 0.0),
    ("normal, in whole ms around 10", Shape::Rounded(10.0), 0.0),
    ("only new has a long tail", Shape::Lopsided, 0.0),
];

/// The ratio that is not quite the truth, or more than it.
const HAIR: f64 = 1e-6;

fn main() {
    let rounds = std::env::args().nth(1);
    let rounds: usize = rounds
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(10_000);
    for kept in [0.0, 0.5] {
        println!("\nEach measurement keeps {kept} of the noise before; {rounds} rounds.\n");
        print!("| false passes, % |");
        for (statistic, count) in cells() {
            print!(" {} {count} |", statistic.word());
        }
        println!("\n|---|{}", "--:|".repeat(cells().count()));
        for (name, shape, sizes) in SHAPES {
            let setting = Setting { shape, kept, sizes };
            print!("| {name} |");
            for (statistic, count) in cells() {
                let limit = truth(&setting, statistic) * (1.0 - HAIR);
                print!(
                    " {:.1} |",
                    passes(&setting, statistic, count, limit, rounds)
                );
            }
            println!();
        }
    }
    println!("\nPasses of a new that is as fast as old, at a limit of 5 % more.\n");
    print!("| passes, % |");
    for (statistic, count) in cells() {
        print!(" {} {count} |", statistic.word());
    }
    println!("\n|---|{}", "--:|".repeat(cells().count()));
    for (name, shape, sizes, kept) in [
        ("normal, a tenth wide", Shape::Normal, 0.0, 0.0),
        ("the same, half of the noise kept", Shape::Normal, 0.0, 0.5),
        ("the same, inputs of many sizes", Shape::Normal, 0.5, 0.0),
        ("Student's t, 3 degrees", Shape::Tailed, 0.0, 0.0),
    ] {
        let setting = Setting { shape, kept, sizes };
        print!("| {name} |");
        for (statistic, count) in cells() {
            print!(
                " {:.0} |",
                passes(&setting, statistic, count, 1.05, rounds / 5)
            );
        }
        println!();
    }
}

/// Every statistic with every number of pairs that is enough for it.
fn cells() -> impl Iterator<Item = (Statistic, usize)> {
    Statistic::ALL.into_iter().flat_map(|statistic| {
        let enough = move |count: &usize| *count as u64 >= statistic.least_pairs();
        COUNTS
            .into_iter()
            .filter(enough)
            .map(move |count| (statistic, count))
    })
}

/// In how many per cent of the rounds a limit is said to be kept.
fn passes(setting: &Setting, statistic: Statistic, n: usize, limit: f64, rounds: usize) -> f64 {
    let mut lot = Lot::new(n as u64);
    let passes = (0..rounds).filter(|round| {
        let pairs = setting.pairs(&mut lot, n);
        let verdict = Performance::of(&pairs, *round as u64).judge(statistic, limit);
        verdict.answer == Answer::Pass
    });
    100.0 * passes.count() as f64 / rounds as f64
}

/// The ratio that would be found with any number of pairs.
fn truth(setting: &Setting, statistic: Statistic) -> f64 {
    if setting.shape != Shape::Lopsided {
        return 1.0;
    }
    let many = Setting {
        kept: 0.0,
        ..*setting
    }
    .pairs(&mut Lot::new(7), 1_000_000);
    let share = match statistic {
        Statistic::Mean => {
            let sum: f64 = many.iter().map(|(old, new)| (new / old).ln()).sum();
            return (sum / many.len() as f64).exp();
        }
        Statistic::P50 => 0.5,
        Statistic::P95 => 0.95,
        Statistic::P99 => 0.99,
    };
    let quantile = |side: fn(&(f64, f64)) -> f64| {
        let mut values: Vec<f64> = many.iter().map(side).collect();
        values.sort_by(f64::total_cmp);
        values[(share * values.len() as f64) as usize]
    };
    quantile(|pair| pair.1) / quantile(|pair| pair.0)
}
