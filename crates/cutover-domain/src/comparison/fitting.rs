//! Records that are longer than a store takes, made to fit.

use super::report::brief_path;
use super::{
    Comparison, ComparisonRecord, Difference, Judgement, RecordLimits, RecordedInput, SideOutcome,
    SideRecord, excerpt,
};

/// The texts of a record are cut to so many bytes each, the first that suffices.
const TEXT_BYTES: [usize; 3] = [64 << 10, 4 << 10, 256];

/// What this version does not know stays up to so many times the length of a text.
const UNKNOWN: usize = 16;

/// Of what was not decided so many are kept where little room is left.
const UNDECIDED: usize = 10;

impl ComparisonRecord {
    /// The record with so much less in it that it is no longer than `max_bytes` as JSON, and how
    /// long it was ([`shortened_from`](Self::shortened_from)); `None` where no room is left for
    /// what is never cut.
    ///
    /// That is who asked, what and when, how both sides ended, what they used, the verdict and all
    /// counts. The rest goes in this order: long values become samples; differences go, the last
    /// ones first; an input goes as a whole, and texts are cut; what old differs in from itself goes,
    /// so that nothing is taken for noise; fields that this version does not know go.
    ///
    /// Takes time proportional to the record.
    ///
    /// ```
    /// use cutover_domain::comparison::{
    ///     Comparator, ComparisonRecord, Judgement, RecordId, RecordLimits, RunId, SideOutcome,
    ///     SideRecord,
    /// };
    /// use cutover_domain::tree::Tree;
    ///
    /// let answer = |item| Tree::from_serialize(&vec![item; 40]);
    /// let comparison = Comparator::default().compare(&answer("old")?, &answer("new")?);
    /// let record = ComparisonRecord::new(
    ///     RunId::new("nightly-1")?,
    ///     RecordId::new("case-0001")?,
    ///     "dataset.profile",
    ///     "2026-01-01T00:00:00Z".parse()?,
    ///     SideRecord::new(SideOutcome::Ok),
    ///     SideRecord::new(SideOutcome::Ok),
    ///     Judgement::of(comparison, &RecordLimits::default()),
    /// );
    /// let short = record.fitted(1500).ok_or("it does not fit")?;
    ///
    /// assert!(serde_json::to_string(&short)?.len() <= 1500);
    /// let kept = short.judgement.differences().len();
    /// assert!(kept > 0 && kept < 40);
    /// assert_eq!(short.judgement.comparison().map(|found| found.counts.total()), Some(40));
    /// assert_eq!(short.result, record.result);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn fitted(&self, max_bytes: usize) -> Option<Self> {
        let length = json_length(self)?;
        if length <= max_bytes {
            return Some(self.clone());
        }
        let mut record = self.clone();
        record.shortened_from = u64::try_from(length).ok();
        record.cut_values();
        if json_length(&record)? <= max_bytes {
            return Some(record);
        }
        let differences = record.take_differences();
        let whole = record.clone();
        let mut cuts = TEXT_BYTES.into_iter();
        let room = loop {
            // One for `false` in the place of `true`.
            let room = max_bytes.checked_sub(json_length(&record)? + 1);
            match (room, cuts.next()) {
                // Differences are what a record is for: half of it is theirs if they need it.
                (Some(room), _) if room >= max_bytes / 2 => break room,
                (_, Some(text_bytes)) => {
                    record = whole.clone();
                    record.cut_texts(text_bytes);
                }
                (room, None) => break room?,
            }
        };
        record.put_back(differences, room);
        Some(record)
    }

    fn comparison_mut(&mut self) -> Option<&mut Comparison> {
        match &mut self.judgement {
            Judgement::Compared(comparison) => Some(comparison),
            Judgement::Failed(_) => None,
        }
    }

    fn cut_values(&mut self) {
        let limit = RecordLimits::default().value_bytes;
        let comparison = self.comparison_mut().into_iter();
        for difference in comparison.flat_map(|found| &mut found.differences) {
            difference.cut_values(limit);
        }
    }

    /// Takes all differences out, and leaves where they are. Also says whether more were left out
    /// before.
    fn take_differences(&mut self) -> (Vec<Difference>, bool) {
        let Some(comparison) = self.comparison_mut() else {
            return (Vec::new(), false);
        };
        comparison.places = comparison.by_place();
        let truncated = std::mem::replace(&mut comparison.truncated, true);
        (std::mem::take(&mut comparison.differences), truncated)
    }

    /// Puts back the first differences for which there is room.
    fn put_back(&mut self, (differences, truncated): (Vec<Difference>, bool), mut room: usize) {
        let Some(comparison) = self.comparison_mut() else {
            return;
        };
        let all = differences.len();
        for difference in differences {
            // With the comma after it.
            let length = json_length(&difference).map_or(usize::MAX, |length| length + 1);
            let Some(left) = room.checked_sub(length) else {
                break;
            };
            room = left;
            comparison.differences.push(difference);
        }
        let kept = comparison.differences.len();
        if kept == all && !truncated {
            // None is missing, so where they are can be seen.
            comparison.places.clear();
            comparison.truncated = false;
        }
        if let Some(noise) = &mut self.noise {
            noise.steady.retain(|number| (*number as usize) < kept);
        }
    }

    /// Cuts all texts but those that say what the record is of.
    fn cut_texts(&mut self, bytes: usize) {
        let is_last = TEXT_BYTES.last() == Some(&bytes);
        if let Some(RecordedInput::Kept { value, .. }) = &self.input {
            self.input = Some(RecordedInput::Failed(format!(
                "with it the record would be longer than its store takes: {} bytes as JSON",
                value.to_json().len()
            )));
        }
        if let Some(RecordedInput::Failed(why)) = &mut self.input {
            cut(why, bytes);
        }
        for side in [&mut self.old, &mut self.new] {
            side.cut_texts(bytes);
        }
        match &mut self.judgement {
            Judgement::Failed(why) => cut(why, bytes),
            Judgement::Compared(comparison) => {
                for undecided in &mut comparison.inexact {
                    undecided.path = brief_path(&undecided.path).into_owned();
                    cut(&mut undecided.what, bytes);
                }
                for hit in &mut comparison.hidden {
                    cut(&mut hit.rule, bytes);
                }
                if is_last {
                    comparison.inexact.truncate(UNDECIDED);
                    comparison.places.clear();
                }
            }
        }
        if is_last {
            self.noise = None;
        }
        for unknown in [
            &mut self.unknown,
            &mut self.old.unknown,
            &mut self.new.unknown,
        ] {
            if json_length(unknown).is_none_or(|length| length > UNKNOWN * bytes) {
                unknown.clear();
            }
        }
    }
}

impl SideRecord {
    fn cut_texts(&mut self, bytes: usize) {
        match &mut self.outcome {
            SideOutcome::Error { class, message } => {
                cut(class, bytes);
                cut(message, bytes);
            }
            SideOutcome::Panic { message } => cut(message, bytes),
            _ => {}
        }
        let texts = [&mut self.answer.excerpt, &mut self.messages];
        for text in texts.into_iter().flatten() {
            cut(text, bytes);
        }
    }
}

/// As [`excerpt`], in its place.
fn cut(text: &mut String, bytes: usize) {
    if text.len() > bytes {
        *text = excerpt(text, bytes);
    }
}

/// How long something is as JSON; nothing where it cannot be written.
fn json_length(value: &impl serde::Serialize) -> Option<usize> {
    let mut length = Length(0);
    serde_json::to_writer(&mut length, value).ok()?;
    Some(length.0)
}

/// Counts what is written.
struct Length(usize);

impl std::io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
