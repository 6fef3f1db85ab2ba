use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::Percentage;

/// Which calls of an operation get a candidate: a share of its units, so that a unit is always in
/// or always out, and independent of the flag's own percentage.
///
/// ```
/// use cutover_domain::execution::Sample;
///
/// let half = Sample::new("dataset.profile", "50".parse()?);
/// assert_eq!(half.takes(Some("iris"), || 0), half.takes(Some("iris"), || 7));
/// let anonymous = (0..1000).filter(|call| half.takes(None, || *call)).count();
/// assert!((400..600).contains(&anonymous));
/// # Ok::<(), cutover_domain::percentage::ParsePercentageError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    share: Percentage,
    seed: u64,
}

impl Sample {
    /// A share of the units of `operation`.
    #[must_use]
    pub fn new(operation: &str, share: Percentage) -> Self {
        Self {
            share,
            seed: xxh3_64(operation.as_bytes()) ^ 0x5AD0_CA11,
        }
    }

    /// Whether a call is in: by its unit, or, where it names none, by its number. That is asked for
    /// only where it matters.
    #[must_use]
    #[inline]
    pub fn takes(&self, unit: Option<&str>, call: impl FnOnce() -> u64) -> bool {
        if self.share.is_full() || self.share.is_zero() {
            return self.share.is_full();
        }
        let hash = match unit {
            Some(unit) => xxh3_64_with_seed(unit.as_bytes(), self.seed),
            None => xxh3_64_with_seed(&call().to_le_bytes(), self.seed),
        };
        ((hash >> 32) * 100_000) >> 32 < u64::from(self.share.thousandths())
    }
}
