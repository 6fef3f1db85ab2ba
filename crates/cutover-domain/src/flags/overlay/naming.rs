use std::collections::{BTreeMap, BTreeSet};

use crate::flags::FlagKey;

/// How a flag's variables are called, and what `false` means in them.
///
/// The switch of a flag is `prefix` and its key in upper case, `-` and `.` written as `_`. The
/// variable of its percentage is the same without `stripped` and with `share_suffix` behind it.
///
/// ```
/// use cutover_domain::flags::Naming;
///
/// let naming = Naming {
///     prefix: "MDM_REFACTORING_".to_owned(),
///     share_suffix: "_ROLLOUT_PERCENTAGE".to_owned(),
///     stripped: "use_new_".to_owned(),
///     off_kills: false,
/// };
/// let key = "use_new_backend".parse()?;
/// assert_eq!(naming.switch(&key), "MDM_REFACTORING_USE_NEW_BACKEND");
/// assert_eq!(naming.share(&key), "MDM_REFACTORING_BACKEND_ROLLOUT_PERCENTAGE");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Naming {
    /// What all names begin with.
    pub prefix: String,
    /// What the name of a percentage ends with.
    pub share_suffix: String,
    /// What a key may begin with, in lower case, and its percentage's name leaves out.
    pub stripped: String,
    /// Whether `false` kills the flag, whatever percentage is given; else it is only not on for
    /// all, and a percentage beside it decides.
    pub off_kills: bool,
}

impl Naming {
    /// The variable that switches a flag on or off.
    #[must_use]
    pub fn switch(&self, key: &FlagKey) -> String {
        format!("{}{}", self.prefix, shouted(key.as_str()))
    }

    /// The variable of a flag's percentage.
    #[must_use]
    pub fn share(&self, key: &FlagKey) -> String {
        let key = key.as_str();
        let short = key
            .strip_prefix(&self.stripped)
            .filter(|rest| !rest.is_empty());
        format!(
            "{}{}{}",
            self.prefix,
            shouted(short.unwrap_or(key)),
            self.share_suffix
        )
    }

    /// The flags that these variables would be of, besides those that are `known`. A name that
    /// ends like a percentage's is one; it belongs to a flag with a switch among the names, if
    /// there is one.
    #[must_use]
    pub fn keys_of<'a>(
        &self,
        names: impl IntoIterator<Item = &'a str>,
        known: impl IntoIterator<Item = &'a FlagKey>,
    ) -> BTreeSet<FlagKey> {
        let taken: BTreeSet<_> = known
            .into_iter()
            .flat_map(|key| [self.switch(key), self.share(key)])
            .collect();
        let free = names.into_iter().filter(|name| !taken.contains(*name));
        let (shares, switches): (Vec<_>, Vec<_>) =
            free.partition(|name| self.key_of_share(name).is_some());
        let mut keys: BTreeSet<_> = switches
            .into_iter()
            .filter_map(|name| self.key_of_switch(name))
            .collect();
        let of_switches: BTreeSet<_> = keys.iter().map(|key| self.share(key)).collect();
        let alone = shares
            .into_iter()
            .filter(|name| !of_switches.contains(*name));
        keys.extend(alone.filter_map(|name| self.key_of_share(name)));
        keys
    }

    /// The flag that a switch of this name would be of.
    fn key_of_switch(&self, name: &str) -> Option<FlagKey> {
        let key = name.strip_prefix(&self.prefix)?.to_ascii_lowercase();
        key.parse().ok()
    }

    /// The flag that a percentage of this name would be of.
    fn key_of_share(&self, name: &str) -> Option<FlagKey> {
        let name = name.strip_prefix(&self.prefix)?;
        let short = name.strip_suffix(&self.share_suffix)?.to_ascii_lowercase();
        if short.is_empty() {
            return None;
        }
        format!("{}{short}", self.stripped).parse().ok()
    }
}

fn shouted(text: &str) -> String {
    text.to_ascii_uppercase().replace(['-', '.'], "_")
}

/// A flag with the names of its variables.
pub(super) struct Named<'a> {
    pub(super) key: &'a FlagKey,
    pub(super) switch: String,
    pub(super) share: String,
}

impl<'a> Named<'a> {
    pub(super) fn new(key: &'a FlagKey, naming: &Naming) -> Self {
        Self {
            key,
            switch: naming.switch(key),
            share: naming.share(key),
        }
    }
}

/// Whose the names of variables are, in words: the percentage of this flag, the switch of that.
pub(super) struct Claims<'a>(pub(super) BTreeMap<&'a str, Vec<Claim<'a>>>);

impl<'a> Claims<'a> {
    pub(super) fn of(flags: &'a [Named<'_>]) -> Self {
        let mut claims = BTreeMap::<_, Vec<_>>::new();
        for Named { key, switch, share } in flags {
            claims
                .entry(switch.as_str())
                .or_default()
                .push(Claim::Switch(key));
            claims
                .entry(share.as_str())
                .or_default()
                .push(Claim::Share(key));
        }
        Self(claims)
    }

    pub(super) fn is_of_one(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|claims| claims.len() == 1)
    }
}

/// What a name is, for one flag.
#[derive(Clone, Copy)]
pub(super) enum Claim<'a> {
    Switch(&'a FlagKey),
    Share(&'a FlagKey),
}

impl std::fmt::Display for Claim<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Switch(key) => write!(f, "the switch of {key}"),
            Self::Share(key) => write!(f, "the percentage of {key}"),
        }
    }
}
