//! How far apart two numbers may be.

use cutover_domain::comparison::are_close;
use serde::Serialize;

use crate::kernel::number::Apart;

/// Two numbers are close when `|a − b| ≤ max(absolute, relative · max(|a|, |b|))`. Symmetric, so
/// that comparing new with old says the same as comparing old with new. Floats are taken as the
/// shortest decimals that are read as them, so 1.01 and 1.0 are within 0.01.
///
/// Closeness is not transitive. A number is close to itself, infinities to themselves alone, and
/// NaN to NaN.
///
/// ```
/// use cutover_table::Tolerance;
///
/// assert!(Tolerance::FLOAT.is_close(1.0, 1.000_001));
/// assert!(!Tolerance::EXACT.is_close(1.0, 1.000_001));
/// assert!(Tolerance::absolute(0.01).is_close(1.0, 1.01));
/// assert!(!Tolerance::relative(0.5).is_close(f64::INFINITY, 1.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Tolerance {
    /// In the unit of the column.
    pub absolute: f64,
    /// A share of the larger of both.
    pub relative: f64,
}

impl Tolerance {
    /// Equal or different.
    pub const EXACT: Self = Self {
        absolute: 0.0,
        relative: 0.0,
    };

    /// What pandas' `assert_frame_equal` allows, made symmetric: the default for columns of floats.
    pub const FLOAT: Self = Self {
        absolute: 1e-8,
        relative: 1e-5,
    };

    /// So much, whatever the size of the numbers.
    #[must_use]
    pub const fn absolute(absolute: f64) -> Self {
        Self {
            absolute,
            relative: 0.0,
        }
    }

    /// A share of the larger number.
    #[must_use]
    pub const fn relative(relative: f64) -> Self {
        Self {
            absolute: 0.0,
            relative,
        }
    }

    /// Whether anything but the same number is close.
    #[must_use]
    pub fn is_exact(self) -> bool {
        self == Self::EXACT
    }

    /// Whether the bounds make sense. With a share of 1 everything is close to zero, and what is
    /// close to a number is no interval any more.
    pub(crate) fn is_valid(self) -> bool {
        let Self { absolute, relative } = self;
        absolute.is_finite() && absolute >= 0.0 && (0.0..1.0).contains(&relative)
    }

    /// Whether two floats are close.
    #[must_use]
    pub fn is_close(self, a: f64, b: f64) -> bool {
        a == b || (a.is_nan() && b.is_nan()) || are_close(a, b, self.absolute, self.relative)
    }

    /// Whether numbers may be so far apart.
    pub(crate) fn allows(self, apart: &Apart) -> bool {
        match apart.floats {
            Some([a, b]) => are_close(a, b, self.absolute, self.relative),
            // An infinite number is an infinite share of itself.
            None => {
                apart.largest.is_finite()
                    && apart.distance <= self.absolute.max(self.relative * apart.largest)
            }
        }
    }
}
