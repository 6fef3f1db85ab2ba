//! What the walk finds, as it is reported.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::super::difference::{
    Comparison, Counts, Difference, DifferenceKind, SeverityCounts, Times, Undecided,
};
use super::super::redaction::{Place, Surrounded};
use super::paths::{PathId, Paths};
use super::scope::RuleId;
use super::sides::{Element, Pair};
use crate::Side;
use crate::tree::{Node, Tree, TreeBuilder, excerpts_apart};

/// A path up to this length costs no more than the rest of a difference.
const SHORT_PATH: usize = 1024;

/// What longer paths have beyond that is kept up to about so many bytes: an answer that is as deep as
/// it is wide would need the product. What is past them is counted.
const LONG_PATH_BYTES: usize = 16 << 20;

/// Everything found so far: all counted, the first of it kept.
pub(super) struct Findings<'p> {
    pair: &'p Pair<'p>,
    counts: Counts,
    by_severity: SeverityCounts,
    differences: Vec<Difference>,
    /// What their long paths have beyond short ones.
    long_path_bytes: usize,
    /// What must not be shown of old and of new, once that is asked.
    surrounded: [OnceCell<Surrounded>; 2],
    undecided: Vec<Undecided>,
    /// Whether any difference is one that the rules do not let pass.
    failed: bool,
}

impl<'p> Findings<'p> {
    pub(super) fn new(pair: &'p Pair<'p>) -> Self {
        Self {
            pair,
            counts: Counts::default(),
            by_severity: SeverityCounts::default(),
            differences: Vec::new(),
            long_path_bytes: 0,
            surrounded: Default::default(),
            undecided: Vec::new(),
            failed: false,
        }
    }

    pub(super) fn report(
        &mut self,
        kind: DifferenceKind,
        old: Option<u32>,
        new: Option<u32>,
        times: Option<Times>,
        (paths, place): (&Paths, PathId),
    ) {
        let severity = match (old, new) {
            (Some(old), _) => self.pair.old_scope(old).severity(),
            (None, Some(new)) => self.pair.new_scope(new).severity(),
            (None, None) => Default::default(),
        };
        self.counts.add(kind);
        self.by_severity.add(severity);
        self.failed |= severity >= self.pair.rules.fail_on;
        let is_full = self.differences.len() >= self.pair.rules.limit;
        if is_full || self.long_path_bytes >= LONG_PATH_BYTES {
            return;
        }
        let (mut path, mut new_path) = paths.print(place, &self.pair.key_names);
        let redacted = self.pair.rules.redaction.place(&path, new_path.as_deref());
        let sample = |side: Side, node: Option<u32>| {
            node.and_then(|node| {
                self.kept(redacted.as_ref(), side, node, self.pair.rules.sample_bytes)
            })
        };
        let (old_sample, new_sample) = match self.long_texts(old, new) {
            Some([old, new]) if redacted.is_none() => {
                let [old, new] = excerpts_apart(&old, &new, self.pair.rules.sample_bytes);
                (Some(old), Some(new))
            }
            _ => (sample(Side::Old, old), sample(Side::New, new)),
        };
        if let Some(redacted) = redacted {
            (path, new_path) = (redacted.path, redacted.new_path);
        }
        for path in [Some(&path), new_path.as_ref()].into_iter().flatten() {
            self.long_path_bytes += path.len().saturating_sub(SHORT_PATH);
        }
        self.differences.push(Difference {
            path,
            new_path,
            kind,
            old: old_sample,
            new: new_sample,
            times,
            severity,
        });
    }

    /// Two texts of which one does not fit into a sample, or two numbers of which neither does: one
    /// that fits stays a number.
    fn long_texts(&self, old: Option<u32>, new: Option<u32>) -> Option<[Cow<'p, str>; 2]> {
        let room = self.pair.rules.sample_bytes;
        let nodes = [(self.pair.old.tree, old?), (self.pair.new.tree, new?)]
            .map(|(tree, node)| Node::new(tree, node));
        let texts = nodes.map(|node| node.as_str().map(Cow::Borrowed));
        if let [Some(old), Some(new)] = texts {
            return (old.len().max(new.len()) > room).then_some([old, new]);
        }
        let [old, new] = nodes.map(|node| node.number().map(|number| number.lexeme()));
        let (old, new) = (old?, new?);
        (old.len().min(new.len()) > room).then_some([old, new])
    }

    /// Members that share a key which should be one member's.
    pub(super) fn report_group(
        &mut self,
        olds: &[Element],
        news: &[Element],
        (paths, place): (&Paths, PathId),
    ) {
        let first = |elements: &[Element]| elements.first().map(|element| element.node);
        let times = Times {
            old: olds.len(),
            new: news.len(),
        };
        let kept = self.differences.len();
        let kind = DifferenceKind::Repetition;
        self.report(kind, first(olds), first(news), Some(times), (paths, place));
        if self.differences.len() > kept {
            let bytes = self.pair.rules.sample_bytes;
            let (path, new_path) = paths.print(place, &self.pair.key_names);
            let redacted = self.pair.rules.redaction.place(&path, new_path.as_deref());
            let sample = |side, elements| self.group(redacted.as_ref(), side, elements, bytes);
            let (old, new) = (sample(Side::Old, olds), sample(Side::New, news));
            if let Some(difference) = self.differences.get_mut(kept) {
                (difference.old, difference.new) = (old, new);
            }
        }
    }

    pub(super) fn note_undecided(
        &mut self,
        (paths, place): (&Paths, PathId),
        what: String,
        elements: u64,
    ) {
        let (mut path, _) = paths.print(place, &self.pair.key_names);
        if let Some(redacted) = self.pair.rules.redaction.place(&path, None) {
            path = redacted.path;
        }
        self.undecided.push(Undecided {
            path,
            what,
            elements,
        });
    }

    pub(super) fn finish(self, hidden: Vec<(RuleId, u64)>) -> Comparison {
        Comparison {
            equal: !self.failed && self.undecided.is_empty(),
            exact: self.undecided.is_empty(),
            inexact: self.undecided,
            truncated: self.counts.total() > self.differences.len() as u64,
            counts: self.counts,
            by_severity: self.by_severity,
            differences: self.differences,
            hidden: self.pair.rules.named(hidden),
            places: Vec::new(),
            unmatched: Some(self.pair.unmatched()),
        }
    }

    /// What is kept of a value as a sample: redacted first and cut then.
    fn kept(
        &self,
        redacted: Option<&Place<'_>>,
        side: Side,
        node: u32,
        max_bytes: usize,
    ) -> Option<Tree> {
        let (tree, surrounded) = match side {
            Side::Old => (self.pair.old.tree, &self.surrounded[0]),
            Side::New => (self.pair.new.tree, &self.surrounded[1]),
        };
        let node = Node::new(tree, node);
        let Some(place) = redacted else {
            return Some(node.excerpt(max_bytes));
        };
        let redaction = &self.pair.rules.redaction;
        place.sample(
            node,
            surrounded.get_or_init(|| redaction.surrounded(tree)),
            max_bytes,
        )
    }

    /// The members of one key as an array.
    fn group(
        &self,
        redacted: Option<&Place<'_>>,
        side: Side,
        elements: &[Element],
        max_bytes: usize,
    ) -> Option<Tree> {
        if elements.is_empty() {
            return None;
        }
        let mut builder = TreeBuilder::new();
        builder.begin_array();
        for element in elements.iter().take(max_bytes) {
            let each = (max_bytes / elements.len()).max(32);
            if let Some(sample) = self.kept(redacted, side, element.node, each) {
                builder.value(sample.root());
            }
        }
        builder.end_array();
        builder.finish().ok().map(|group| group.excerpt(max_bytes))
    }
}
