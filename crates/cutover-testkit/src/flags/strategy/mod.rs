//! Strategies for flags: everything that a valid document can hold, and what may be asked of it.

mod change;
mod condition;
mod definition;
mod subject;

pub use change::any_change_to;
pub use condition::any_condition;
pub use definition::any_flags;
pub use subject::{Subject, any_subject};

use proptest::prelude::*;

/// Text with what breaks formats: quotes, line breaks, controls, every plane of Unicode.
fn any_text() -> BoxedStrategy<String> {
    prop_oneof![
        3 => "[a-z]{1,8}",
        1 => "\\PC{1,8}",
        1 => "[\"`'\\\\\n\r\t\u{0}\u{7f}\u{2028}]{1,4}",
    ]
    .boxed()
}
