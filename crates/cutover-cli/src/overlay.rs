//! Whether variables of the environment are laid over the stored flags: `--overlay`.
//!
//! ```
//! use cutover_cli::overlay::OverlayOption;
//!
//! let option: OverlayOption = "feature:initial".parse().unwrap();
//! assert_eq!(option.to_string(), "feature:initial");
//! assert_eq!("none".parse(), Ok(OverlayOption::None));
//! assert!("environment".parse::<OverlayOption>().is_err());
//! ```

use std::fmt;
use std::str::FromStr;

use cutover_domain::flags::Overlay;
use cutover_env::EnvConfig;

/// Which variables are laid over the stored flags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OverlayOption {
    /// None: what is stored is what decides.
    #[default]
    None,
    /// Those of a scheme.
    Of(EnvConfig),
}

impl OverlayOption {
    /// The overlay of the variables of this process.
    pub(crate) fn read(&self) -> Overlay {
        match self {
            Self::None => Overlay::default(),
            Self::Of(config) => config.read_process(),
        }
    }
}

impl fmt::Display for OverlayOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Of(config) => config.fmt(f),
        }
    }
}

impl FromStr for OverlayOption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "none" {
            return Ok(Self::None);
        }
        match text.parse() {
            Ok(config) => Ok(Self::Of(config)),
            Err(error) => Err(format!("{error}, or none")),
        }
    }
}
