use std::sync::Arc;

use regex_lite::Regex;

use super::super::Pattern;
use super::super::version::KnownVersion;

/// What the conditions of one compilation share: ten thousand rules about `plan` hold one text
/// `plan`, and one pattern that stands in all of them is compiled once.
#[derive(Default)]
pub(crate) struct Symbols<'a> {
    texts: hashbrown::HashSet<Arc<str>>,
    patterns: hashbrown::HashMap<&'a str, Option<Arc<Regex>>>,
    versions: hashbrown::HashMap<&'a str, Option<Arc<KnownVersion>>>,
}

impl<'a> Symbols<'a> {
    pub(crate) fn text(&mut self, text: &str) -> Arc<str> {
        self.texts
            .get_or_insert_with(text, |text| Arc::from(text))
            .clone()
    }

    /// `None` when it does not compile.
    pub(super) fn pattern(&mut self, pattern: &'a Pattern) -> Option<Arc<Regex>> {
        let compiled = self.patterns.entry(pattern.as_str()).or_insert_with(|| {
            let regex = pattern.compile().ok()?;
            // The first match makes the memory to match in; after it a match allocates nothing.
            let _ = regex.is_match("");
            Some(Arc::new(regex))
        });
        compiled.clone()
    }

    /// `None` when it is no version.
    pub(super) fn version(&mut self, text: &'a str) -> Option<Arc<KnownVersion>> {
        let parsed = self.versions.entry(text);
        parsed
            .or_insert_with(|| KnownVersion::parse(text).map(Arc::new))
            .clone()
    }
}
