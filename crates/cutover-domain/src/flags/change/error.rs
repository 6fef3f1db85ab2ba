use crate::flags::{FlagKey, Problems, RuleRef, ValueType};

/// Why a change is refused. Nothing has changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// The flag does not exist.
    #[error("there is no flag {key}{}", suggest(.suggestion.as_ref()))]
    UnknownFlag {
        /// The name asked for.
        key: FlagKey,
        /// A known name that is close to it.
        suggestion: Option<FlagKey>,
    },
    /// The flag exists already.
    #[error("the flag {0} exists already")]
    AlreadyExists(FlagKey),
    /// The value is not one that the flag can answer.
    #[error("{value} is not a value of {key}, a flag of type {kind} with the variants {variants}")]
    WrongValue {
        /// The flag.
        key: FlagKey,
        /// Its type.
        kind: ValueType,
        /// The value asked for.
        value: String,
        /// The variants it has.
        variants: String,
    },
    /// The flag has no such variant.
    #[error(
        "{key} has no variant {name:?}; {}",
        instead(.suggestion.as_deref(), .variants)
    )]
    UnknownVariant {
        /// The flag.
        key: FlagKey,
        /// The variant asked for.
        name: String,
        /// A variant that is close to it.
        suggestion: Option<String>,
        /// The variants it has.
        variants: String,
    },
    /// Something answers with the variant.
    #[error(
        "{key} still answers with {name:?} in {}: change that first",
        .places.join(", ")
    )]
    VariantInUse {
        /// The flag.
        key: FlagKey,
        /// The variant.
        name: String,
        /// Every place of the definition that answers with it: `default`, `rules[0].variant`.
        places: Vec<String>,
    },
    /// The flag has no such rule.
    #[error("{key} has no rule {rule}; {}", instead(.suggestion.as_deref(), .rules))]
    UnknownRule {
        /// The flag.
        key: FlagKey,
        /// The rule asked for.
        rule: RuleRef,
        /// A rule whose name is close to it.
        suggestion: Option<String>,
        /// The rules it has.
        rules: String,
    },
    /// A rule cannot stand there.
    #[error("a rule of {key} cannot be number {number}: the numbers are 1 to {last}")]
    NoSuchPlace {
        /// The flag.
        key: FlagKey,
        /// The place asked for, counted from 1.
        number: usize,
        /// The last place there is.
        last: usize,
    },
    /// A split of nobody.
    #[error("a split of {0} needs at least one variant with its weight")]
    EmptySplit(FlagKey),
    /// An override for nobody.
    #[error("an override of {0} needs the name of a unit or tenant, and this one is empty")]
    NoTarget(FlagKey),
    /// Other flags require the flag.
    #[error(
        "{key} cannot be deleted: {} {} it. Take that out of `requires` first, or delete them \
         together, those that require first",
        list(.by),
        if .by.len() == 1 { "requires" } else { "require" }
    )]
    Required {
        /// The flag.
        key: FlagKey,
        /// Every flag that requires it.
        by: Vec<FlagKey>,
    },
    /// At stage `complete` old is stale, and switching back to it would serve stale answers.
    #[error(
        "{0} is at stage complete: old is stale, and a kill would bring it back. \
         Force it if stale answers are better than new's"
    )]
    OldIsStale(FlagKey),
    /// The document would be invalid.
    #[error("the change would make the flags invalid:\n{0}")]
    Invalid(#[from] Problems),
}

fn suggest(suggestion: Option<&FlagKey>) -> String {
    suggestion
        .map(|known| format!("; did you mean {known}?"))
        .unwrap_or_default()
}

fn instead(suggestion: Option<&str>, all: &str) -> String {
    match suggestion {
        Some(known) => format!("did you mean {known:?}? It has: {all}"),
        None => format!("it has: {all}"),
    }
}

fn list(keys: &[FlagKey]) -> String {
    let keys: Vec<_> = keys.iter().map(FlagKey::as_str).collect();
    keys.join(", ")
}
