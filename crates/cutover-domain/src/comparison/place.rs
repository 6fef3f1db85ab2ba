//! How many differences there are at which path, indexes left out of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::report::generalize;
use super::{Comparison, DifferenceKind};

/// At most so many places are told apart in one comparison.
pub(super) const MOST_PLACES: usize = 500;

/// A path of more bytes than this is not kept as a place.
pub(super) const LONGEST_PATH: usize = 1_024;

/// Differences of one kind at like paths.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The path, with `[*]` for every index.
    pub path: String,
    /// How they part.
    pub kind: DifferenceKind,
    /// How many there are.
    pub differences: u64,
}

impl Comparison {
    /// The differences by path and kind, sorted: of all that are known, also where only the first
    /// few are kept. At most 500 places; see [`is_placed`](Self::is_placed).
    ///
    /// ```
    /// use cutover_domain::comparison::{Comparator, DifferenceKind, Place};
    /// use cutover_domain::tree::Tree;
    ///
    /// let old = Tree::from_json(r#"{"items": [{"at": 1}, {"at": 2}]}"#)?;
    /// let new = Tree::from_json(r#"{"items": [{"at": 3}, {"at": 4}]}"#)?;
    /// let comparison = Comparator::default().compare(&old, &new);
    /// assert_eq!(comparison.by_place(), [Place {
    ///     path: "$.items[*].at".to_owned(),
    ///     kind: DifferenceKind::Value,
    ///     differences: 2,
    /// }]);
    /// assert!(comparison.is_placed());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn by_place(&self) -> Vec<Place> {
        if !self.places.is_empty() {
            return self.places.clone();
        }
        let mut found: BTreeMap<(String, DifferenceKind), u64> = BTreeMap::new();
        for difference in &self.differences {
            let path = generalize(&difference.path);
            if path.len() <= LONGEST_PATH {
                *found.entry((path, difference.kind)).or_default() += 1;
            }
        }
        let places = found.into_iter().map(|((path, kind), differences)| Place {
            path,
            kind,
            differences,
        });
        places.take(MOST_PLACES).collect()
    }

    /// Whether [`by_place`](Self::by_place) holds every difference. It does not where there are
    /// more of them than the rules' limit, or too many places.
    #[must_use]
    pub fn is_placed(&self) -> bool {
        let placed: u64 = self.by_place().iter().map(|place| place.differences).sum();
        self.counts.total() == placed
    }
}
