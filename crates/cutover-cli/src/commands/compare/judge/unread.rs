//! What was to be a document and cannot be read as one: nobody knows where in it is what the rules
//! redact by path, so nothing of it is kept.

use cutover_domain::comparison::{Comparison, DifferenceKind, REDACTED};
use cutover_domain::tree::Tree;

use super::whole::Place;

/// Takes what is shown of these parts from the differences; that they differ, and where, stays.
pub(super) fn hide(comparison: &mut Comparison, parts: &[Place]) {
    let paths: Vec<String> = parts.iter().map(Place::path).collect();
    let is_hidden = |path: &str| {
        let mut behind = paths.iter().filter_map(|part| path.strip_prefix(&**part));
        behind.any(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    for difference in &mut comparison.differences {
        if difference.kind == DifferenceKind::Outcome || !is_hidden(&difference.path) {
            continue;
        }
        for value in [&mut difference.old, &mut difference.new] {
            if value.is_some() {
                *value = Some(Tree::string(REDACTED));
            }
        }
    }
}
