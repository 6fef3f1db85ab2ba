//! Numbers, within a tolerance.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType};
use arrow_buffer::i256;

use super::Seen;
use crate::Tolerance;
use crate::mask::Mask;

/// How far two numbers that are not represented alike are apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Apart {
    pub(crate) distance: f64,
    /// The larger of both, without its sign.
    pub(crate) largest: f64,
    /// Both, where they are floats: what they are apart is rounded.
    pub(crate) floats: Option<[f64; 2]>,
}

/// Compares numbers; `apart` is asked about those not represented alike, and answers `None` where
/// they are the same number for all that (two zeros, two NaN).
pub(crate) fn compare<T: ArrowPrimitiveType>(
    old: &ArrayRef,
    new: &ArrayRef,
    tolerance: Tolerance,
    apart: impl Fn(T::Native, T::Native) -> Option<Apart>,
    seen: &mut Seen,
) -> Mask {
    let (old, new) = (old.as_primitive::<T>(), new.as_primitive::<T>());
    let mut mask = Mask::of_unequal(old.values(), new.values());
    mask.with_nulls(old.nulls(), new.nulls());
    if !mask.any() {
        return mask;
    }
    let mut close = Vec::new();
    for row in mask.ones() {
        if old.is_null(row) || new.is_null(row) {
            continue;
        }
        match apart(old.value(row), new.value(row)) {
            None => close.push(row),
            Some(apart) if tolerance.allows(&apart) => {
                seen.tolerate(Some(apart.distance));
                close.push(row);
            }
            Some(apart) => seen.differ(apart.distance),
        }
    }
    for row in close {
        mask.clear(row);
    }
    mask
}

pub(crate) fn floats(old: f64, new: f64) -> Option<Apart> {
    if old == new || (old.is_nan() && new.is_nan()) {
        return None;
    }
    Some(Apart {
        distance: (old - new).abs(),
        largest: if old.is_nan() || new.is_nan() {
            f64::INFINITY
        } else {
            old.abs().max(new.abs())
        },
        floats: Some([old, new]),
    })
}

pub(crate) fn integers(old: i64, new: i64) -> Option<Apart> {
    Some(Apart {
        distance: old.abs_diff(new) as f64,
        largest: old.unsigned_abs().max(new.unsigned_abs()) as f64,
        floats: None,
    })
}

pub(crate) fn naturals(old: u64, new: u64) -> Option<Apart> {
    Some(Apart {
        distance: old.abs_diff(new) as f64,
        largest: old.max(new) as f64,
        floats: None,
    })
}

/// Decimals of one scale. The difference is exact, then rounded once.
pub(crate) fn decimals(scale: i8) -> impl Fn(i128, i128) -> Option<Apart> {
    move |old, new| {
        Some(Apart {
            distance: scaled(old.abs_diff(new) as f64, scale),
            largest: scaled(old.unsigned_abs().max(new.unsigned_abs()) as f64, scale),
            floats: None,
        })
    }
}

/// Decimals of more than 38 digits.
pub(crate) fn large_decimals(scale: i8) -> impl Fn(i256, i256) -> Option<Apart> {
    move |old, new| {
        // By way of its digits: such numbers are rare, and different ones rarer.
        let nearest = |number: i256| number.to_string().parse().unwrap_or(f64::INFINITY);
        let float = |number: i256| scaled(nearest(number), scale);
        let distance = match old.checked_sub(new) {
            Some(difference) => float(difference).abs(),
            None => (float(old) - float(new)).abs(),
        };
        Some(Apart {
            distance,
            largest: float(old).abs().max(float(new).abs()),
            floats: None,
        })
    }
}

/// `number · 10^−scale`, by a division where the power is exact.
fn scaled(number: f64, scale: i8) -> f64 {
    if scale >= 0 {
        number / 10f64.powi(i32::from(scale))
    } else {
        number * 10f64.powi(-i32::from(scale))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_exact_where_floats_are_not() {
        let far = integers(i64::MIN, i64::MAX).map(|apart| apart.distance);
        assert_eq!(far, Some(2f64.powi(64)));
        // Neighbours past 2^53, which a difference of floats takes for equal.
        let large = (1i64 << 53) + 1;
        let near = integers(large, large - 1).map(|apart| apart.distance);
        assert_eq!(near, Some(1.0));
        let cents = decimals(2)(10_000_000_000_000_000_001, 10_000_000_000_000_000_000);
        assert_eq!(cents.map(|apart| apart.distance), Some(0.01));
    }

    #[test]
    fn zeros_and_nans_are_the_same_and_infinities_are_near_nothing() {
        assert_eq!(floats(0.0, -0.0), None);
        assert_eq!(floats(f64::NAN, -f64::NAN), None);
        for (old, new) in [
            (f64::INFINITY, 1.0),
            (f64::INFINITY, f64::NEG_INFINITY),
            (f64::NAN, 1.0),
            (f64::NAN, f64::INFINITY),
        ] {
            let apart = floats(old, new);
            let allowed = apart.map(|apart| Tolerance::relative(1.0).allows(&apart));
            assert_eq!(allowed, Some(false), "{old} {new}");
        }
    }
}
