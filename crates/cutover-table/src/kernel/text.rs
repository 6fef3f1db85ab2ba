//! Texts and bytes.

use arrow_array::types::ByteViewType;
use arrow_array::{Array, GenericByteViewArray, StringViewArray};

use super::Seen;
use crate::comparator::TextRule;
use crate::mask::Mask;

/// The longest value that is wholly within its view.
const INLINE: u32 = 12;

/// Where bytes are not equal. Views hold length and first bytes, which tells most values apart, and
/// values of up to 12 bytes as a whole.
pub(crate) fn unequal<T: ByteViewType + ?Sized>(
    old: &GenericByteViewArray<T>,
    new: &GenericByteViewArray<T>,
) -> Mask {
    let (old_views, new_views) = (old.views(), new.views());
    let mut mask = Mask::from_fn(old.len(), |row| {
        let (old_view, new_view) = (old_views[row], new_views[row]);
        let length = old_view as u32;
        if length <= INLINE || old_view as u64 != new_view as u64 {
            return old_view != new_view;
        }
        let (old, new): (&[u8], &[u8]) = (old.value(row).as_ref(), new.value(row).as_ref());
        old != new
    });
    mask.with_nulls(old.nulls(), new.nulls());
    mask
}

/// Where texts differ, by a rule.
pub(crate) fn compare(
    old: &StringViewArray,
    new: &StringViewArray,
    rule: TextRule,
    seen: &mut Seen,
) -> Mask {
    let mut mask = unequal(old, new);
    if rule == TextRule::default() || !mask.any() {
        return mask;
    }
    let tolerated: Vec<usize> = mask
        .ones()
        .filter(|row| old.is_valid(*row) && new.is_valid(*row))
        .filter(|row| same(old.value(*row), new.value(*row), rule))
        .collect();
    for row in tolerated {
        seen.tolerate(None);
        mask.clear(row);
    }
    mask
}

fn same(old: &str, new: &str, rule: TextRule) -> bool {
    let (old, new) = if rule.space {
        (old.trim(), new.trim())
    } else {
        (old, new)
    };
    old == new || (rule.case && old.to_lowercase() == new.to_lowercase())
}
