//! Whether new is fast (small, frugal) enough, or whether more has to be measured to say so.
//!
//! Old and new are measured with the same input, pair by pair, and what counts is the ratio of new
//! to old. [`Performance`] estimates it four ways with an interval each, and
//! [`judge`](Performance::judge) holds one of them against a limit: a test of non-inferiority.
//!
//! - **pass**: the whole interval is at or below the limit;
//! - **fail**: the whole interval is above it;
//! - **insufficient**: the limit is inside, or there are too few pairs; the verdict estimates how
//!   many more would do.
//!
//! ```
//! use cutover_domain::comparison::performance::{Answer, Performance, Statistic};
//!
//! // Nanoseconds of old and new, in the order of execution, warm-up left out. New takes 20 % less.
//! let pairs: Vec<(f64, f64)> = (0..60)
//!     .map(|run| (1000.0 + f64::from(run * 7919 % 100), 800.0 + f64::from(run * 104_729 % 100)))
//!     .collect();
//!
//! let performance = Performance::of(&pairs, 42);
//! let verdict = performance.judge(Statistic::Mean, 1.05);
//! assert_eq!(verdict.answer, Answer::Pass);
//! assert!(verdict.high.unwrap() < 0.85);
//!
//! // Whether the slowest one in a hundred got slower takes a thousand pairs.
//! let verdict = performance.judge(Statistic::P99, 1.05);
//! assert_eq!((verdict.answer, verdict.needed), (Answer::Insufficient, Some(940)));
//! ```
//!
//! # How the interval is found
//!
//! Measurements of one moment resemble each other, so their number says little about how much they
//! tell. How far a mean may be from the truth is taken from its slow movements, the projections on
//! the slowest cosine waves (Müller 2007; Lazarus, Lewis, Stock and Watson 2018), with Student's
//! distribution for the number of waves, and made wider where the values lean to one side (Hall
//! 1992). A quantile is bounded by the ranks that its share may have (Woodruff 1952), and the ratio
//! of two by how both move together. The code names the papers where it uses them.
//!
//! So a pass is false in about one of twenty cases at most, and so is a fail. Simulations with
//! independent and resembling, normal, heavy-tailed and rounded measurements, from 20 pairs on, hold
//! it to that; where new alone has a long tail and neighbours resemble each other, few pairs are wrong
//! a little more often. Tables are in `docs/verdicts.md` and printed by
//! `cargo run --release --example performance_verdicts -p cutover-domain`.
//!
//! The only thing drawn by lot is the order of equal values, from a generator of our own that the
//! caller seeds: the same pairs and seed give the same figures.
//!
//! What it cannot see: a cost that no pair showed. In n pairs without a slow one, slow ones may
//! still be 3 in n.

mod long_run;
mod metric;
mod quantile;
mod random;
mod sample;
mod statistic;
mod verdict;

pub use metric::{Metric, PerformanceLimit, PerformanceLimits};
pub(crate) use sample::PairedSample;
pub use statistic::{Performance, Statistic};
pub use verdict::{Answer, Verdict};
