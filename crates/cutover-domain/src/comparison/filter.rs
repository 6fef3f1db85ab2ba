//! Choosing differences: by where they are, in what way answers part, how much it matters.
//!
//! ```
//! use cutover_domain::comparison::{DifferenceFilter, DifferenceKind, PathPattern, Rules};
//! use cutover_domain::tree::Tree;
//!
//! let old = Tree::from_json(r#"{"items": [{"price": 1, "name": "a"}], "at": 1}"#)?;
//! let new = Tree::from_json(r#"{"items": [{"price": {"sum": 1}, "name": "b"}], "at": 2}"#)?;
//! let comparison = Rules::new().build()?.compare(&old, &new);
//!
//! let found = |filter: &DifferenceFilter| -> Vec<&str> {
//!     let differences = comparison.differences.iter();
//!     differences.filter(|d| filter.matches(d)).map(|d| &*d.path).collect()
//! };
//! let prices = DifferenceFilter::at(PathPattern::new("$.items[*].price")?);
//! assert_eq!(found(&prices), ["$.items[0].price"]);
//! let items = DifferenceFilter::at(PathPattern::new("$.items")?);
//! assert_eq!(found(&items), ["$.items[0].price", "$.items[0].name"]);
//! let values = DifferenceFilter { kind: Some(DifferenceKind::Value), ..items };
//! assert_eq!(found(&values), ["$.items[0].name"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::str::FromStr;

use super::difference::{Difference, DifferenceKind, Severity};
use super::engine::{Segment, Selector, SelectorError};

/// Places: those that a JSONPath (RFC 9535, without filter expressions) selects, and everything
/// below them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern(Selector);

/// Why a text is no [`PathPattern`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct InvalidPath(SelectorError);

impl PathPattern {
    /// A pattern from its text: `$.items[*].price`, `$..etag`, `$.items`.
    ///
    /// # Errors
    ///
    /// [`InvalidPath`] says what is wrong, and at which character.
    pub fn new(text: &str) -> Result<Self, InvalidPath> {
        text.parse().map(Self).map_err(InvalidPath)
    }

    /// The names of members that every path of the pattern has in it.
    ///
    /// ```
    /// use cutover_domain::comparison::PathPattern;
    ///
    /// let pattern = PathPattern::new("$.items[*]['unit price']..sum")?;
    /// assert_eq!(pattern.names().collect::<Vec<_>>(), ["items", "unit price", "sum"]);
    /// # Ok::<(), cutover_domain::comparison::InvalidPath>(())
    /// ```
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.segments().iter().filter_map(Segment::only_name)
    }

    /// Whether a path leads to a place of the pattern, or below one.
    ///
    /// `path` is a path as differences have them, or one with `[*]` for indexes: that matches when
    /// it may lead there. A path knows no lengths, so an index from the end matches every one.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        let segments = self.0.segments();
        let steps = path.parse::<Selector>().ok();
        let Some(steps) = steps.and_then(|selector| selector.as_steps()) else {
            // No place of a document, but a comparison may name others.
            return segments.is_empty() || path == self.0.to_string();
        };
        // How many segments may be matched by what was walked so far.
        let mut reached = vec![0];
        for step in &steps {
            if reached.contains(&segments.len()) {
                break;
            }
            let mut next = Vec::new();
            for matched in reached {
                let Some(segment) = segments.get(matched) else {
                    continue;
                };
                if segment.descendant {
                    next.push(matched);
                }
                if segment.may_take(step) {
                    next.push(matched + 1);
                }
            }
            next.sort_unstable();
            next.dedup();
            reached = next;
        }
        reached.contains(&segments.len())
    }
}

impl FromStr for PathPattern {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        Self::new(text)
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which differences are of interest; what is absent does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DifferenceFilter {
    /// At or below these places, in the old answer or in the new one.
    pub path: Option<PathPattern>,
    /// Of this kind.
    pub kind: Option<DifferenceKind>,
    /// Of this severity or worse.
    pub severity: Option<Severity>,
}

impl DifferenceFilter {
    /// Differences at or below places.
    #[must_use]
    pub fn at(path: PathPattern) -> Self {
        Self {
            path: Some(path),
            ..Self::default()
        }
    }

    /// Whether every difference is of interest.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a difference is of interest.
    #[must_use]
    pub fn matches(&self, difference: &Difference) -> bool {
        let Difference { path, new_path, .. } = difference;
        self.kind.is_none_or(|kind| kind == difference.kind)
            && self
                .severity
                .is_none_or(|least| difference.severity >= least)
            && self.path.as_ref().is_none_or(|wanted| {
                wanted.matches(path) || new_path.as_ref().is_some_and(|path| wanted.matches(path))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_its_places_and_what_is_below() {
        for (pattern, matching, others) in [
            ("$", &["$", "$.a", "$[3].b", "row 7"][..], &[][..]),
            (
                "$.a",
                &["$.a", "$.a.b", "$.a[0]"],
                &["$", "$.b", "$.ab", "$.b.a", "row 7"],
            ),
            (
                "$.items[*].price",
                &[
                    "$.items[3].price",
                    "$.items[*].price",
                    "$.items[0].price.sum",
                ],
                &["$.items[3]", "$.items", "$.items.x.name"],
            ),
            (
                "$..etag",
                &["$.etag", "$.a[1].etag.x", "$.a[*].etag"],
                &["$.a.tag"],
            ),
            (
                "$.a[3]",
                &["$.a[3]", "$.a[3].b", "$.a[*]"],
                &["$.a[4]", "$.a"],
            ),
            ("$.a[-1]", &["$.a[0]", "$.a[7].x"], &["$.a.b"]),
            ("$.a[1:3]", &["$.a[1]", "$.a[2]"], &["$.a[0]", "$.a[3]"]),
            (
                "$['odd name'].*",
                &["$['odd name'].x", "$['odd name'][0]"],
                &["$['odd name']"],
            ),
        ] {
            let wanted = PathPattern::new(pattern).unwrap();
            for path in matching {
                assert!(wanted.matches(path), "{pattern} {path}");
            }
            for path in others {
                assert!(!wanted.matches(path), "{pattern} {path}");
            }
            assert_eq!(wanted.to_string(), pattern);
        }
        let error = PathPattern::new("price").unwrap_err().to_string();
        assert!(error.contains("a path starts with `$`"), "{error}");
    }
}
