//! Comparisons of one's own.

use std::fmt;
use std::sync::Arc;

use super::Rules;
use crate::tree::Node;

/// What a comparison of one's own says about two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// They count as the same.
    Same,
    /// They differ, as a whole.
    Different,
    /// The other rules decide.
    ByRules,
}

pub(in crate::comparison) type Compare = dyn Fn(Node<'_>, Node<'_>) -> Likeness + Send + Sync;

/// A comparison of one's own, and where it is asked.
#[derive(Clone)]
pub(super) struct Custom {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) compare: Arc<Compare>,
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Custom")
            .field("name", &self.name)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl PartialEq for Custom {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.path == other.path
            && Arc::ptr_eq(&self.compare, &other.compare)
    }
}

impl Rules {
    /// Asks `compare` about the old and the new value at this path before any other rule. `$` is
    /// the answer as a whole, `$..*` every value in it.
    ///
    /// What it takes for the same although it is not written the same is counted under `name` and
    /// the path. It must answer the same way round as the other way round, take a value for the
    /// same as itself, and not panic; where it does, the comparison does.
    ///
    /// A value with a comparison of its own is not known by its content, so in collections without
    /// order it is found by what stands beside it, and where that does not tell, partners are tried
    /// within the [effort](Self::effort). A rules file cannot hold such a rule; it is not written.
    ///
    /// ```
    /// use cutover_domain::comparison::{Likeness, Rules};
    /// use cutover_domain::tree::{Node, Tree};
    ///
    /// // Versions are the same up to their patch number.
    /// let compatible = |old: Node<'_>, new: Node<'_>| {
    ///     match (old.as_str(), new.as_str()) {
    ///         (Some(old), Some(new)) if old.rsplit_once('.').map(|split| split.0)
    ///             == new.rsplit_once('.').map(|split| split.0) => Likeness::Same,
    ///         _ => Likeness::ByRules,
    ///     }
    /// };
    /// let comparator = Rules::new().compare_with("compatible version", "$..version", compatible).build()?;
    /// let old = Tree::from_json(r#"{"version": "1.4.2", "needs": [{"version": "2.0.1"}]}"#)?;
    /// let new = Tree::from_json(r#"{"version": "1.4.9", "needs": [{"version": "2.1.0"}]}"#)?;
    /// let comparison = comparator.compare(&old, &new);
    /// assert_eq!(comparison.differences[0].to_string(), r#"$.needs[0].version: value "2.0.1" → "2.1.0""#);
    /// assert_eq!(comparison.hidden[0].rule, "compatible version $..version");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn compare_with(
        mut self,
        name: impl Into<String>,
        path: impl Into<String>,
        compare: impl Fn(Node<'_>, Node<'_>) -> Likeness + Send + Sync + 'static,
    ) -> Self {
        self.customs.push(Custom {
            name: name.into(),
            path: path.into(),
            compare: Arc::new(compare),
        });
        self
    }
}
