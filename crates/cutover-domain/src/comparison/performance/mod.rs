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
//! The pairs are drawn again 2,000 times, in blocks of neighbours and around the end (circular block
//! bootstrap: D. Politis and J. Romano, 1992), because measurements of one moment resemble each
//! other. The length of a block follows the autocorrelation of the log ratios (D. Politis and H.
//! White, 2004, corrected by A. Patton and both, 2009); independent measurements get length 1. The
//! bounds are the 5 % and 95 % quantiles of the log ratios so found, widened for small samples as
//! Student's distribution is wider than the normal one (T. Hesterberg, "What teachers should know
//! about the bootstrap", 2014). So a pass is false in at most one of twenty cases, and so is a fail.
//!
//! The draws come from a generator of our own, seeded by the caller: the same pairs and seed give
//! the same figures everywhere. Time is at most 2,000 passes over 10,000 pairs; of more pairs evenly
//! spaced ones are taken.
//!
//! What it cannot see: a cost that no pair showed. In n pairs without a slow one, slow ones may
//! still be 3 in n.

mod block;
mod bootstrap;
mod metric;
mod random;
mod sample;
mod verdict;

pub use bootstrap::{Performance, Statistic};
pub use metric::{Metric, PerformanceLimit, PerformanceLimits};
pub(crate) use sample::PairedSample;
pub use verdict::{Answer, Verdict};
