#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "file")]
mod home;

#[cfg(feature = "file")]
pub use home::{Home, HomeError, HomeOptions};

pub use cutover_app::{comparison, execution, flags, metrics};
pub use cutover_domain as domain;
#[cfg(feature = "env")]
pub use cutover_env as env;
#[cfg(feature = "file")]
pub use cutover_file as file;
pub use cutover_ports as ports;
#[cfg(feature = "sqlite")]
pub use cutover_sqlite as sqlite;
#[cfg(feature = "tables")]
pub use cutover_table as table;

#[cfg(feature = "report")]
pub use cutover_app::report;

/// What most applications use.
///
/// ```
/// use cutover::prelude::*;
///
/// let context = Context::unit("customer-7").with_tenant("acme");
/// assert!(!Live::new().flag("use_new_backend").is_on(&context));
/// ```
pub mod prelude {
    #[cfg(feature = "tokio")]
    pub use cutover_app::execution::Operation;
    pub use cutover_app::execution::{
        BlockingOperation, BlockingWrite, Candidate, Cutover, Keep, Recording, Switch,
    };
    pub use cutover_app::flags::{FlagService, Keys, Live, Request};
    pub use cutover_domain::comparison::Rules;
    pub use cutover_domain::flags::{Change, Context, Definition, FlagKey, FlagValue};
    pub use cutover_domain::{Percentage, Side, Stage};

    #[cfg(feature = "file")]
    pub use crate::Home;
}

/// The front page of the repository: its example compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct FrontPage;

/// Flags: how a program reads them compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/flags.md")]
struct FlagsInAProgram;

/// How applications test with flags: its examples compile and run.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/testing.md")]
struct TestingWithFlags;

/// How comparisons are kept, recorded and replayed: its example compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/recording.md")]
struct KeepingComparisons;
