use super::flag::{CompiledFlag, Outcome, Served, TierRef};
use super::{Slot, Snapshot};
use crate::flags::{Context, ErrorCode, Explanation, Tier, Unmatched};

impl Snapshot {
    /// The answer with how it came about. Allocates; for people.
    #[must_use]
    pub fn explain(&self, slot: Slot, context: &Context<'_>) -> Explanation<'_> {
        match self.flag(slot) {
            Some(flag) => self.explanation(flag, &flag.ask(self, context), context),
            None => Explanation::not_found(),
        }
    }

    fn explanation<'a>(
        &'a self,
        flag: &'a CompiledFlag,
        outcome: &Outcome<'_>,
        context: &Context<'_>,
    ) -> Explanation<'a> {
        let (division, asked) = match outcome.tier {
            TierRef::Rule(index) => match &flag.rules[index].served {
                Served::One(_) => (None, index),
                Served::Split(division) => (Some(&**division), index),
            },
            TierRef::Rollout => (flag.rollout.as_ref(), flag.rules.len()),
            TierRef::Default => (None, flag.rules.len()),
            TierRef::Killed | TierRef::Requires(..) | TierRef::Override(_) => (None, 0),
        };
        let required = match outcome.tier {
            TierRef::Requires(_, slot) => Some(match slot.and_then(|slot| self.flag(slot)) {
                // Not `ask`: those that it requires stand in the same list, and are on.
                Some(flag) => self.explanation(flag, &flag.own_tiers(context), context),
                None => Explanation::not_found(),
            }),
            _ => None,
        };
        let unmatched = flag.rules[..asked].iter().enumerate();
        Explanation {
            answer: outcome
                .answer
                .map(|answer| self.evaluation(flag, answer, outcome)),
            tier: flag.tier(outcome.tier),
            hash_input: division.and_then(|division| division.way.hash_input(context)),
            unmatched: unmatched
                .map(|(index, rule)| Unmatched {
                    index,
                    name: rule.name.as_deref().map(str::to_owned),
                    because: rule.check.failures(context),
                })
                .collect(),
            required: required.map(Box::new),
        }
    }
}

impl CompiledFlag {
    fn tier(&self, tier: TierRef<'_>) -> Tier {
        match tier {
            TierRef::Killed => Tier::Killed,
            TierRef::Requires(key, _) => Tier::Requires(key.clone()),
            TierRef::Override(target) => Tier::Override(target.to_owned()),
            TierRef::Rule(index) => Tier::Rule {
                index,
                name: self.rules[index].name.as_deref().map(str::to_owned),
            },
            TierRef::Rollout => Tier::Rollout,
            TierRef::Default => Tier::Default,
        }
    }
}

impl Explanation<'_> {
    /// Nothing was there to be asked.
    const fn not_found() -> Self {
        Self {
            answer: Err(ErrorCode::FlagNotFound),
            tier: Tier::Default,
            hash_input: None,
            unmatched: Vec::new(),
            required: None,
        }
    }
}
