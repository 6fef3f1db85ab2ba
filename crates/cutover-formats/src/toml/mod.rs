//! TOML without loss, with positions.
//!
//! The grammar is toml_parser's; which tables its events make is said here. A document's tables are
//! collected first ([`tables`]), because any header may add to an earlier one, and then written
//! into a tree.

mod receiver;
mod tables;

use cutover_domain::tree::Tree;
use toml_parser::parser::{ValidateWhitespace, parse_document};
use toml_parser::{ParseError, Source};

use crate::error::{Problem, ReadError};
use crate::fault::Fault;
use crate::text::Text;
use receiver::Receiver;

/// Reads a document. Integers keep every digit; dates and times are their text.
pub(crate) fn read(text: &Text<'_>, depth: usize) -> Result<Tree, ReadError> {
    let source = Source::new(text.text);
    let tokens: Vec<_> = source.lex().collect();
    let mut receiver = Receiver::new(source, depth);
    let mut refused: Option<ParseError> = None;
    let mut checked = ValidateWhitespace::new(&mut receiver, source);
    parse_document(&tokens, &mut checked, &mut refused);
    let (refused, fault) = (refused.map(refusal), receiver.fault.take());
    // What stands first is the cause.
    match (refused, fault) {
        (Some(refused), Some(fault)) if fault.at() < refused.at() => Err(fault),
        (Some(refused), _) => Err(refused),
        (None, Some(fault)) => Err(fault),
        (None, None) => receiver
            .tables
            .write()
            .map_err(|error| Fault::new(0, Problem::Size(error))),
    }
    .map_err(|fault| fault.locate(text))
}

fn refusal(error: ParseError) -> Fault {
    let span = error.unexpected().or(error.context());
    let expected: Vec<String> = error
        .expected()
        .unwrap_or_default()
        .iter()
        .map(|expected| match expected {
            toml_parser::Expected::Literal(text) => format!("`{}`", text.escape_debug()),
            toml_parser::Expected::Description(text) => (*text).to_owned(),
            _ => "something else".to_owned(),
        })
        .collect();
    let mut what = format!("this is not TOML: {}", error.description());
    if !expected.is_empty() {
        what = format!("{what}; {} is expected", expected.join(" or "));
    }
    Fault::new(span.map_or(0, |span| span.start()), Problem::Syntax(what))
}

#[cfg(test)]
mod tests;
