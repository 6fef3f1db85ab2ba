use super::naming::{Claims, Named};
use super::{Overlay, Variable};
use crate::Percentage;

/// What the variables of one flag ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Off for everybody, and on for this share as soon as that is taken back.
    Kill { below: Option<Percentage> },
    /// On for this share.
    Share(Percentage),
}

/// A variable as one flag reads it.
#[derive(Clone, Copy)]
enum Reading<'a, T> {
    Unset,
    /// It is set, and cannot be followed.
    Unusable,
    Is(T, &'a str),
}

impl Wish {
    /// What a flag's variables ask for, and how they are written. `None` when they say nothing, or
    /// when what decides cannot be followed: then the layer below stays in force.
    ///
    /// Values that cannot be read become problems, also where another variable decides alone.
    pub(super) fn of(
        flag: &Named<'_>,
        overlay: &Overlay,
        claims: &Claims<'_>,
        problems: &mut Vec<String>,
    ) -> Option<(Self, String)> {
        let read = |name: &str| {
            let variable = overlay.variables.get(name)?;
            Some((variable, claims.is_of_one(name)))
        };
        let switch = Reading::of(read(&flag.switch), |it| &it.switch, problems);
        let share = Reading::of(read(&flag.share), |it| &it.share, problems);
        let alone = |wish, written: &str| Some((wish, written.to_owned()));
        match (switch, share) {
            (Reading::Is(false, written), _) if overlay.naming.off_kills => {
                let below = match share {
                    Reading::Is(share, _) => Some(share),
                    Reading::Unset | Reading::Unusable => None,
                };
                alone(Self::Kill { below }, written)
            }
            (Reading::Is(true, written), _) if !overlay.naming.off_kills => {
                alone(Self::Share(Percentage::FULL), written)
            }
            (Reading::Unusable, _) | (_, Reading::Unusable) | (Reading::Unset, Reading::Unset) => {
                None
            }
            (Reading::Is(true, written), Reading::Unset) => {
                alone(Self::Share(Percentage::FULL), written)
            }
            (Reading::Is(false, written), Reading::Unset) => {
                alone(Self::Share(Percentage::ZERO), written)
            }
            (Reading::Unset, Reading::Is(share, written)) => alone(Self::Share(share), written),
            (Reading::Is(_, switch), Reading::Is(share, written)) => {
                Some((Self::Share(share), format!("{switch} with {written}")))
            }
        }
    }
}

impl<'a, T: Copy> Reading<'a, T> {
    /// `variable` with whether its name is this flag's alone.
    fn of(
        variable: Option<(&'a Variable, bool)>,
        value: impl Fn(&Variable) -> &Result<T, String>,
        problems: &mut Vec<String>,
    ) -> Self {
        match variable {
            None => Self::Unset,
            // That two flags have it is a problem that was reported.
            Some((_, false)) => Self::Unusable,
            Some((variable, true)) => match value(variable) {
                Ok(value) => Self::Is(*value, &variable.written),
                Err(problem) => {
                    let written = &variable.written;
                    problems.push(format!("{written} is not followed: {problem}"));
                    Self::Unusable
                }
            },
        }
    }
}
