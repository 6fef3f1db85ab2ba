//! What holds of performance verdicts, and how often they are wrong.

use cutover_domain::comparison::performance::{Answer, Performance, Statistic, Verdict};
use cutover_domain::comparison::report::wilson;
use proptest::prelude::*;

/// Numbers that look random, the same in every run.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        // xorshift64*, another generator than the one under test.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let bits = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11;
        (bits as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// Pairs whose true ratio is `ratio`: inputs differ in size, each side jitters by about a tenth,
/// and what slows the machine down lasts.
fn pairs(noise: &mut Noise, n: usize, ratio: f64, memory: f64) -> Vec<(f64, f64)> {
    let mut drift = 0.0;
    (0..n)
        .map(|_| {
            drift = memory * drift + 0.1 * noise.normal();
            let size = 1e6 * (0.5 * noise.normal()).exp();
            let old = size * (0.1 * noise.normal()).exp();
            (old, size * ratio * (0.1 * noise.normal() + drift).exp())
        })
        .collect()
}

/// In how many of `rounds` the answer is `answer`.
fn share(rounds: u64, answer: Answer, judge: impl Fn(&mut Noise, u64) -> Verdict) -> (u64, u64) {
    let mut noise = Noise(0x9E37_79B9);
    let hits = (0..rounds).filter(|round| judge(&mut noise, *round).answer == answer);
    (hits.count() as u64, rounds)
}

/// Right at the limit a pass is wrong; it may happen in one of twenty cases.
fn keeps_its_promise((hits, rounds): (u64, u64)) {
    let interval = wilson(hits, rounds).unwrap();
    assert!(
        interval.low <= 0.05,
        "{hits} of {rounds} are false passes: {interval:?}"
    );
}

#[test]
fn a_false_pass_is_rare() {
    for n in [20, 60] {
        keeps_its_promise(share(150, Answer::Pass, |noise, seed| {
            Performance::of(&pairs(noise, n, 1.05, 0.0), seed).judge(Statistic::Mean, 1.05)
        }));
    }
}

#[test]
fn a_false_pass_is_rare_where_neighbours_resemble_each_other() {
    keeps_its_promise(share(60, Answer::Pass, |noise, seed| {
        Performance::of(&pairs(noise, 200, 1.05, 0.5), seed).judge(Statistic::Mean, 1.05)
    }));
}

#[test]
fn a_clear_case_is_seen() {
    for (ratio, answer) in [(0.8, Answer::Pass), (1.5, Answer::Fail)] {
        let (hits, rounds) = share(20, answer, |noise, seed| {
            Performance::of(&pairs(noise, 60, ratio, 0.0), seed).judge(Statistic::Mean, 1.05)
        });
        assert_eq!(hits, rounds, "{ratio}");
    }
}

#[test]
fn what_is_needed_decides() {
    // As much above the ratio of 1 as below it.
    let balanced = |n: usize| -> Vec<(f64, f64)> {
        let jitter = |run: usize| 0.6 * ((run * 7_919 % 101) as f64 / 100.0 - 0.5);
        let run = |run: usize| jitter(run) - jitter(n - 1 - run);
        (0..n)
            .map(|pair| (1e6, 1e6 * (run(pair) / 2.0_f64.sqrt()).exp()))
            .collect()
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
    let mut noise = Noise(5);
    let mut heavy = pairs(&mut noise, 200, 1.0, 0.0);
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
        // The length of blocks may part in rounding, the ratio may not.
        prop_assert_eq!(verdict(&pairs).ratio, verdict(&scaled).ratio);
    }
}
