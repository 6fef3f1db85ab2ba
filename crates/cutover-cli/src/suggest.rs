//! "Did you mean …?"
//!
//! ```
//! use cutover_cli::suggest::closest;
//!
//! let keys = ["use_new_backend", "use_new_config"];
//! assert_eq!(closest("use_new_bakend", keys), Some("use_new_backend"));
//! assert_eq!(closest("something_else", keys), None);
//! ```

/// The candidate that `typed` was most likely meant to be; `None` when nothing is near.
///
/// A candidate is near when at most a third of its letters are wrong, or when it only adds
/// something to what was typed.
pub fn closest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = typed.to_lowercase();
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let distance = strsim::damerau_levenshtein(&folded, &candidate.to_lowercase());
            let letters = candidate.chars().count().max(folded.chars().count());
            let part = folded.len() >= 3 && candidate.to_lowercase().contains(&folded);
            (distance * 3 <= letters || part).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn the_nearest_name_is_suggested_and_only_when_it_is_near() {
        let keys = ["new_pipeline", "batch_loading", "alert_manager"];
        for (typed, expected) in [
            ("new_pipelin", Some("new_pipeline")),
            ("NEW_PIPELINE", Some("new_pipeline")),
            ("new-pipeline", Some("new_pipeline")),
            ("alert", Some("alert_manager")),
            ("zzz", None),
            ("", None),
        ] {
            assert_eq!(closest(typed, keys), expected, "{typed}");
        }
    }
}
