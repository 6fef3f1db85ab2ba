//! Where a duration falls: the bucket layout of the sketches.
//!
//! The layout is that of Prometheus native histograms with schema 5 and of OpenTelemetry
//! exponential histograms with scale 5, over seconds: bucket `i` holds the values in
//! `(2^((i-1)/32), 2^(i/32)]`. Prometheus counts buckets by their inclusive upper bound and
//! OpenTelemetry by their lower one, so OpenTelemetry's index is this one minus 1.
//!
//! Sources: the Prometheus native histogram specification, section "Schema"
//! (<https://prometheus.io/docs/specs/native_histograms/>), and the OpenTelemetry metrics data
//! model, section "ExponentialHistogram"
//! (<https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram>).
//!
//! With base `b = 2^(1/32)`, answering `2·l·u/(l+u)` for a value in `(l, u]` is wrong by at most
//! `(b-1)/(b+1) = 1.083 %` of the value.
//!
//! ```
//! use cutover_domain::metrics::layout::{bucket_index, upper_bound};
//!
//! let index = bucket_index(1_000_000_000);
//! assert_eq!(index, 0, "one second is the inclusive upper bound of bucket 0");
//! assert_eq!(upper_bound(0), 1.0);
//! assert_eq!(bucket_index(1_000_000_001), 1);
//! ```

/// The schema of Prometheus native histograms, the scale of OpenTelemetry's.
pub const SCHEMA: i32 = 5;

/// Buckets between a value and its double: `2^SCHEMA`.
pub const BUCKETS_PER_DOUBLING: i32 = 1 << SCHEMA;

/// The bucket of one nanosecond, the first one.
pub const MIN_INDEX: i32 = -956;

/// The bucket of one hour, the last one. Longer durations are counted here too; their sum,
/// minimum and maximum stay exact.
pub const MAX_INDEX: i32 = 379;

/// How many buckets there are.
pub const BUCKETS: usize = (MAX_INDEX - MIN_INDEX + 1) as usize;

/// The largest duration told apart from longer ones, about 78 hours: its square summed four
/// thousand million times still fits 128 bits, so the sum of squares is exact.
pub const MAX_NANOS: u64 = 1 << 48;

/// The longest duration with a bucket of its own.
pub const HOUR_NANOS: u64 = 3_600_000_000_000;

/// The largest relative error of a value answered from its bucket: `(b-1)/(b+1)`, rounded up.
pub const RELATIVE_ERROR: f64 = 0.010_831;

/// `2^(k/32) / 2` to the nearest double: the bounds of one doubling, scaled into `[0.5, 1)`.
const FRACTIONS: [f64; 32] = [
    0.5,
    0.510_948_574_327_058_3,
    0.522_136_891_213_706_9,
    0.533_570_200_338_411_8,
    0.545_253_866_332_628_8,
    0.557_193_371_297_946_2,
    0.569_394_317_378_345_8,
    0.581_862_429_388_788_7,
    0.594_603_557_501_360_5,
    0.607_623_679_990_234_5,
    0.620_928_906_036_742,
    0.634_525_478_595_866_6,
    0.648_419_777_325_504_8,
    0.662_618_321_579_870_7,
    0.677_127_773_468_446_3,
    0.691_954_940_981_916,
    std::f64::consts::FRAC_1_SQRT_2,
    0.722_590_403_488_523_3,
    0.738_413_072_969_749_7,
    0.754_582_213_796_711_4,
    0.771_105_412_703_970_4,
    0.787_990_422_553_943_2,
    0.805_245_165_974_627_1,
    0.822_877_739_076_982_5,
    0.840_896_415_253_714_5,
    0.859_309_649_061_239,
    0.878_126_080_186_649_7,
    0.897_354_537_501_553_6,
    0.917_004_043_204_671_2,
    0.937_083_817_055_15,
    0.957_603_280_698_573_7,
    0.978_572_062_087_700_1,
];

const MANTISSA_BITS: u32 = 52;
const MANTISSA: u64 = (1 << MANTISSA_BITS) - 1;

/// For each 64th of a doubling, how many bounds lie below its start, and the mantissa of the next
/// bound. The narrowest bucket is wider than a 64th, so at most one bound lies inside and one
/// comparison settles the rest.
const CELLS: ([u8; 64], [u64; 64]) = {
    let (mut below, mut next) = ([0; 64], [u64::MAX; 64]);
    let mut cell = 0;
    while cell < 64 {
        let start = (cell as u64) << (MANTISSA_BITS - 6);
        let mut count = 0;
        while count < 32 && FRACTIONS[count].to_bits() & MANTISSA < start {
            count += 1;
        }
        below[cell] = count as u8;
        if count < 32 {
            next[cell] = FRACTIONS[count].to_bits() & MANTISSA;
        }
        cell += 1;
    }
    (below, next)
};
static BELOW: [u8; 64] = CELLS.0;
static NEXT: [u64; 64] = CELLS.1;

/// The bucket of a duration of at least one nanosecond, within [`MIN_INDEX`]`..=`[`MAX_INDEX`].
///
/// Zero has no logarithm and is counted apart; here it answers the first bucket.
#[inline]
#[must_use]
pub fn bucket_index(nanos: u64) -> i32 {
    // The clamp keeps the conversion a single signed instruction and every index in range.
    let seconds = nanos.clamp(1, HOUR_NANOS) as i64 as f64 / 1e9;
    let bits = seconds.to_bits();
    let mantissa = bits & MANTISSA;
    let cell = (mantissa >> (MANTISSA_BITS - 6)) as usize & 63;
    let within = i32::from(BELOW[cell]) + i32::from(mantissa > NEXT[cell]);
    let exponent = (bits >> MANTISSA_BITS) as i32 - 1022;
    ((exponent - 1) << SCHEMA) + within
}

/// The inclusive upper bound of a bucket in seconds; its exclusive lower bound is that of the
/// bucket before.
#[must_use]
pub fn upper_bound(index: i32) -> f64 {
    let fraction = FRACTIONS[(index & (BUCKETS_PER_DOUBLING - 1)) as usize];
    fraction * 2_f64.powi((index >> SCHEMA) + 1)
}

/// The value that answers for a bucket: the one with the smallest relative error over it.
#[must_use]
pub fn representative(index: i32) -> f64 {
    let (lower, upper) = (upper_bound(index - 1), upper_bound(index));
    2.0 * lower * upper / (lower + upper)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_range_is_one_nanosecond_to_one_hour() {
        assert_eq!(bucket_index(1), MIN_INDEX);
        assert_eq!(bucket_index(3_600_000_000_000), MAX_INDEX);
        assert_eq!(bucket_index(u64::MAX), MAX_INDEX);
        assert_eq!(bucket_index(0), MIN_INDEX);
    }

    #[test]
    fn bounds_are_powers_of_two_to_the_32nd() {
        for index in MIN_INDEX..=MAX_INDEX {
            let exact = (f64::from(index) / 32.0).exp2();
            assert!((upper_bound(index) / exact - 1.0).abs() < 1e-14, "{index}");
        }
        assert_eq!(upper_bound(-32), 0.5);
        assert_eq!(upper_bound(64), 4.0);
    }

    /// Buckets of Prometheus' own library (`client_golang`, `NativeHistogramBucketFactor` giving
    /// schema 5) for a few durations: ⌈32·log2(seconds)⌉.
    #[test]
    fn well_known_durations_fall_where_prometheus_puts_them() {
        for (nanos, index) in [
            (1_000, -637),
            (1_000_000, -318),
            (10_000_000, -212),
            (100_000_000, -106),
            (250_000_000, -64),
            (500_000_000, -32),
            (500_000_001, -31),
            (2_000_000_000, 32),
            (10_000_000_000, 107),
        ] {
            assert_eq!(bucket_index(nanos), index, "{nanos} ns");
        }
    }

    proptest! {
        #[test]
        fn a_value_lies_within_its_bucket(nanos in 1..=HOUR_NANOS) {
            let seconds = nanos as f64 / 1e9;
            let index = bucket_index(nanos);
            prop_assert!(upper_bound(index - 1) < seconds && seconds <= upper_bound(index));
            prop_assert!((representative(index) / seconds - 1.0).abs() <= RELATIVE_ERROR);
        }

        #[test]
        fn longer_never_falls_lower(a: u64, b: u64) {
            prop_assert!(bucket_index(a.min(b)) <= bucket_index(a.max(b)));
        }
    }
}
