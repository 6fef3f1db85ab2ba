//! What the texts of a column look like, all of them together.
//!
//! A column of texts is a column of numbers only where **every** text is one, written as numbers
//! are: `007`, `+1` and `1 000` are texts, so that no id loses its zeros.

pub(crate) mod calendar;
pub(crate) mod number;

use arrow_schema::TimeUnit;

use number::Numeral;

/// What all texts seen so far look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spelling {
    /// What all of them could be.
    could_be: u8,
    /// The most digits before and after the decimal point.
    whole: u32,
    fraction: u32,
    /// The most digits of a second.
    of_second: u8,
}

const INTEGER: u8 = 1; // whole numbers
const SMALL: u8 = 1 << 1; // … of 64 bits
const NUMBER: u8 = 1 << 2;
const PLAIN: u8 = 1 << 3; // … without a power of ten, finite
const BOOLEAN: u8 = 1 << 4;
const DATE: u8 = 1 << 5;
const LOCAL: u8 = 1 << 6; // a time without a zone
const ZONED: u8 = 1 << 7; // a time with one

const NUMBERS: u8 = INTEGER | SMALL | NUMBER | PLAIN;
const TIMES: u8 = DATE | LOCAL | ZONED;

impl Default for Spelling {
    fn default() -> Self {
        Self {
            could_be: u8::MAX,
            whole: 0,
            fraction: 0,
            of_second: 0,
        }
    }
}

impl Spelling {
    /// One more text, which is not null.
    pub(crate) fn see(&mut self, text: &[u8]) {
        if self.could_be == 0 || text.is_empty() {
            // What is empty within quotes is null in every column but one of texts.
            return;
        }
        let mut is = 0;
        if self.could_be & NUMBERS != 0
            && let Some(numeral) = Numeral::of(text)
        {
            is |= NUMBER;
            self.whole = self.whole.max(numeral.whole);
            self.fraction = self.fraction.max(numeral.fraction);
            if numeral.plain {
                is |= PLAIN;
            }
            if numeral.is_integer() {
                is |= INTEGER;
                if numeral.whole < 19 || number::integer(text).is_some() {
                    is |= SMALL;
                }
            }
        }
        if self.could_be & BOOLEAN != 0 && boolean(text).is_some() {
            is |= BOOLEAN;
        }
        if self.could_be & TIMES != 0 {
            is |= self.time(text);
        }
        self.could_be &= is;
    }

    fn time(&mut self, text: &[u8]) -> u8 {
        if calendar::date(text).is_some() {
            return DATE;
        }
        let Some(instant) = calendar::Instant::of(text) else {
            return 0;
        };
        self.of_second = self.of_second.max(instant.digits);
        if instant.offset.is_some() {
            ZONED
        } else {
            LOCAL
        }
    }

    /// The same texts where they are known not to be numbers or booleans, but texts that may stand
    /// for times.
    pub(crate) fn of_texts(mut self) -> Self {
        self.could_be &= TIMES;
        self
    }

    /// What the texts of two columns look like together.
    pub(crate) fn and(&self, other: &Self) -> Self {
        Self {
            could_be: self.could_be & other.could_be,
            whole: self.whole.max(other.whole),
            fraction: self.fraction.max(other.fraction),
            of_second: self.of_second.max(other.of_second),
        }
    }

    /// No text but nulls and empty ones.
    pub(crate) fn is_empty(&self) -> bool {
        self.could_be == u8::MAX
    }

    /// Nothing but text.
    pub(crate) fn is_text(&self) -> bool {
        self.could_be == 0
    }

    pub(crate) fn is_integer(&self) -> bool {
        self.could_be & INTEGER != 0
    }

    /// Integers of 64 bits.
    pub(crate) fn fits_integer(&self) -> bool {
        self.could_be & SMALL != 0
    }

    pub(crate) fn is_number(&self) -> bool {
        self.could_be & NUMBER != 0
    }

    /// Digits in all and after the point, where all are written out and few enough to count.
    pub(crate) fn decimal(&self) -> Option<(u8, i8)> {
        if self.could_be & PLAIN == 0 {
            return None;
        }
        let digits = u8::try_from(self.whole + self.fraction).ok()?;
        let scale = i8::try_from(self.fraction).ok()?;
        (digits <= 76).then_some((digits, scale))
    }

    /// Numbers of which all digits are written out.
    pub(crate) fn is_plain(&self) -> bool {
        self.could_be & PLAIN != 0
    }

    pub(crate) fn is_boolean(&self) -> bool {
        self.could_be & BOOLEAN != 0
    }

    pub(crate) fn is_date(&self) -> bool {
        self.could_be & DATE != 0
    }

    pub(crate) fn is_timestamp(&self) -> bool {
        self.could_be & (LOCAL | ZONED) != 0
    }

    pub(crate) fn is_zoned(&self) -> bool {
        self.could_be & ZONED != 0 && !self.is_empty()
    }

    /// The coarsest unit in which all times are whole, from microseconds.
    pub(crate) fn unit(&self) -> TimeUnit {
        if self.of_second > 6 {
            TimeUnit::Nanosecond
        } else {
            TimeUnit::Microsecond
        }
    }
}

/// `true` and `false`, as Rust, Python and SQL print them.
pub(crate) fn boolean(text: &[u8]) -> Option<bool> {
    match text {
        b"true" | b"True" | b"TRUE" => Some(true),
        b"false" | b"False" | b"FALSE" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelling(texts: &[&str]) -> Spelling {
        let mut spelling = Spelling::default();
        texts.iter().for_each(|text| spelling.see(text.as_bytes()));
        spelling
    }

    #[test]
    fn a_column_is_what_all_of_its_texts_are() {
        let cases: [(&[&str], &str); 21] = [
            (&["1", "-20", "0"], "integer"),
            (&["1", "007"], "text"),
            (&["+1"], "text"),
            (&["1", "2.50"], "number"),
            (&[".5", "5."], "number"),
            (&["1e5", "2"], "number"),
            (&["NaN", "1.5", "-inf"], "number"),
            (&["1.5", "x"], "text"),
            (&["1.5", "1e400"], "text"),
            (&["1.5", "-2e-400"], "text"),
            (&["1.5", "0e400", "1e308"], "number"),
            (&["1,5"], "text"),
            (&["true", "False"], "boolean"),
            (&["true", "1"], "text"),
            (&["2026-11-26"], "date"),
            (&["2026-02-30"], "text"),
            (
                &["2026-11-26T10:00:00Z", "2026-11-26 10:00:00+02:00"],
                "instant",
            ),
            (&["2026-11-26 10:00:00.5"], "time"),
            (&["2026-11-26", "2026-11-26 10:00:00"], "text"),
            (&[], "empty"),
            (&[""], "empty"),
        ];
        for (texts, expected) in cases {
            let found = spelling(texts);
            let word = match found {
                _ if found.is_empty() => "empty",
                _ if found.is_integer() => "integer",
                _ if found.is_number() => "number",
                _ if found.is_boolean() => "boolean",
                _ if found.is_date() => "date",
                _ if found.is_zoned() => "instant",
                _ if found.is_timestamp() => "time",
                _ => "text",
            };
            assert_eq!(word, expected, "{texts:?}");
        }
    }

    #[test]
    fn digits_are_counted_over_all_texts() {
        assert_eq!(spelling(&["100.5", "-1.255"]).decimal(), Some((6, 3)));
        assert_eq!(spelling(&["1e5"]).decimal(), None);
        let large = spelling(&["9223372036854775807", "-9223372036854775808"]);
        assert!(large.fits_integer());
        assert!(!spelling(&["9223372036854775808"]).fits_integer());
    }
}
