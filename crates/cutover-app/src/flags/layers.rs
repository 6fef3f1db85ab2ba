use std::borrow::Cow;
use std::collections::BTreeMap;

use cutover_domain::flags::{Definition, FlagDocument, FlagKey, FlagValue, Overlay, ValueType};

use super::OverlayStatus;
use super::notice::Notice;

/// What lies over the flags of a store: an overlay, and over that what tests force.
#[derive(Default)]
pub(super) struct Layers {
    overlay: Overlay,
    status: OverlayStatus,
    /// The scopes that are open, the later ones over the earlier ones.
    forced: BTreeMap<ScopeId, Forced>,
    next_scope: ScopeId,
}

pub(super) type ScopeId = u64;

/// What one scope forces.
pub(super) type Forced = Vec<(FlagKey, FlagValue)>;

impl Layers {
    pub(super) fn set_overlay(&mut self, overlay: Overlay) {
        self.overlay = overlay;
    }

    pub(super) fn open(&mut self, forced: Forced) -> ScopeId {
        let id = self.next_scope;
        self.next_scope += 1;
        self.forced.insert(id, forced);
        id
    }

    pub(super) fn close(&mut self, id: ScopeId) {
        self.forced.remove(&id);
    }

    /// The flags that are forced, in order.
    pub(super) fn forced(&self) -> Vec<FlagKey> {
        let all = self.forced.values().flatten();
        let mut keys: Vec<_> = all.map(|(key, _)| key.clone()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// What the overlay did when it was last laid over flags.
    pub(super) fn overlay_status(&self) -> &OverlayStatus {
        &self.status
    }

    /// The flags with everything that lies over them.
    pub(super) fn over<'a>(
        &mut self,
        stored: &'a FlagDocument,
        notices: &mut Vec<Notice>,
    ) -> Cow<'a, FlagDocument> {
        let mut document = self.overlay(stored, notices);
        for (key, value) in self.forced.values().flatten() {
            let forced = forced(document.flags.get(key), value);
            document.to_mut().flags.insert(key.clone(), forced);
        }
        document
    }

    fn overlay<'a>(
        &mut self,
        stored: &'a FlagDocument,
        notices: &mut Vec<Notice>,
    ) -> Cow<'a, FlagDocument> {
        if self.overlay.is_empty() {
            self.status = OverlayStatus::default();
            return Cow::Borrowed(stored);
        }
        let overlaid = self.overlay.apply(stored);
        let known = &self.status.problems;
        let news = overlaid.problems.iter();
        let news = news.filter(|problem| !known.contains(problem)).cloned();
        notices.extend(news.map(|problem| Notice::NotFollowed { problem }));
        self.status = OverlayStatus {
            masks: overlaid.masks,
            notes: overlaid.notes,
            problems: overlaid.problems,
            warnings: overlaid.warnings,
        };
        Cow::Owned(overlaid.document)
    }
}

/// A flag that answers `value` to everybody. What is known of the flag otherwise stays: its type
/// where the value fits, the name of the value, and the stage of its migration.
fn forced(known: Option<&Definition>, value: &FlagValue) -> Definition {
    let named = known.and_then(|known| {
        let by_value = known.variant_for(value).map(|name| (name, value));
        let by_name = || {
            let named = known.variants.get_key_value(value.0.as_str()?)?;
            Some((named.0.as_str(), named.1))
        };
        by_value.or_else(by_name)
    });
    let (name, value) = named.unwrap_or(("forced", value));
    let kind = known.map(|known| known.kind).filter(|kind| value.is(*kind));
    let variants = [(name.to_owned(), value.clone())].into();
    Definition {
        stage: known.and_then(|known| known.stage),
        ..Definition::with_variants(kind.unwrap_or_else(|| natural(value)), variants, name)
    }
}

/// The type that a value has by itself.
fn natural(value: &FlagValue) -> ValueType {
    [
        ValueType::Boolean,
        ValueType::String,
        ValueType::Integer,
        ValueType::Number,
    ]
    .into_iter()
    .find(|kind| value.is(*kind))
    .unwrap_or(ValueType::Json)
}
