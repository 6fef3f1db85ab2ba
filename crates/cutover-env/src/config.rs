use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::str::FromStr;

use cutover_domain::flags::{Bucketing, FlagKey, Naming, Overlay, OverlayMode, Rollout};

use crate::dotenv::{self, DotenvErrors};
use crate::value;

/// How flags are written as variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `FEATURE_X` and `FEATURE_X_ROLLOUT`; `false` kills.
    Feature,
    /// `MDM_REFACTORING_USE_NEW_X` and `MDM_REFACTORING_X_ROLLOUT_PERCENTAGE`; `true` is on for
    /// all, `false` leaves it to the percentage.
    Mdm,
}

impl Scheme {
    /// The name used on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Feature => "feature",
            Self::Mdm => "mdm",
        }
    }

    /// What the names of its variables begin with, unless something else is said.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Feature => "FEATURE_",
            Self::Mdm => "MDM_REFACTORING_",
        }
    }

    /// How the programs that the scheme comes from bucketed their units.
    pub(crate) fn bucketing(self) -> Rollout {
        Rollout {
            bucketing: match self {
                Self::Feature => Bucketing::Xxh3,
                Self::Mdm => Bucketing::Md5Unsalted,
            },
            ..Rollout::default()
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text names no scheme.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a scheme of variables; there are feature and mdm")]
pub struct UnknownScheme(String);

impl FromStr for Scheme {
    type Err = UnknownScheme;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Feature, Self::Mdm]
            .into_iter()
            .find(|scheme| scheme.name() == text)
            .ok_or_else(|| UnknownScheme(text.to_owned()))
    }
}

/// Which variables are read, and whether they or the store win.
///
/// ```
/// use cutover_env::{EnvConfig, OverlayMode, Scheme};
///
/// let config = EnvConfig::new(Scheme::Feature)
///     .with_prefix("SHOP_FEATURE_")?
///     .with_mode(OverlayMode::Initial);
/// let overlay = config.read([("SHOP_FEATURE_NEW_PARSER", "true"), ("HOME", "/root")]);
/// assert!(!overlay.is_empty());
///
/// // The same in one text, as the command line takes it.
/// assert_eq!("feature:initial:SHOP_FEATURE_".parse(), Ok(config.clone()));
/// assert_eq!(config.to_string(), "feature:initial:SHOP_FEATURE_");
/// assert_eq!("mdm".parse(), Ok(EnvConfig::new(Scheme::Mdm)));
/// # Ok::<(), cutover_env::InvalidPrefix>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvConfig {
    scheme: Scheme,
    prefix: String,
    mode: OverlayMode,
    keys: Option<BTreeSet<FlagKey>>,
}

/// The text cannot begin the names of variables.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} cannot begin the names of variables: a prefix has 1 to 64 upper-case letters, digits \
     and `_`, and begins with a letter or `_`"
)]
pub struct InvalidPrefix(String);

/// The text says of no variables how they are read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; write SCHEME[:override|initial][:PREFIX], for example feature or mdm:initial")]
pub struct InvalidEnvConfig(String);

impl FromStr for EnvConfig {
    type Err = InvalidEnvConfig;

    /// `feature`, `mdm:initial`, `feature:SHOP_FEATURE_`, `feature:initial:SHOP_FEATURE_`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |error: &dyn fmt::Display| InvalidEnvConfig(error.to_string());
        let (scheme, rest) = match text.split_once(':') {
            Some((scheme, rest)) => (scheme, Some(rest)),
            None => (text, None),
        };
        let config = Self::new(
            scheme
                .parse()
                .map_err(|error: UnknownScheme| wrong(&error))?,
        );
        let Some(rest) = rest else { return Ok(config) };
        let (word, prefix) = match rest.split_once(':') {
            Some((word, prefix)) => (word, Some(prefix)),
            None => (rest, None),
        };
        let (config, prefix) = match (word, prefix) {
            ("override", prefix) => (config.with_mode(OverlayMode::Override), prefix),
            ("initial", prefix) => (config.with_mode(OverlayMode::Initial), prefix),
            (prefix, None) if !prefix.starts_with(|next: char| next.is_ascii_lowercase()) => {
                (config, Some(prefix))
            }
            (mode, _) => {
                let unknown = format!("`{mode}` is not a mode; there are override and initial");
                return Err(wrong(&unknown));
            }
        };
        match prefix {
            Some(prefix) => config.with_prefix(prefix).map_err(|error| wrong(&error)),
            None => Ok(config),
        }
    }
}

impl fmt::Display for EnvConfig {
    /// Everything but the keys, as it is parsed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.scheme)?;
        if self.mode == OverlayMode::Initial {
            f.write_str(":initial")?;
        }
        if self.prefix != self.scheme.prefix() {
            write!(f, ":{}", self.prefix)?;
        }
        Ok(())
    }
}

impl EnvConfig {
    /// The variables of a scheme, under its own prefix; the environment wins.
    #[must_use]
    pub fn new(scheme: Scheme) -> Self {
        Self {
            scheme,
            prefix: scheme.prefix().to_owned(),
            mode: OverlayMode::default(),
            keys: None,
        }
    }

    /// The same under another prefix.
    ///
    /// # Errors
    ///
    /// The prefix is empty, or cannot begin the name of a variable.
    pub fn with_prefix(self, prefix: &str) -> Result<Self, InvalidPrefix> {
        let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        let begins_well = prefix
            .bytes()
            .next()
            .is_some_and(|byte| !byte.is_ascii_digit());
        if begins_well && prefix.len() <= 64 && prefix.bytes().all(fits) {
            let prefix = prefix.to_owned();
            Ok(Self { prefix, ..self })
        } else {
            Err(InvalidPrefix(prefix.chars().take(80).collect()))
        }
    }

    /// The same in another mode.
    #[must_use]
    pub fn with_mode(self, mode: OverlayMode) -> Self {
        Self { mode, ..self }
    }

    /// The same, supplying only these of the flags that the store does not have
    /// ([`OverlayMode::Initial`]): those that the application asks for. Without it every variable
    /// makes a flag.
    #[must_use]
    pub fn with_keys(self, keys: impl IntoIterator<Item = FlagKey>) -> Self {
        let keys = Some(keys.into_iter().collect());
        Self { keys, ..self }
    }

    /// The scheme.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// What the names of variables begin with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether variables or the store win.
    #[must_use]
    pub fn mode(&self) -> OverlayMode {
        self.mode
    }

    /// How the variables of a flag are called.
    #[must_use]
    pub fn naming(&self) -> Naming {
        let (share_suffix, stripped) = match self.scheme {
            Scheme::Feature => ("_ROLLOUT", ""),
            Scheme::Mdm => ("_ROLLOUT_PERCENTAGE", "use_new_"),
        };
        Naming {
            prefix: self.prefix.clone(),
            share_suffix: share_suffix.to_owned(),
            stripped: stripped.to_owned(),
            off_kills: self.scheme == Scheme::Feature,
        }
    }

    /// The overlay of these variables; those without the prefix are passed over.
    ///
    /// What is wrong with a variable is told when the overlay is applied, because only then it is
    /// known whether it is a flag's.
    #[must_use]
    pub fn read<N, V>(&self, variables: impl IntoIterator<Item = (N, V)>) -> Overlay
    where
        N: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        let mut overlay =
            Overlay::new(self.naming(), self.mode).bucketing_like(self.scheme.bucketing());
        if let Some(keys) = &self.keys {
            overlay = overlay.supplying_only(keys.iter().cloned());
        }
        for (name, spellings) in self.ours(variables) {
            let variable = value::read(self, &name, &spellings);
            overlay = overlay.with_variable(name, variable);
        }
        overlay
    }

    /// The overlay of the variables of this process.
    #[must_use]
    pub fn read_process(&self) -> Overlay {
        self.read(std::env::vars_os())
    }

    /// The overlay of the variables in a dotenv file.
    ///
    /// # Errors
    ///
    /// Every line that cannot be read.
    pub fn read_dotenv(&self, text: &str) -> Result<Overlay, DotenvErrors> {
        Ok(self.read(dotenv::parse(text)?))
    }

    /// The variables under the prefix, by the name that counts, each as it is spelt.
    fn ours<N, V>(
        &self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> BTreeMap<String, BTreeMap<String, OsString>>
    where
        N: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        let mut ours = BTreeMap::<String, BTreeMap<_, _>>::new();
        for (name, value) in variables {
            // The name of a flag's variable is ASCII: what is lost here is no name of a flag.
            let spelling = name.as_ref().to_string_lossy().into_owned();
            let name = match self.scheme {
                Scheme::Feature => spelling.clone(),
                Scheme::Mdm => spelling.to_ascii_uppercase(),
            };
            if name.starts_with(&self.prefix) {
                let value = value.as_ref().to_owned();
                ours.entry(name).or_default().insert(spelling, value);
            }
        }
        ours
    }
}
