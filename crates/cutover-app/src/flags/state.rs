use std::sync::Arc;

use cutover_domain::flags::{
    ChangeRecord, FlagDocument, Interner, KeyChange, Overlay, Revision, Slot, Snapshot,
};
use cutover_ports::{Clock, PortError, PortErrorKind, SystemClock};
use jiff::Timestamp;

use super::callbacks::Callbacks;
use super::freshness::Freshness;
use super::layers::{Forced, Layers, ScopeId};
use super::notice::Notice;
use super::{LiveStatus, Revised, Source, Trouble};

/// What live flags are made of, behind one lock: the flags below, what lies over them, how far
/// callbacks have been told, and how the store is doing.
pub(super) struct State {
    interner: Interner,
    base: Arc<FlagDocument>,
    source: Source,
    layers: Layers,
    told: Told,
    followers: usize,
    refreshed: Option<Timestamp>,
    trouble: Option<Trouble>,
    stale_since: Option<Timestamp>,
    freshness: Arc<Freshness>,
    callbacks: Arc<Callbacks>,
    /// What readers see is not what is here.
    is_unpublished: bool,
    /// What callbacks are to be told once readers see it.
    outbox: Vec<Step>,
    /// What is to be logged once nothing is locked.
    notices: Vec<Notice>,
}

/// The flags as callbacks know them. They may be behind those in force, while the follower brings
/// the records of what lies between.
struct Told {
    flags: Arc<FlagDocument>,
    /// `None` before anything was told of a store.
    revision: Option<Revision>,
}

/// A step of the flags, with what was before and after it.
struct Step {
    revised: Revised,
    from: Arc<FlagDocument>,
    to: Arc<FlagDocument>,
}

/// How callbacks learn of flags that were loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Telling {
    /// Their records will come.
    Later,
    /// There are no records to come: what differs is all that can be told.
    Now,
}

/// What became of flags that were loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// They are in force.
    InForce,
    /// Others are in force that may be newer.
    Overtaken,
}

impl State {
    pub(super) fn new(
        defaults: FlagDocument,
        freshness: Arc<Freshness>,
        callbacks: Arc<Callbacks>,
    ) -> Self {
        let base = Arc::new(defaults);
        Self {
            interner: Interner::default(),
            told: Told {
                flags: Arc::clone(&base),
                revision: None,
            },
            base,
            source: Source::Defaults,
            layers: Layers::default(),
            followers: 0,
            refreshed: None,
            trouble: None,
            stale_since: None,
            freshness,
            callbacks,
            is_unpublished: true,
            outbox: Vec::new(),
            notices: Vec::new(),
        }
    }

    /// What readers are to see, if it is not what they see.
    pub(super) fn unpublished(&mut self) -> Option<Snapshot> {
        if !self.is_unpublished {
            return None;
        }
        let document = self.layers.over(&self.base, &mut self.notices);
        let mut snapshot = Snapshot::compile(&document, &mut self.interner);
        if self.stale_since.is_some() {
            snapshot = snapshot.into_stale();
        }
        self.is_unpublished = false;
        Some(snapshot)
    }

    /// Tells callbacks what readers see now.
    pub(super) fn tell(&mut self) {
        for Step { revised, from, to } in self.outbox.drain(..) {
            self.callbacks.tell(revised, &from, &to);
        }
    }

    /// What is to be logged.
    pub(super) fn notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// The flags below all layers.
    pub(super) fn document(&self) -> Arc<FlagDocument> {
        Arc::clone(&self.base)
    }

    pub(super) fn slot(&mut self, key: &str) -> Slot {
        self.interner.slot(key)
    }

    /// The revision below all layers.
    pub(super) fn revision(&self) -> Revision {
        self.base.revision
    }

    /// The revision after which callbacks know nothing.
    pub(super) fn told(&self) -> Revision {
        self.told.revision.unwrap_or(Revision::ZERO)
    }

    /// Takes flags from a store, unless newer ones are there.
    pub(super) fn update(&mut self, document: Arc<FlagDocument>) -> Taken {
        if self.source == Source::Store && document.revision < self.base.revision {
            return Taken::Overtaken;
        }
        self.reset(document);
        Taken::InForce
    }

    /// Takes flags from a store, whatever is there.
    pub(super) fn reset(&mut self, document: Arc<FlagDocument>) {
        self.put(document);
        self.note_difference();
        self.confirm();
    }

    /// Takes what a load answered that began when revision `known` was in force.
    ///
    /// A store does not go back on what it has told: when it answers less than what was in force
    /// before it was asked, then it is another one, or was restored.
    pub(super) fn take(
        &mut self,
        known: Revision,
        document: Arc<FlagDocument>,
        telling: Telling,
    ) -> Taken {
        let (found, current) = (document.revision, self.base.revision);
        let is_first = self.source == Source::Defaults;
        let is_older = !is_first && found < current;
        if is_older && current != known {
            return Taken::Overtaken;
        }
        let is_other = !is_first && found == current && document != self.base;
        if is_first || is_other || found != current {
            self.put(document);
        }
        let is_unheard_of = self.told.revision.is_none();
        if is_unheard_of || is_other || is_older || telling == Telling::Now {
            self.note_difference();
        }
        self.confirm();
        Taken::InForce
    }

    /// Takes the flags that were the last ones to be read, since those that are stored cannot be.
    /// They are not known to be the newest.
    pub(super) fn take_last_good(&mut self, document: Arc<FlagDocument>) {
        if self.source == Source::Defaults {
            self.put(document);
            self.note_difference();
        }
    }

    /// The store holds nothing.
    ///
    /// # Errors
    ///
    /// It held something before.
    pub(super) fn take_nothing(&mut self) -> Result<(), PortError> {
        if self.source == Source::Store {
            return Err(PortError::new(PortErrorKind::Unavailable, "load flags")
                .because(format_args!(
                    "the store is empty, though it was at revision {}",
                    self.base.revision
                ))
                .advice("restore it from a backup"));
        }
        if self.base.flags.is_empty() && self.told.revision.is_none() {
            self.told.revision = Some(Revision::ZERO);
        }
        self.confirm();
        Ok(())
    }

    /// Takes what this process has committed, with its record and those since what was told last.
    /// `before` is what the change was made from.
    pub(super) fn take_commit(
        &mut self,
        before: FlagDocument,
        earlier: Vec<ChangeRecord>,
        document: Arc<FlagDocument>,
        record: ChangeRecord,
    ) {
        let revision = before.revision;
        if self.source == Source::Defaults || document.revision > self.base.revision {
            self.put(document);
        }
        self.confirm();
        if self.followers > 0 && self.told.revision != Some(revision) {
            // The follower brings what lies between, and then this one.
            return;
        }
        let first = earlier
            .first()
            .map_or(record.revision, |first| first.revision);
        if self.told.revision.is_none_or(|told| told.next() < first) {
            self.note_difference_to(&Arc::new(before));
        }
        for record in earlier.into_iter().chain([record]) {
            self.note(Arc::new(record));
        }
    }

    /// The revisions whose records nobody will bring, if the next record that comes is that of
    /// `revision`: those after the first and before the second.
    pub(super) fn gap_before(&self, revision: Revision) -> Option<(Revision, Revision)> {
        let told = self.told.revision?;
        (self.followers == 0 && told.next() < revision).then_some((told, revision))
    }

    /// The store tells of a change. [`Taken::Overtaken`] when it is not in force yet, and has to
    /// be loaded first.
    pub(super) fn hear(&mut self, record: Arc<ChangeRecord>) -> Taken {
        if self.source == Source::Defaults || self.base.revision < record.revision {
            return Taken::Overtaken;
        }
        self.note(record);
        self.confirm();
        Taken::InForce
    }

    /// A follower comes.
    pub(super) fn attach(&mut self) {
        self.followers += 1;
    }

    /// A follower goes; what it did not tell, nobody will.
    pub(super) fn detach(&mut self) {
        self.followers -= 1;
        if self.followers == 0 && self.source == Source::Store {
            self.note_difference();
        }
    }

    pub(super) fn report_trouble(&mut self, text: String) {
        let since = match &self.trouble {
            Some(trouble) => trouble.since,
            None => {
                self.notices.push(Notice::Trouble {
                    text: text.clone(),
                    revision: self.base.revision,
                });
                SystemClock.now()
            }
        };
        self.trouble = Some(Trouble { text, since });
    }

    /// The trouble is over.
    pub(super) fn recover(&mut self) {
        if self.trouble.take().is_some() {
            let revision = self.base.revision;
            self.notices.push(Notice::Recovered { revision });
        }
    }

    /// The allowed age is over, unless the flags were confirmed since.
    pub(super) fn grow_stale(&mut self) {
        if self.freshness.is_stale() && self.stale_since.is_none() {
            let revision = self.base.revision;
            self.notices.push(Notice::Stale { revision });
            self.stale_since = Some(SystemClock.now());
            self.is_unpublished = true;
        }
    }

    pub(super) fn set_overlay(&mut self, overlay: Overlay) {
        self.layers.set_overlay(overlay);
        self.is_unpublished = true;
    }

    pub(super) fn open_scope(&mut self, forced: Forced) -> ScopeId {
        self.is_unpublished = true;
        self.layers.open(forced)
    }

    pub(super) fn close_scope(&mut self, id: ScopeId) {
        self.layers.close(id);
        self.is_unpublished = true;
    }

    pub(super) fn status(&self) -> LiveStatus {
        LiveStatus {
            revision: self.base.revision,
            source: self.source,
            refreshed: self.refreshed,
            is_followed: self.followers > 0,
            trouble: self.trouble.clone(),
            stale_since: self.stale_since,
            overlay: self.layers.overlay_status().clone(),
            forced: self.layers.forced(),
            callbacks: self.callbacks.status(),
        }
    }

    fn put(&mut self, document: Arc<FlagDocument>) {
        self.base = document;
        self.source = Source::Store;
        self.is_unpublished = true;
    }

    /// The flags are the newest there are. Whether a trouble is over, a follower knows better.
    fn confirm(&mut self) {
        self.freshness.confirm();
        self.refreshed = Some(SystemClock.now());
        if self.stale_since.take().is_some() {
            self.is_unpublished = true;
        }
        if self.followers == 0 {
            self.recover();
        }
    }

    /// Notes a change that is in force, for callbacks.
    fn note(&mut self, record: Arc<ChangeRecord>) {
        match self.told.revision {
            Some(told) if record.revision <= told => {}
            Some(told) if record.revision == told.next() => {
                let flags = self.told_with(&record);
                self.note_step(Revised::recorded(record), flags);
            }
            _ => self.note_difference(),
        }
    }

    /// What callbacks know once they know of this record, too.
    fn told_with(&self, record: &ChangeRecord) -> Arc<FlagDocument> {
        if record.revision == self.base.revision || self.callbacks.is_empty() {
            return Arc::clone(&self.base);
        }
        let mut flags = Arc::clone(&self.told.flags);
        replay(record, Arc::make_mut(&mut flags));
        flags
    }

    fn note_difference(&mut self) {
        let now = Arc::clone(&self.base);
        self.note_difference_to(&now);
    }

    /// Notes what differs between what callbacks know and `now`.
    fn note_difference_to(&mut self, now: &Arc<FlagDocument>) {
        let changes = if self.callbacks.is_empty() {
            Vec::new()
        } else {
            KeyChange::between(&self.told.flags.flags, &now.flags)
        };
        self.note_step(Revised::found(now.revision, changes), Arc::clone(now));
    }

    fn note_step(&mut self, revised: Revised, flags: Arc<FlagDocument>) {
        let told = Told {
            revision: Some(flags.revision),
            flags,
        };
        let before = std::mem::replace(&mut self.told, told);
        if revised.changes().next().is_some() {
            self.outbox.push(Step {
                revised,
                from: before.flags,
                to: Arc::clone(&self.told.flags),
            });
        }
    }
}

/// Does to flags what a record says.
pub(super) fn replay(record: &ChangeRecord, flags: &mut FlagDocument) {
    flags.revision = record.revision;
    flags.updated_at = record.time;
    for change in &record.changes {
        match &change.after {
            Some(definition) => flags.flags.insert(change.key.clone(), definition.clone()),
            None => flags.flags.remove(&change.key),
        };
    }
}
