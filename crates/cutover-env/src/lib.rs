#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
pub mod dotenv;
mod export;
mod import;
mod value;

pub use config::{EnvConfig, InvalidEnvConfig, InvalidPrefix, Scheme, UnknownScheme};
pub use export::{Exported, export};
pub use import::{Imported, import};

#[doc(no_inline)]
pub use cutover_domain::flags::{Overlaid, Overlay, OverlayMode};
