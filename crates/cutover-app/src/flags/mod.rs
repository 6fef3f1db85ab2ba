//! Live flags for the hot path, and the service that changes them.
//!
//! ```
//! use cutover_app::flags::Live;
//! use cutover_domain::flags::{Context, ErrorCode};
//!
//! let live = Live::new();
//! let flag = live.flag("use_new_backend").with_default(true);
//! let decision = flag.decide(&Context::unit("iris"));
//! assert_eq!((decision.on, decision.error), (true, Some(ErrorCode::FlagNotFound)));
//! ```

mod follow;
mod live;
mod service;

pub use follow::Follower;
pub use live::{Flag, Live, LiveStatus, Reader};
pub use service::{ApplyError, Committed, FlagService, Intent, Plan, Request};
