/// The place of a flag in every snapshot of one [`Interner`]. It never changes, whatever happens to
/// the flag, so that a handle can be resolved once and kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slot(u32);

impl Slot {
    #[inline]
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Gives every key its slot. Append-only: a flag that is removed and comes back has its old slot.
#[derive(Clone, Debug, Default)]
pub struct Interner {
    slots: hashbrown::HashMap<Box<str>, Slot>,
}

impl Interner {
    /// The slot of `key`, made when it is new.
    pub fn slot(&mut self, key: &str) -> Slot {
        if let Some(slot) = self.slots.get(key) {
            return *slot;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "four billion keys do not fit memory"
        )]
        let slot = Slot(self.slots.len() as u32);
        self.slots.insert(key.into(), slot);
        slot
    }

    /// How many slots there are.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }
}
