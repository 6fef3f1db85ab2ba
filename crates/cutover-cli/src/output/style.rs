//! The colours; they vanish where nobody sees them (`--no-color`, `NO_COLOR`, `TERM=dumb`, a
//! pipe).
//!
//! ```
//! use cutover_cli::output::style::GOOD;
//!
//! assert_eq!(format!("{GOOD}ok{GOOD:#}"), "\u{1b}[32mok\u{1b}[0m");
//! ```

use anstyle::{AnsiColor, Style};

/// A heading, a name.
pub const BOLD: Style = Style::new().bold();
/// Less important.
pub const DIM: Style = Style::new().dimmed();
/// As it should be.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Worth a look.
pub const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// Wrong.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
