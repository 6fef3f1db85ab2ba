//! The one error of all ports.
//!
//! ```
//! use cutover_ports::{PortError, PortErrorKind};
//!
//! let error = PortError::new(PortErrorKind::Corrupt, "load flags")
//!     .at("flags.json:3:14")
//!     .because("expected `,` or `}`")
//!     .advice("mend the file by hand, or restore it from flags.json.good");
//! assert_eq!(
//!     error.to_string(),
//!     "cannot load flags (flags.json:3:14): expected `,` or `}`; \
//!      mend the file by hand, or restore it from flags.json.good",
//! );
//! assert!(!error.is_retryable());
//! ```

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// What kind of trouble a port met. Callers branch on this, never on the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PortErrorKind {
    /// Somebody changed it first: the expected revision is not the current one.
    Conflict {
        /// The revision the caller expected.
        expected: u64,
        /// The revision that is there.
        actual: u64,
    },
    /// Something with this id is there already, and nothing is overwritten.
    AlreadyExists,
    /// What is stored cannot be read: torn, invalid, or of a newer major schema.
    Corrupt,
    /// The caller asked for something that can never work (an invalid name, a bad page size).
    InvalidInput,
    /// The operating system or the server said no.
    PermissionDenied,
    /// The store takes no changes (a read-only directory, a symlink swap).
    ReadOnly,
    /// The disk, the quota or a limit is exhausted.
    Full,
    /// It took too long; nothing was changed.
    Timeout,
    /// The change may or may not have been made; load to find out.
    OutcomeUnknown,
    /// This adapter cannot do it; see its capabilities.
    Unsupported,
    /// The store is not there or does not answer.
    Unavailable,
}

impl PortErrorKind {
    /// Whether the same call may succeed later, or after loading again.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::Conflict { .. } | Self::Timeout | Self::Unavailable
        )
    }
}

/// Trouble at a port: what was tried, on what, why it failed, what to do.
#[derive(Clone, Debug)]
pub struct PortError {
    kind: PortErrorKind,
    operation: &'static str,
    /// Boxed, so that a `Result` stays small where nothing fails.
    details: Box<Details>,
}

#[derive(Clone, Debug, Default)]
struct Details {
    context: Option<String>,
    reason: Option<String>,
    advice: Option<String>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl PortError {
    /// An error of `kind` while doing `operation` (an infinitive: "load flags").
    #[must_use]
    pub fn new(kind: PortErrorKind, operation: &'static str) -> Self {
        Self {
            kind,
            operation,
            details: Box::default(),
        }
    }

    /// Where: a path, `file:line:column`, a key, an address.
    #[must_use]
    pub fn at(mut self, context: impl fmt::Display) -> Self {
        self.details.context = Some(context.to_string());
        self
    }

    /// Why, in words. Without it the source's text is shown.
    #[must_use]
    pub fn because(mut self, reason: impl fmt::Display) -> Self {
        self.details.reason = Some(reason.to_string());
        self
    }

    /// What to do next.
    #[must_use]
    pub fn advice(mut self, advice: impl fmt::Display) -> Self {
        self.details.advice = Some(advice.to_string());
        self
    }

    /// The error below.
    #[must_use]
    pub fn caused_by(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.details.source = Some(Arc::new(source));
        self
    }

    /// An error of the operating system, with the kind it maps to.
    #[must_use]
    pub fn io(operation: &'static str, context: impl fmt::Display, source: std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        let kind = match source.kind() {
            Io::PermissionDenied => PortErrorKind::PermissionDenied,
            Io::ReadOnlyFilesystem => PortErrorKind::ReadOnly,
            Io::StorageFull | Io::QuotaExceeded | Io::FileTooLarge => PortErrorKind::Full,
            Io::TimedOut => PortErrorKind::Timeout,
            Io::InvalidInput | Io::InvalidFilename => PortErrorKind::InvalidInput,
            Io::InvalidData => PortErrorKind::Corrupt,
            _ => PortErrorKind::Unavailable,
        };
        Self::new(kind, operation).at(context).caused_by(source)
    }

    /// What kind of trouble it is.
    #[must_use]
    pub fn kind(&self) -> PortErrorKind {
        self.kind
    }

    /// What was tried.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// Whether the same call may succeed later, or after loading again.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.kind.is_retryable()
    }
}

impl fmt::Display for PortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Details {
            context,
            reason,
            advice,
            source,
        } = &*self.details;
        write!(f, "cannot {}", self.operation)?;
        if let Some(context) = context {
            write!(f, " ({context})")?;
        }
        match (reason, source, self.kind) {
            (Some(reason), _, _) => write!(f, ": {reason}")?,
            (None, Some(source), _) => write!(f, ": {source}")?,
            (None, None, PortErrorKind::Conflict { expected, actual }) => write!(
                f,
                ": somebody changed it first: revision {expected} was expected, \
                 revision {actual} is there"
            )?,
            (None, None, _) => {}
        }
        if let Some(advice) = advice {
            write!(f, "; {advice}")?;
        }
        Ok(())
    }
}

impl Error for PortError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.details
            .source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}
