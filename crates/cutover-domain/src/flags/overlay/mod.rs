mod mask;
mod naming;
#[cfg(test)]
mod tests;
mod wish;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use self::mask::{kill, roll_out};
use self::naming::{Claims, Named};
use self::wish::Wish;
use super::{Definition, FlagDocument, FlagKey, Rollout, State};
use crate::Percentage;
use crate::spelling::closest;

pub use self::mask::{Mask, MaskEffect};
pub use self::naming::Naming;

/// What the variables of an environment say about flags, laid over a stored document.
///
/// Variables are kept by name, because which flag one speaks of is known only when the flags are:
/// [`Overlay::apply`] is a pure function, and right for flags that come and go after the variables
/// were read. The default masks nothing.
///
/// ```
/// use cutover_domain::Percentage;
/// use cutover_domain::flags::{
///     Definition, FlagDocument, Naming, Overlay, OverlayMode, State, Variable,
/// };
///
/// let naming = Naming {
///     prefix: "FEATURE_".to_owned(),
///     share_suffix: "_ROLLOUT".to_owned(),
///     stripped: String::new(),
///     off_kills: true,
/// };
/// let off = Variable {
///     written: "FEATURE_NEW_PARSER=false".to_owned(),
///     switch: Ok(false),
///     share: Err("it is not a percentage".to_owned()),
/// };
/// let overlay = Overlay::new(naming, OverlayMode::Override)
///     .with_variable("FEATURE_NEW_PARSER", off);
///
/// let mut document = FlagDocument::empty("2026-01-01T00:00:00Z".parse()?);
/// document.flags.insert("new_parser".parse()?, Definition::boolean());
/// let overlaid = overlay.apply(&document);
/// assert_eq!(overlaid.document.flags["new_parser"].state, State::Killed);
/// assert_eq!(
///     overlaid.masks[0].to_string(),
///     "stored off, but FEATURE_NEW_PARSER=false in this environment kills it"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overlay {
    naming: Naming,
    mode: OverlayMode,
    variables: BTreeMap<String, Variable>,
    supplied: Option<BTreeSet<FlagKey>>,
    bucketed: Rollout,
}

/// Whether variables or the store win.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OverlayMode {
    /// The environment wins.
    #[default]
    Override,
    /// The store wins: variables supply the flags that it does not have.
    Initial,
}

/// The value of a variable, read both ways, since its name alone does not tell which is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// The variable as people are shown it: `FEATURE_X=false`.
    pub written: String,
    /// As a switch, or why it is none.
    pub switch: Result<bool, String>,
    /// As a percentage, or why it is none.
    pub share: Result<Percentage, String>,
}

/// A document with the overlay in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Overlaid {
    /// What decides.
    pub document: FlagDocument,
    /// What of the stored document does not decide, in order of key.
    pub masks: Vec<Mask>,
    /// What comes from variables alone, or gives way to the store ([`OverlayMode::Initial`]), in
    /// order of key.
    pub notes: Vec<OverlayNote>,
    /// Variables that are set and cannot be followed: the layer below stays in force.
    pub problems: Vec<String>,
    /// What else people should know: variables of no flag, flags that share a variable.
    pub warnings: Vec<String>,
}

/// What variables say without hiding anything that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverlayNote {
    /// The flag.
    pub key: FlagKey,
    /// The variables: `FEATURE_X=false`.
    pub source: String,
    /// Whether they define the flag, which the store does not have; else they give way to it.
    pub supplies: bool,
}

impl fmt::Display for OverlayNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, .. } = self;
        if self.supplies {
            write!(f, "not stored: {source} in this environment defines it")
        } else {
            write!(
                f,
                "{source} in this environment gives way to what is stored"
            )
        }
    }
}

/// How many variables of no flag are named; the others are counted.
const UNKNOWN_TOLD: usize = 10;

/// How many names are compared to find the flags that are meant, so that an overlay over thousands
/// of flags costs milliseconds.
const COMPARISONS: usize = 20_000;

impl Overlay {
    /// An overlay without variables.
    #[must_use]
    pub fn new(naming: Naming, mode: OverlayMode) -> Self {
        Self {
            naming,
            mode,
            ..Self::default()
        }
    }

    /// The same with one more variable; the last of a name counts.
    #[must_use]
    pub fn with_variable(mut self, name: impl Into<String>, variable: Variable) -> Self {
        self.variables.insert(name.into(), variable);
        self
    }

    /// The same, supplying no other flags than these. Without it every name that could be a flag's
    /// makes one ([`OverlayMode::Initial`]).
    #[must_use]
    pub fn supplying_only(mut self, keys: impl IntoIterator<Item = FlagKey>) -> Self {
        self.supplied = Some(keys.into_iter().collect());
        self
    }

    /// The same, bucketing the flags that it supplies in this way.
    #[must_use]
    pub fn bucketing_like(mut self, rollout: Rollout) -> Self {
        self.bucketed = rollout;
        self
    }

    /// Whether there is nothing to lay over a document.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.variables.is_empty()
    }

    /// The document with the variables in force. O(f log f) for f flags and variables.
    #[must_use]
    pub fn apply(&self, document: &FlagDocument) -> Overlaid {
        let mut overlaid = Overlaid {
            document: document.clone(),
            masks: Vec::new(),
            notes: Vec::new(),
            problems: Vec::new(),
            warnings: Vec::new(),
        };
        if self.is_empty() {
            return overlaid;
        }
        let supplied = self.keys_to_supply(document);
        let keys = document.flags.keys().chain(&supplied);
        let flags: Vec<_> = keys.map(|key| Named::new(key, &self.naming)).collect();
        let claims = Claims::of(&flags);
        self.report_names(&flags, &claims, &mut overlaid);
        for flag in &flags {
            let Some((wish, source)) = Wish::of(flag, self, &claims, &mut overlaid.problems) else {
                continue;
            };
            match document.flags.get(flag.key) {
                Some(stored) => self.mask(flag.key, stored, wish, source, &mut overlaid),
                None => {
                    let (key, supplies) = (flag.key.clone(), true);
                    let made = self.definition(wish);
                    overlaid.document.flags.insert(key.clone(), made);
                    overlaid.notes.push(OverlayNote {
                        key,
                        source,
                        supplies,
                    });
                }
            }
        }
        overlaid.notes.sort_by(|a, b| a.key.cmp(&b.key));
        overlaid
    }

    /// Does to a stored flag what its variables ask for.
    fn mask(
        &self,
        key: &FlagKey,
        stored: &Definition,
        wish: Wish,
        source: String,
        overlaid: &mut Overlaid,
    ) {
        let made = match wish {
            Wish::Kill { .. } => kill(stored),
            Wish::Share(share) => roll_out(key, stored, share),
        };
        let key = key.clone();
        match made {
            Ok(None) => {}
            Ok(Some(_)) if self.mode == OverlayMode::Initial => {
                let supplies = false;
                overlaid.notes.push(OverlayNote {
                    key,
                    source,
                    supplies,
                });
            }
            Ok(Some(made)) => {
                overlaid.masks.push(Mask {
                    key: key.clone(),
                    source,
                    effect: made.effect,
                    stored: made.hidden,
                });
                overlaid.document.flags.insert(key, made.definition);
            }
            Err(_) if self.mode == OverlayMode::Initial => {}
            Err(problem) => overlaid
                .problems
                .push(format!("{source} is not followed: {key} {problem}")),
        }
    }

    /// The flags that are not stored and that variables may define.
    fn keys_to_supply(&self, document: &FlagDocument) -> BTreeSet<FlagKey> {
        let is_absent = |key: &&FlagKey| !document.flags.contains_key(*key);
        match (self.mode, &self.supplied) {
            (OverlayMode::Override, _) => BTreeSet::new(),
            (OverlayMode::Initial, Some(keys)) => keys.iter().filter(is_absent).cloned().collect(),
            (OverlayMode::Initial, None) => {
                let names = self.variables.keys().map(String::as_str);
                self.naming.keys_of(names, document.flags.keys())
            }
        }
    }

    /// A flag that only variables define.
    fn definition(&self, wish: Wish) -> Definition {
        let (state, percentage) = match wish {
            Wish::Kill { below } => (State::Killed, below),
            Wish::Share(share) => (State::Enabled, Some(share)),
        };
        let for_all = percentage == Some(Percentage::FULL);
        let rollout = Rollout {
            percentage: percentage.filter(|_| !for_all),
            ..self.bucketed.clone()
        };
        let off = Definition::boolean();
        Definition {
            state,
            default: if for_all {
                "on".to_owned()
            } else {
                off.default
            },
            rollout: (rollout != Rollout::default()).then_some(rollout),
            ..off
        }
    }

    /// Names that more than one flag has, and variables that no flag has.
    fn report_names(&self, flags: &[Named<'_>], claims: &Claims<'_>, overlaid: &mut Overlaid) {
        for (name, claimants) in claims.0.iter().filter(|(_, all)| all.len() > 1) {
            let claimants: Vec<_> = claimants.iter().map(ToString::to_string).collect();
            let claimants = claimants.join(" or ");
            let problem = format!("it may be {claimants}; rename one of the flags");
            match self.variables.get(*name) {
                Some(Variable { written, .. }) => overlaid
                    .problems
                    .push(format!("{written} is not followed: {problem}")),
                None => overlaid
                    .warnings
                    .push(format!("{name} would not be followed: {problem}")),
            }
        }
        let unknown = self.variables.keys();
        let mut unknown = unknown.filter(|name| !claims.0.contains_key(name.as_str()));
        let suggestions = COMPARISONS / (2 * flags.len()).max(1);
        // The value is not told: it may be a secret of somebody else.
        for (index, name) in unknown.by_ref().take(UNKNOWN_TOLD).enumerate() {
            let meant = (index < suggestions)
                .then(|| self.meant(name, flags))
                .flatten();
            let meant = meant.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
            overlaid.warnings.push(format!(
                "{name} is not followed: no flag has this variable{meant}"
            ));
        }
        match unknown.count() {
            0 => {}
            more => overlaid.warnings.push(format!(
                "{more} more variables that begin with {} are not followed",
                self.naming.prefix
            )),
        }
    }

    /// The variable of a flag that this name is a slip of, if any is close.
    fn meant(&self, name: &str, flags: &[Named<'_>]) -> Option<String> {
        let short = |name| str::strip_prefix(name, &self.naming.prefix).unwrap_or(name);
        let known = flags.iter().flat_map(|flag| [&flag.switch, &flag.share]);
        // Words of very different lengths are not close.
        let near = |known: &&str| known.len().abs_diff(short(name).len()) <= name.len() / 3;
        let known: Vec<_> = known.map(|known| short(known)).filter(near).collect();
        let meant = closest(&known, short(name))?;
        Some(format!("{}{meant}", self.naming.prefix))
    }
}
