use std::cmp::Ordering;

/// What is left between the bounds of several tests, and which tests set them.
pub(super) struct Range<T, S> {
    low: Option<End<T, S>>,
    high: Option<End<T, S>>,
}

struct End<T, S> {
    value: T,
    /// Whether the value itself is left.
    included: bool,
    set_by: S,
}

impl<T, S> Default for Range<T, S> {
    fn default() -> Self {
        Self {
            low: None,
            high: None,
        }
    }
}

impl<T, S: Copy> Range<T, S> {
    /// Sets an end where that leaves less than before.
    pub(super) fn narrow(
        &mut self,
        is_upper: bool,
        value: T,
        included: bool,
        set_by: S,
        compare: &impl Fn(&T, &T) -> Option<Ordering>,
    ) {
        let end = if is_upper {
            &mut self.high
        } else {
            &mut self.low
        };
        let narrower = match end {
            None => true,
            Some(end) => match compare(&value, &end.value) {
                Some(Ordering::Less) => is_upper,
                Some(Ordering::Greater) => !is_upper,
                Some(Ordering::Equal) => end.included && !included,
                None => false,
            },
        };
        if narrower {
            *end = Some(End {
                value,
                included,
                set_by,
            });
        }
    }

    /// The tests that leave nothing.
    pub(super) fn contradiction(
        &self,
        compare: &impl Fn(&T, &T) -> Option<Ordering>,
    ) -> Option<(S, S)> {
        let (low, high) = (self.low.as_ref()?, self.high.as_ref()?);
        let empty = match compare(&low.value, &high.value)? {
            Ordering::Less => false,
            Ordering::Equal => !(low.included && high.included),
            Ordering::Greater => true,
        };
        empty.then_some((low.set_by, high.set_by))
    }
}
