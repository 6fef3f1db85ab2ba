//! Differences that old has with itself: noise.
//!
//! Old is run twice with the same input (A/A) beside old and new (A/B). A [`NoiseLearner`] counts
//! for every path and kind how often each pair differs there, and [`Noise`] is what that says:
//!
//! | class | when | in a verdict |
//! |---|---|---|
//! | noise | old differs from itself there in two pairs or more, and new does not differ from old more often | does not count; what it hides is counted |
//! | real | old never differs from itself there, however few pairs there are: hiding needs proof, showing does not. Or new differs significantly more often: one-sided exact test, false discovery rate over all paths at most 5 % | counts |
//! | undecided | neither: old differed from itself once, or in values that look otherwise than new's; or new gives values that old never gives | counts, and says so |
//!
//! A path that noise covers is not a licence. Every value is looked at by itself, in its case and at
//! its index: of old's `N` runs and the one of new, `m` part there from old's first. If new were one
//! more run of old, it would be among them with a chance of `m / (N + 1)`, and new differs more often
//! where it is among them more often than that over all such values. Where old answered the same in
//! all of its runs and new does not, the difference counts, whatever varies elsewhere; but for places
//! where old's own runs were seen to be at odds by chance for at least five values, and new stands
//! alone no more often than one of them does. Indexes of an array that changes its members or their
//! sequence from run to run tell nothing; there the place as a whole is one value of the case.
//!
//! Nor are old's values a licence for others. Of every value at a place where runs part a hash is
//! kept, with the runs that gave it, and new's differences count there (as undecided)
//!
//! - whose value old gave in none of its runs, in any case: once, where all that old gives was given
//!   several times; or more than once, where old never gives the same twice;
//! - that are the same in all records of a case, of which there are two or more, where old gives that
//!   value in less than a sixth of its runs of the case.
//!
//! Each of old's runs is held to the same; where they have such values too, new needs significantly
//! more of them. Of texts that differ as a whole, the words are looked at: where new is the odd one
//! out in a word that all other runs of the record agree on, and significantly more often than old's
//! runs are, its text counts.
//!
//! What the counts cannot tell: whether new's values are *right* where old's never are the same
//! twice. That is why rules are [suggested](Noise::rules_file) to a person, who knows, and nothing
//! is ignored silently.
//!
//! ```
//! use cutover_domain::comparison::noise::{NoiseClass, NoiseLearner, NoiseSample};
//! use cutover_domain::comparison::{Comparator, DifferenceKind};
//! use cutover_domain::tree::Tree;
//!
//! let answer = |at: u32, sum: u32| {
//!     Tree::from_json(&format!(r#"{{"at": "2026-01-01T00:00:{at:02}Z", "sum": {sum}}}"#))
//! };
//! let compare = Comparator::default();
//! let mut learner = NoiseLearner::new();
//! for case in 0..10 {
//!     let (old, again, new) = (answer(case, 7)?, answer(case + 1, 7)?, answer(case + 2, 8)?);
//!     let new = compare.compare(&old, &new);
//!     let itself = NoiseSample::beside(&new, &[compare.compare(&old, &again)]);
//!     learner.add(Some(&itself), &new);
//! }
//!
//! let noise = learner.learned();
//! assert_eq!(noise.class("$.at", DifferenceKind::Value), NoiseClass::Noise);
//! assert_eq!(noise.class("$.sum", DifferenceKind::Value), NoiseClass::Real);
//! assert_eq!((noise.hidden_differences, noise.equal), (10, 0));
//! assert!(noise.rules_file().unwrap().contains(r#""$.at""#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod evidence;
mod exact;
mod foreign;
mod given;
mod learned;
mod learner;
mod reading;
mod sample;
mod sampling;
mod strata;
mod suggestion;
mod values;
mod words;

pub use exact::more_often;
pub use given::{Given, GivenAt};
pub use learned::{Hides, Noise, NoiseClass, NoisePath};
pub use learner::NoiseLearner;
pub use reading::{PlaceReading, Reading};
pub use sample::{NoiseFinding, NoiseSample, OddPart};
pub use sampling::Sampling;
pub use strata::Stratum;
pub use suggestion::{SuggestedRule, Suggestion};
pub use values::Values;
