use std::fmt;
use std::sync::Arc;

use cutover_domain::flags::{Context, Decision};
use cutover_ports::flags::Decide;

use crate::flags::{Flag, Live};

/// Whether a part of an operation is on: a constant, or a flag that is asked on every call, also
/// for one tenant.
///
/// ```
/// use cutover_app::execution::Switch;
///
/// let compare = Switch::flag("enable_comparison_tests"); // off while the flag is not there
/// let fall_back = Switch::flag("auto_fallback").otherwise_on();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Constant(bool),
    Flag { key: String, otherwise: bool },
}

impl Switch {
    /// Always on.
    pub const ON: Self = Self(Kind::Constant(true));
    /// Always off.
    pub const OFF: Self = Self(Kind::Constant(false));

    /// As this boolean flag says, and off where it gives no answer.
    #[must_use]
    pub fn flag(key: impl Into<String>) -> Self {
        Self(Kind::Flag {
            key: key.into(),
            otherwise: false,
        })
    }

    /// The same, but on where the flag gives no answer.
    #[must_use]
    pub fn otherwise_on(self) -> Self {
        match self.0 {
            Kind::Flag { key, .. } => Self(Kind::Flag {
                key,
                otherwise: true,
            }),
            constant @ Kind::Constant(_) => Self(constant),
        }
    }

    pub(super) fn resolve(self, live: &Live) -> Resolved {
        match self.0 {
            Kind::Constant(on) => Resolved::Constant(on),
            Kind::Flag { key, otherwise } => {
                Resolved::Flag(live.flag(&key).with_default(otherwise))
            }
        }
    }
}

/// A switch with its flag at hand.
#[derive(Clone)]
pub(super) enum Resolved {
    Constant(bool),
    Flag(Flag),
}

/// Who decides about an operation: its own flag, without a detour, or somebody else.
#[derive(Clone)]
pub(super) enum Decider {
    Flag(Flag),
    Other(Arc<dyn Decide>),
}

impl Decider {
    #[inline]
    pub(super) fn decide(&self, context: &Context<'_>) -> Decision {
        match self {
            Self::Flag(flag) => flag.decide(context),
            Self::Other(decide) => decide.decide(context),
        }
    }
}

impl Resolved {
    #[inline]
    pub(super) fn is_on(&self, context: &Context<'_>) -> bool {
        match self {
            Self::Constant(on) => *on,
            Self::Flag(flag) => flag.is_on(context),
        }
    }
}

impl fmt::Debug for Resolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(on) => f.debug_tuple("Constant").field(on).finish(),
            Self::Flag(_) => f.write_str("Flag"),
        }
    }
}
