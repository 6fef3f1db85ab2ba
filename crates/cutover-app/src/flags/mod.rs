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

mod callbacks;
mod changed;
mod changes;
mod follow;
mod forced;
mod freshness;
mod handle;
mod layers;
mod live;
mod notice;
mod past;
mod request;
mod service;
mod state;
mod status;
mod typed;

pub use callbacks::{CallbackStatus, Keys, Subscription};
pub use changed::{FlagChange, Revised};
pub use changes::Changes;
pub use follow::Follower;
pub use forced::ForcedFlags;
pub use handle::{Flag, Reader};
pub use live::Live;
pub use request::{ApplyError, Committed, Intent, Plan, Request};
pub use service::FlagService;
pub use status::{LiveStatus, OverlayStatus, Source, Trouble};
pub use typed::{Answer, Typed};
