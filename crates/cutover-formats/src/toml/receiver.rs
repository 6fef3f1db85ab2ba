//! The events of the grammar into tables and values.

use std::borrow::Cow;

use toml_parser::decoder::{Encoding, IntegerRadix, ScalarKind};
use toml_parser::parser::EventReceiver;
use toml_parser::{ErrorSink, Raw, Source, Span};

use super::tables::{Defined, Key, ROOT, Tables, Value};
use crate::digits::decimal;
use crate::error::Problem;
use crate::fault::{Fault, beginning};

/// The grammar calls itself for arrays and tables in braces within one another, so there is a limit
/// to them of its own. Headers and dotted keys nest as deep as the document may.
const DEEPEST_VALUE: usize = 256;

/// Whatever the events are, nothing here panics: after an error in the text they may come in any
/// order, and what is made of them then is thrown away.
#[derive(Debug)]
pub(super) struct Receiver<'a> {
    source: Source<'a>,
    pub(super) tables: Tables<'a>,
    /// What was wrong first.
    pub(super) fault: Option<Fault>,
    /// The table of the header that was read last.
    section: u32,
    /// Arrays and tables in braces that are not closed.
    open: Vec<u32>,
    /// The parts of the key that is being read.
    path: Vec<Key<'a>>,
    /// Where the next value goes.
    place: Option<(u32, Key<'a>)>,
}

impl<'a> Receiver<'a> {
    pub(super) fn new(source: Source<'a>, depth: usize) -> Self {
        Self {
            source,
            tables: Tables::new(depth),
            fault: None,
            section: ROOT,
            open: Vec::new(),
            path: Vec::new(),
            place: None,
        }
    }

    /// Takes a result; only the first fault counts.
    fn take<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(fault) => {
                self.fault.get_or_insert(fault);
                None
            }
        }
    }

    fn add(&mut self, at: usize, value: Value<'a>) -> Option<u32> {
        let added = match (self.place.take(), self.open.last()) {
            (Some((table, key)), _) => self.tables.insert(table, key, value),
            (None, Some(array)) => self.tables.push(*array, at, value),
            (None, None) => return None,
        };
        self.take(added)
    }

    fn open(&mut self, span: Span, value: Value<'a>) -> bool {
        if self.fault.is_some() || self.open.len() >= DEEPEST_VALUE {
            let problem = Problem::TooDeep {
                limit: DEEPEST_VALUE,
            };
            self.fault
                .get_or_insert_with(|| Fault::new(span.start(), problem));
            return false;
        }
        let index = self.add(span.start(), value);
        self.open.extend(index);
        index.is_some()
    }

    fn raw(&self, span: Span, encoding: Option<Encoding>) -> Raw<'a> {
        let text = self.source.input().get(span.start()..span.end());
        Raw::new_unchecked(text.unwrap_or_default(), encoding, span)
    }

    fn key(&self, span: Span, encoding: Option<Encoding>, error: &mut dyn ErrorSink) -> Key<'a> {
        let mut key = Cow::Borrowed("");
        self.raw(span, encoding).decode_key(&mut key, error);
        (key, span.start())
    }

    fn scalar(
        &self,
        span: Span,
        encoding: Option<Encoding>,
        error: &mut dyn ErrorSink,
    ) -> Value<'a> {
        let mut text = Cow::Borrowed("");
        match self.raw(span, encoding).decode_scalar(&mut text, error) {
            ScalarKind::Boolean(value) => Value::Bool(value),
            ScalarKind::Integer(IntegerRadix::Dec) | ScalarKind::Float => number(text),
            ScalarKind::Integer(radix) => match decimal(&text, radix.value()) {
                Some(number) => Value::Number(number.into()),
                None => Value::Text(text),
            },
            ScalarKind::String | ScalarKind::DateTime => Value::Text(text),
        }
    }
}

/// A decimal number in JSON's form.
fn number(text: Cow<'_, str>) -> Value<'_> {
    let unsigned = text.trim_start_matches(['+', '-']);
    let negative = text.starts_with('-');
    match unsigned {
        "nan" => Value::NotFinite(f64::NAN),
        "inf" if negative => Value::NotFinite(f64::NEG_INFINITY),
        "inf" => Value::NotFinite(f64::INFINITY),
        _ if text.starts_with('+') => Value::Number(unsigned.to_owned().into()),
        _ => Value::Number(text),
    }
}

impl EventReceiver for Receiver<'_> {
    fn std_table_open(&mut self, _span: Span, _error: &mut dyn ErrorSink) {
        self.path.clear();
    }

    fn std_table_close(&mut self, _span: Span, _error: &mut dyn ErrorSink) {
        let path = std::mem::take(&mut self.path);
        let table = self.tables.header(path);
        self.section = self.take(table).unwrap_or(self.section);
    }

    fn array_table_open(&mut self, _span: Span, _error: &mut dyn ErrorSink) {
        self.path.clear();
    }

    fn array_table_close(&mut self, _span: Span, _error: &mut dyn ErrorSink) {
        let path = std::mem::take(&mut self.path);
        let table = self.tables.header_of_array(path);
        self.section = self.take(table).unwrap_or(self.section);
    }

    fn inline_table_open(&mut self, span: Span, _error: &mut dyn ErrorSink) -> bool {
        self.open(span, Value::Table(Defined::Inline))
    }

    fn inline_table_close(&mut self, _span: Span, _error: &mut dyn ErrorSink) {
        self.open.pop();
    }

    fn array_open(&mut self, span: Span, _error: &mut dyn ErrorSink) -> bool {
        self.open(span, Value::Array)
    }

    fn array_close(&mut self, _span: Span, _error: &mut dyn ErrorSink) {
        self.open.pop();
    }

    fn simple_key(&mut self, span: Span, encoding: Option<Encoding>, error: &mut dyn ErrorSink) {
        let key = self.key(span, encoding, error);
        self.path.push(key);
    }

    fn key_val_sep(&mut self, _span: Span, _error: &mut dyn ErrorSink) {
        let mut path = std::mem::take(&mut self.path);
        let table = self.open.last().copied().unwrap_or(self.section);
        if let Some(last) = path.pop() {
            let table = self.tables.dotted(table, path);
            self.place = self.take(table).map(|table| (table, last));
        }
    }

    fn scalar(&mut self, span: Span, encoding: Option<Encoding>, error: &mut dyn ErrorSink) {
        let value = Receiver::scalar(self, span, encoding, error);
        let checked = check(&value, self.source, span, encoding);
        if self.take(checked).is_some() && self.fault.is_none() {
            self.add(span.start(), value);
        }
    }
}

/// What the grammar leaves open: whether a date is one, and how long a number may be.
fn check(
    value: &Value<'_>,
    source: Source<'_>,
    span: Span,
    encoding: Option<Encoding>,
) -> Result<(), Fault> {
    let (Value::Text(_), None, Some(raw)) = (value, encoding, source.get(span)) else {
        return Ok(());
    };
    let text = raw.as_str();
    if text.starts_with("0x") || text.starts_with("0o") || text.starts_with("0b") {
        let what = format!(
            "`{}` is past 128 bits; write it as a decimal number",
            beginning(text)
        );
        return Err(Fault::new(span.start(), Problem::Syntax(what)));
    }
    match text.parse::<toml_datetime::Datetime>() {
        Ok(_) => Ok(()),
        Err(error) => {
            let what = format!("`{}` is not a date or time: {error}", beginning(text));
            Err(Fault::new(span.start(), Problem::Syntax(what)))
        }
    }
}
