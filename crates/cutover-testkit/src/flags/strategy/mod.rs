//! Strategies for flags: everything that a valid document can hold, and what may be asked of it.

mod change;
mod condition;
mod definition;
mod subject;

pub use change::any_change_to;
pub use condition::any_condition;
pub use definition::any_flags;
pub use subject::{Subject, any_subject};

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::strategy::SBoxedStrategy;
use proptest::string::string_regex;

/// Text with what breaks formats: quotes, line breaks, controls, every plane of Unicode.
fn any_text() -> SBoxedStrategy<String> {
    static TEXT: LazyLock<SBoxedStrategy<String>> = LazyLock::new(|| {
        prop_oneof![
            3 => matching("[a-z]{1,8}"),
            1 => matching("\\PC{1,8}"),
            1 => matching("[\"`'\\\\\n\r\t\u{0}\u{7f}\u{2028}]{1,4}"),
        ]
        .sboxed()
    });
    TEXT.clone()
}

/// Texts that match a pattern, which is parsed once: a pattern as a strategy is parsed for each
/// text, and that takes most of the time of a test.
#[expect(clippy::expect_used, reason = "each pattern here is a constant")]
fn matching(pattern: &str) -> SBoxedStrategy<String> {
    string_regex(pattern).expect("a pattern").sboxed()
}
