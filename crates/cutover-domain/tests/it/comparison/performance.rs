//! What holds of performance verdicts, and how often they are wrong.

use cutover_domain::comparison::performance::{Answer, Performance, Statistic, Verdict};
use cutover_domain::comparison::report::wilson;
use proptest::prelude::*;

use super::measurements::{Lot, Setting, Shape};

/// Pairs whose true ratio is `ratio`: inputs differ in size, each side jitters by about a tenth.
fn pairs(lot: &mut Lot, n: usize, ratio: f64) -> Vec<(f64, f64)> {
    let setting = Setting {
        shape: Shape::Normal,
        kept: 0.0,
        sizes: 0.5,
    };
    let pairs = setting.pairs(lot, n).into_iter();
    pairs.map(|(old, new)| (old, ratio * new)).collect()
}

/// In how many of `rounds` the answer is `answer`.
fn share(rounds: u64, answer: Answer, judge: impl Fn(&mut Lot, u64) -> Verdict) -> (u64, u64) {
    let mut lot = Lot::new(1);
    let hits = (0..rounds).filter(|round| judge(&mut lot, *round).answer == answer);
    (hits.count() as u64, rounds)
}

/// A hair below the truth a pass is wrong, and a hair above it a fail is; each may happen in one of
/// twenty cases. A longer simulation is the example `performance_verdicts`.
#[test]
fn a_false_verdict_is_rare() {
    let shapes = [
        (Shape::Normal, 0.0),
        (Shape::Normal, 0.5),
        (Shape::Normal, 1.5),
        (Shape::Wide, 0.0),
        (Shape::Tailed, 0.0),
        (Shape::Rounded(100.0), 0.0),
        (Shape::Rounded(10.0), 0.0),
    ];
    for (n, rounds) in [(20, 400), (50, 400), (200, 200), (1_000, 40)] {
        for ((shape, sizes), kept) in shapes.iter().flat_map(|shape| [(shape, 0.0), (shape, 0.5)]) {
            let setting = Setting {
                shape: *shape,
                kept,
                sizes: *sizes,
            };
            let mut lot = Lot::new(n as u64);
            let mut wrong = [[0; 2]; Statistic::ALL.len()];
            for round in 0..rounds {
                let performance = Performance::of(&setting.pairs(&mut lot, n), round);
                for statistic in Statistic::ALL {
                    let answer = |at_most| performance.judge(statistic, at_most).answer;
                    let [pass, fail] = &mut wrong[statistic as usize];
                    *pass += u64::from(answer(1.0 - 1e-6) == Answer::Pass);
                    *fail += u64::from(answer(1.0 + 1e-6) == Answer::Fail);
                }
            }
            for (statistic, wrong) in Statistic::ALL.iter().zip(wrong) {
                for (what, hits) in ["pass", "fail"].iter().zip(wrong) {
                    let interval = wilson(hits, rounds).unwrap();
                    assert!(
                        interval.low <= 0.05,
                        "{statistic:?} {n} {setting:?}: {hits} of {rounds} have a false {what}"
                    );
                }
            }
        }
    }
}

/// Being careful is no use without answers.
#[test]
fn a_new_that_is_as_fast_passes_with_a_useful_number_of_pairs() {
    for (statistic, n, least) in [
        (Statistic::Mean, 20, 20),
        (Statistic::Mean, 50, 55),
        (Statistic::Mean, 200, 98),
        (Statistic::P50, 1_000, 85),
    ] {
        let (hits, rounds) = share(100, Answer::Pass, |lot, seed| {
            Performance::of(&pairs(lot, n, 1.0), seed).judge(statistic, 1.05)
        });
        assert!(hits >= least, "{statistic:?} {n}: {hits} of {rounds}");
    }
}

/// New has a long tail that old has not: it takes about half as long again, and never passes.
#[test]
fn a_new_with_a_long_tail_is_slower() {
    let setting = Setting {
        shape: Shape::Lopsided,
        kept: 0.0,
        sizes: 0.0,
    };
    for statistic in [Statistic::Mean, Statistic::P50, Statistic::P95] {
        let (hits, rounds) = share(20, Answer::Fail, |lot, seed| {
            Performance::of(&setting.pairs(lot, 200), seed).judge(statistic, 1.05)
        });
        assert_eq!(hits, rounds, "{statistic:?}");
    }
}

#[test]
fn too_few_pairs_are_no_verdict_and_say_how_many_are_wanted() {
    let performance = Performance::of(&pairs(&mut Lot::new(3), 100, 0.5), 3);
    for (statistic, answer, needed) in [
        (Statistic::Mean, Answer::Pass, None),
        (Statistic::P50, Answer::Pass, None),
        (Statistic::P95, Answer::Insufficient, Some(100)),
        (Statistic::P99, Answer::Insufficient, Some(900)),
    ] {
        let verdict = performance.judge(statistic, 1.05);
        assert_eq!(
            (verdict.answer, verdict.needed),
            (answer, needed),
            "{verdict}"
        );
    }
}

#[test]
fn a_clear_case_is_seen() {
    for (ratio, answer) in [(0.8, Answer::Pass), (1.5, Answer::Fail)] {
        let (hits, rounds) = share(20, answer, |lot, seed| {
            Performance::of(&pairs(lot, 60, ratio), seed).judge(Statistic::Mean, 1.05)
        });
        assert_eq!(hits, rounds, "{ratio}");
    }
}

#[test]
fn what_is_needed_decides() {
    // As much above the ratio of 1 as below it.
    let balanced = |n: usize| -> Vec<(f64, f64)> {
        let mut lot = Lot::new(2);
        let ratios: Vec<f64> = (0..n).map(|_| 0.17 * lot.normal()).collect();
        let mean = ratios.iter().sum::<f64>() / n as f64;
        let pairs = ratios.iter().map(|ratio| (1e6, 1e6 * (ratio - mean).exp()));
        pairs.collect()
    };
    let verdict = Performance::of(&balanced(24), 1).judge(Statistic::Mean, 1.02);
    assert_eq!(verdict.answer, Answer::Insufficient, "{verdict}");
    let more = verdict.needed.unwrap() as usize;
    // The estimate of the spread is rough at so few; twice as many do for certain.
    let verdict = Performance::of(&balanced(24 + 2 * more), 1).judge(Statistic::Mean, 1.02);
    assert_eq!(verdict.answer, Answer::Pass, "{verdict} with {more} more");
}

#[test]
fn identical_values_keep_a_limit_of_one() {
    for value in [1.0, 0.0, 3e300] {
        let performance = Performance::of(&vec![(value, value); 1_000], 3);
        for statistic in Statistic::ALL {
            let verdict = performance.judge(statistic, 1.0);
            assert_eq!(
                (verdict.answer, verdict.ratio),
                (Answer::Pass, Some(1.0)),
                "{value} {statistic:?}"
            );
        }
    }
}

#[test]
fn odd_measurements_have_honest_answers() {
    let judge =
        |pairs: &[(f64, f64)], at_most| Performance::of(pairs, 3).judge(Statistic::Mean, at_most);
    // 1400 queries became 24.
    let fewer = judge(&[(1400.0, 24.0); 25], 1.0);
    assert_eq!(
        (fewer.answer, fewer.ratio),
        (Answer::Pass, Some(0.017_142_857_1))
    );
    // Something out of nothing has no ratio, and is more.
    let grown = judge(&[(0.0, 5.0); 25], 1.0);
    assert_eq!(
        (grown.answer, grown.ratio, grown.high),
        (Answer::Fail, None, None)
    );
    // Nothing out of something.
    let gone = judge(&[(5.0, 0.0); 25], 0.5);
    assert_eq!((gone.answer, gone.ratio), (Answer::Pass, Some(0.0)));
    // What is no number is left out and counted.
    let broken: Vec<(f64, f64)> = (0..30)
        .map(|pair| {
            if pair % 2 == 0 {
                (f64::NAN, 1.0)
            } else {
                (1.0, -1.0)
            }
        })
        .collect();
    let verdict = judge(&broken, 1.0);
    assert_eq!(
        (verdict.answer, verdict.pairs, verdict.unusable),
        (Answer::Insufficient, 0, 30)
    );
    assert_eq!(verdict.needed, Some(20));
    // A few are never enough, however clear they are.
    assert_eq!(judge(&[(100.0, 1.0); 19], 1.0).needed, Some(1));
    // At the limit itself no number of pairs is likely to decide.
    let around: Vec<(f64, f64)> = (0..50)
        .map(|pair| {
            if pair % 2 == 0 {
                (1.0, 2.0)
            } else {
                (2.0, 1.0)
            }
        })
        .collect();
    let verdict = judge(&around, 1.0);
    assert_eq!(
        (verdict.answer, verdict.needed),
        (Answer::Insufficient, None)
    );
}

#[test]
fn a_few_far_outliers_do_not_make_a_pass() {
    let mut heavy = pairs(&mut Lot::new(5), 200, 1.0);
    // New hangs now and then.
    for pair in heavy.iter_mut().step_by(10) {
        pair.1 *= 50.0;
    }
    let performance = Performance::of(&heavy, 3);
    assert_eq!(
        performance.judge(Statistic::Mean, 1.05).answer,
        Answer::Fail
    );
    assert_eq!(
        performance.judge(Statistic::P50, 1.10).answer,
        Answer::Insufficient
    );
    assert_eq!(performance.judge(Statistic::P95, 1.05).answer, Answer::Fail);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_verdict_is_the_same_again_and_holds_its_own_ratio(
        pairs in proptest::collection::vec((0.0..1e3_f64, 0.0..1e3_f64), 20..60),
        at_most in 0.1..10.0_f64,
        seed in any::<u64>(),
    ) {
        for statistic in [Statistic::Mean, Statistic::P50] {
            let verdict = Performance::of(&pairs, seed).judge(statistic, at_most);
            prop_assert_eq!(verdict, Performance::of(&pairs, seed).judge(statistic, at_most));
            let (low, ratio, high) = (verdict.low.unwrap(), verdict.ratio.unwrap(), verdict.high.unwrap());
            prop_assert!(low <= ratio && ratio <= high, "{}", verdict);
            prop_assert_eq!(verdict.needed.is_none() && verdict.answer == Answer::Insufficient, false);
        }
    }

    #[test]
    fn a_looser_limit_is_never_harder_to_keep(
        pairs in proptest::collection::vec((1.0..1e3_f64, 1.0..1e3_f64), 20..40),
        at_most in 0.1..10.0_f64,
        looser in 1.0..10.0_f64,
    ) {
        let performance = Performance::of(&pairs, 1);
        let rank = |answer| match answer { Answer::Fail => 0, Answer::Insufficient => 1, Answer::Pass => 2 };
        let strict = performance.judge(Statistic::Mean, at_most).answer;
        let loose = performance.judge(Statistic::Mean, at_most * looser).answer;
        prop_assert!(rank(loose) >= rank(strict));
    }

    #[test]
    fn units_do_not_matter(
        pairs in proptest::collection::vec((1.0..1e3_f64, 1.0..1e3_f64), 20..40),
    ) {
        let scaled: Vec<(f64, f64)> = pairs.iter().map(|(old, new)| (old * 1024.0, new * 1024.0)).collect();
        let verdict = |pairs: &[(f64, f64)]| Performance::of(pairs, 1).judge(Statistic::P50, 1.0);
        let (one, other) = (verdict(&pairs), verdict(&scaled));
        prop_assert_eq!((one.ratio, one.answer), (other.ratio, other.answer));
    }
}
