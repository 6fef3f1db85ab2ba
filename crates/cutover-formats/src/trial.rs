//! Reading a text of a format, for the tests of its reader.

use cutover_domain::tree::Tree;

use crate::{Document, Format, ReadError};

impl Format {
    pub(crate) fn read(self, text: &str) -> Result<Tree, ReadError> {
        Document::new(text.as_bytes()).format(self).read()
    }

    /// What a text is, as JSON.
    pub(crate) fn json(self, text: &str) -> String {
        self.read(text)
            .unwrap_or_else(|error| panic!("{text:?}: {error}"))
            .to_json()
    }

    /// Why a text is refused.
    pub(crate) fn error(self, text: &str) -> String {
        match self.read(text) {
            Ok(tree) => panic!("{text:?} is {tree}"),
            Err(error) => error.to_string(),
        }
    }
}
