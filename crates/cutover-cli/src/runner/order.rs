//! In which order things run: drawn, and the same again for the same seed.

use cutover_domain::Side;

/// Draws for one seed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draw(u64);

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// What runs for the pair of this number, in its order: both sides once and old `again` times
    /// more.
    pub(super) fn sides(self, pair: u64, again: u32) -> Vec<Turn> {
        let mut turns = vec![Turn::Side(Side::Old), Turn::Side(Side::New)];
        turns.extend((0..again).map(Turn::OldAgain));
        shuffle(&mut turns, self.0 ^ mix(pair));
        turns
    }

    /// The numbers from `first` on, `count` of them, in their order for this round.
    pub(super) fn round(self, first: u64, count: u64) -> Vec<u64> {
        let mut numbers: Vec<u64> = (first..first.saturating_add(count)).collect();
        shuffle(&mut numbers, self.0 ^ mix(first ^ ROUND));
        numbers
    }
}

/// Sets the draw of a round apart from that of a pair.
const ROUND: u64 = 0x726f_756e_6400_0000;

/// One execution within a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Side(Side),
    /// Old once more, beside itself.
    OldAgain(u32),
}

/// The shuffle of Fisher and Yates. A draw is a 64-bit number by a remainder: the bias is below
/// one in 2^40 for any number of cases there is.
fn shuffle<T>(items: &mut [T], seed: u64) {
    for last in (1..items.len()).rev() {
        let drawn = mix(seed ^ mix(last as u64)) % (last as u64 + 1);
        // Not more than `last`, which is an index.
        items.swap(last, drawn as usize);
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every bit of the input changes every
/// bit of the output with probability one half.
fn mix(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_within_pairs_is_drawn_fairly_and_repeatably() {
        for seed in [0, 1, 42, u64::MAX] {
            let draw = Draw::new(seed);
            let old_first = |pair| draw.sides(pair, 0)[0] == Turn::Side(Side::Old);
            let firsts: Vec<bool> = (0..10_000).map(old_first).collect();
            let old = firsts.iter().filter(|first| **first).count();
            // Five standard errors.
            assert!((4_750..=5_250).contains(&old), "seed {seed}: {old}");
            let changes = firsts.windows(2).filter(|two| two[0] != two[1]).count();
            assert!((4_750..=5_250).contains(&changes), "seed {seed}: {changes}");
            assert_eq!(draw.sides(7, 3), draw.sides(7, 3));
        }
    }

    #[test]
    fn each_turn_of_a_pair_comes_once_and_at_any_place() {
        let draw = Draw::new(5);
        let mut places = [0; 4];
        for pair in 0..4_000 {
            let turns = draw.sides(pair, 2);
            assert_eq!(turns.len(), 4);
            for turn in [Turn::Side(Side::Old), Turn::OldAgain(0), Turn::OldAgain(1)] {
                assert!(turns.contains(&turn));
            }
            let new = Turn::Side(Side::New);
            places[turns.iter().position(|turn| *turn == new).unwrap()] += 1;
        }
        for count in places {
            assert!((850..=1_150).contains(&count), "{places:?}");
        }
    }

    #[test]
    fn a_round_is_every_number_once_in_an_order_of_its_own() {
        let draw = Draw::new(1);
        let (one, two) = (draw.round(0, 100), draw.round(100, 100));
        let mut sorted = one.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
        assert_ne!(one, sorted);
        assert_ne!(
            one,
            two.iter().map(|number| number - 100).collect::<Vec<_>>()
        );
        assert_eq!(one, Draw::new(1).round(0, 100));
        assert_ne!(one, Draw::new(2).round(0, 100));
        assert!(draw.round(0, 0).is_empty());
    }
}
