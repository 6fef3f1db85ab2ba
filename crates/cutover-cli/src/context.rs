//! What every command gets: where things are, how to answer, what time it is.
//!
//! ```
//! use std::sync::Arc;
//! use cutover_cli::Context;
//! use cutover_cli::output::{Format, Output, Verbosity};
//! use cutover_cli::place::Place;
//! use cutover_ports::SystemClock;
//!
//! let place = Place::find(Some("/tmp/cutover".into()), None, None)?;
//! let output = Output::new(Format::Json, Verbosity::Normal);
//! let context = Context::new(place, output, Arc::new(SystemClock), false);
//! assert!(!context.may_ask());
//! # Ok::<(), cutover_cli::Failure>(())
//! ```

use std::ffi::OsString;
use std::io::{IsTerminal, stderr, stdin};
use std::sync::Arc;

use cutover_domain::flags::Overlay;
use cutover_file::{FileComparisonStore, FileFlagConfig, FileFlagStore};
use cutover_ports::Clock;
use cutover_ports::comparison::ComparisonStore;
use cutover_ports::flags::FlagStore;
use cutover_sqlite::{
    SqliteComparisonConfig, SqliteComparisonStore, SqliteFlagConfig, SqliteFlagStore,
};
use jiff::Timestamp;

use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::place::{ComparisonPlace, FlagPlace, Place};

/// What every command gets.
#[derive(Clone, Debug)]
pub struct Context {
    /// Where the home and the store are.
    pub place: Place,
    /// How to answer.
    pub output: Output,
    clock: Arc<dyn Clock>,
    may_ask: bool,
    overlay: Overlay,
}

/// A flag store as the adapter it is.
#[derive(Debug)]
pub enum FlagAdapter {
    /// Files in a folder.
    Files(FileFlagStore),
    /// A row in a database.
    Sqlite(SqliteFlagStore),
}

impl Context {
    /// A context; `may_ask` is whether questions are allowed at all (`--no-input` forbids them).
    #[must_use]
    pub fn new(place: Place, output: Output, clock: Arc<dyn Clock>, may_ask: bool) -> Self {
        Self {
            place,
            output,
            clock,
            may_ask,
            overlay: Overlay::default(),
        }
    }

    /// The same with variables laid over the stored flags.
    #[must_use]
    pub fn with_overlay(self, overlay: Overlay) -> Self {
        Self { overlay, ..self }
    }

    /// What is laid over the stored flags; nothing unless it is asked for.
    #[must_use]
    pub fn overlay(&self) -> &Overlay {
        &self.overlay
    }

    /// The flag store, for whoever needs no more than the port.
    #[must_use]
    pub fn flag_store(&self) -> Arc<dyn FlagStore> {
        match self.flag_adapter() {
            FlagAdapter::Files(store) => Arc::new(store),
            FlagAdapter::Sqlite(store) => Arc::new(store),
        }
    }

    /// The flag store as the adapter it is, for what a port does not promise: inspection and
    /// repair.
    #[must_use]
    pub fn flag_adapter(&self) -> FlagAdapter {
        let clock = self.clock();
        match self.place.flags() {
            FlagPlace::Folder(folder) => {
                FlagAdapter::Files(FileFlagStore::with_config(FileFlagConfig {
                    clock,
                    ..FileFlagConfig::new(folder)
                }))
            }
            FlagPlace::Database { path, environment } => {
                FlagAdapter::Sqlite(SqliteFlagStore::with_config(SqliteFlagConfig {
                    clock,
                    environment,
                    ..SqliteFlagConfig::new(path)
                }))
            }
        }
    }

    /// The store of comparisons.
    #[must_use]
    pub fn comparison_store(&self) -> Arc<dyn ComparisonStore> {
        match self.place.comparisons() {
            ComparisonPlace::Folder(folder) => Arc::new(FileComparisonStore::open(folder)),
            ComparisonPlace::Database { path, environment } => {
                Arc::new(SqliteComparisonStore::with_config(SqliteComparisonConfig {
                    environment,
                    ..SqliteComparisonConfig::new(path)
                }))
            }
        }
    }

    /// The clock, for stores and services.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whether somebody sits at a terminal and may be asked.
    #[must_use]
    pub fn may_ask(&self) -> bool {
        self.may_ask && stdin().is_terminal() && stderr().is_terminal()
    }

    /// Refuses a change about which nobody can be asked.
    ///
    /// # Errors
    ///
    /// [`Exit::Unconfirmed`] when nobody sits at a terminal, or may be asked.
    pub fn must_ask(&self) -> Result<(), Failure> {
        if self.may_ask() {
            return Ok(());
        }
        let nobody = "this is a change, and there is nobody to ask";
        let failure = Failure::new(Exit::Unconfirmed, nobody);
        Err(failure.hint("add --yes to make it, or --dry-run to see it"))
    }
}

/// An environment variable that is set, not empty, and text.
#[expect(
    clippy::disallowed_methods,
    reason = "the command line is a composition root"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// An environment variable that is set and not empty.
pub(crate) fn variable_os(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
