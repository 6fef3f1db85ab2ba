//! How a CSV document is written.

/// How a CSV document is written. The default is RFC 4180 with a header: commas, double quotes
/// that are doubled within quotes, an empty field for null.
///
/// ```
/// use cutover_table::CsvDialect;
///
/// let german = CsvDialect::default().delimiter(b';').null("NULL").trimmed();
/// assert_ne!(german, CsvDialect::tabs());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvDialect {
    pub(crate) delimiter: u8,
    pub(crate) quote: Option<u8>,
    pub(crate) escape: Option<u8>,
    pub(crate) header: bool,
    pub(crate) nulls: Vec<String>,
    pub(crate) trim: bool,
}

impl Default for CsvDialect {
    fn default() -> Self {
        Self {
            delimiter: b',',
            quote: Some(b'"'),
            escape: None,
            header: true,
            nulls: vec![String::new()],
            trim: false,
        }
    }
}

impl CsvDialect {
    /// Values between tabs.
    #[must_use]
    pub fn tabs() -> Self {
        Self::default().delimiter(b'\t')
    }

    /// What is between two fields.
    #[must_use]
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = delimiter;
        self
    }

    /// What is around a field that holds a delimiter, a quote or a line break; `None` where
    /// nothing is.
    #[must_use]
    pub fn quote(mut self, quote: Option<u8>) -> Self {
        self.quote = quote;
        self
    }

    /// What stands before a quote within quotes, besides another quote.
    #[must_use]
    pub fn escape(mut self, escape: u8) -> Self {
        self.escape = Some(escape);
        self
    }

    /// The first line is data; columns are called `column_1`, `column_2`, ….
    #[must_use]
    pub fn without_header(mut self) -> Self {
        self.header = false;
        self
    }

    /// One more spelling of null, besides the empty field. Within quotes it is a text.
    #[must_use]
    pub fn null(mut self, spelling: impl Into<String>) -> Self {
        self.nulls.push(spelling.into());
        self
    }

    /// Space around fields that are not in quotes does not count.
    #[must_use]
    pub fn trimmed(mut self) -> Self {
        self.trim = true;
        self
    }

    /// Two characters that mean different things must not be the same, or end lines.
    pub(crate) fn check(&self) -> Result<(), String> {
        let marks = [Some(self.delimiter), self.quote, self.escape];
        for (at, mark) in marks.iter().enumerate() {
            let Some(mark) = mark else { continue };
            if matches!(mark, b'\n' | b'\r') || !mark.is_ascii() {
                return Err(format!(
                    "{:?} cannot be a delimiter, quote or escape of CSV",
                    char::from(*mark)
                ));
            }
            if marks[..at].contains(&Some(*mark)) {
                return Err(format!(
                    "{:?} cannot be two of delimiter, quote and escape",
                    char::from(*mark)
                ));
            }
        }
        Ok(())
    }
}
