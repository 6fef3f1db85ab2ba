use crate::flags::{Decision, Reason};
use crate::{Side, Stage};

/// Who answers a read, and who runs beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadPlan {
    /// The side whose answer the caller gets.
    pub authoritative: Side,
    /// The side that runs off the caller's path and is compared.
    pub candidate: Option<Side>,
}

impl ReadPlan {
    /// The plan of a stage.
    #[must_use]
    #[inline]
    pub const fn at(stage: Stage) -> Self {
        Self {
            authoritative: match stage {
                Stage::Off | Stage::DualWrite | Stage::Shadow => Side::Old,
                Stage::Live | Stage::RampDown | Stage::Complete => Side::New,
            },
            candidate: match stage {
                Stage::Shadow => Some(Side::New),
                Stage::Live => Some(Side::Old),
                Stage::Off | Stage::DualWrite | Stage::RampDown | Stage::Complete => None,
            },
        }
    }
}

/// Who writes, and who writes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteOrder {
    /// The authoritative side. Where it fails, nothing else is tried.
    pub first: Side,
    /// The side that writes after it.
    pub second: Option<Side>,
}

impl WriteOrder {
    /// The order of a stage.
    #[must_use]
    pub const fn at(stage: Stage) -> Self {
        match stage {
            Stage::Off => Self {
                first: Side::Old,
                second: None,
            },
            Stage::DualWrite | Stage::Shadow => Self {
                first: Side::Old,
                second: Some(Side::New),
            },
            Stage::Live | Stage::RampDown => Self {
                first: Side::New,
                second: Some(Side::Old),
            },
            Stage::Complete => Self {
                first: Side::New,
                second: None,
            },
        }
    }
}

/// The stage at which one call runs.
///
/// A flag with a stage puts the units it is on for at that stage and the others one stage before
/// it: 5 % live, 95 % shadow. A flag without one puts them at live and shadow. Where the flag is
/// killed, or a flag that it requires is off, new does not run at all, not even as a candidate.
#[must_use]
#[inline]
pub fn effective_stage(decision: &Decision) -> Stage {
    if decision.reason == Reason::Disabled {
        return Stage::Off;
    }
    let stage = decision.stage.unwrap_or(Stage::Live);
    if decision.on {
        stage
    } else {
        stage.previous().unwrap_or(Stage::Off)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::ErrorCode;

    #[test]
    fn the_table_of_stages() {
        use Side::{New, Old};
        for (stage, read, write) in [
            (Stage::Off, (Old, None), (Old, None)),
            (Stage::DualWrite, (Old, None), (Old, Some(New))),
            (Stage::Shadow, (Old, Some(New)), (Old, Some(New))),
            (Stage::Live, (New, Some(Old)), (New, Some(Old))),
            (Stage::RampDown, (New, None), (New, Some(Old))),
            (Stage::Complete, (New, None), (New, None)),
        ] {
            let plan = ReadPlan::at(stage);
            assert_eq!((plan.authoritative, plan.candidate), read, "{stage}");
            let order = WriteOrder::at(stage);
            assert_eq!((order.first, order.second), write, "{stage}");
            assert_eq!(
                plan.authoritative, order.first,
                "one side is authoritative at {stage}"
            );
        }
    }

    #[test]
    fn a_percentage_splits_between_neighbouring_stages() {
        let staged = |on, stage| Decision {
            stage: Some(stage),
            ..Decision::fixed(on)
        };
        assert_eq!(effective_stage(&staged(true, Stage::Live)), Stage::Live);
        assert_eq!(effective_stage(&staged(false, Stage::Live)), Stage::Shadow);
        assert_eq!(effective_stage(&staged(false, Stage::Off)), Stage::Off);
        assert_eq!(effective_stage(&Decision::fixed(true)), Stage::Live);
        assert_eq!(effective_stage(&Decision::fixed(false)), Stage::Shadow);
    }

    #[test]
    fn a_killed_flag_keeps_new_from_running_at_all() {
        let killed = Decision {
            reason: Reason::Disabled,
            ..Decision::fixed(false)
        };
        assert_eq!(effective_stage(&killed), Stage::Off);
    }

    #[test]
    fn without_an_answer_the_callers_default_decides() {
        let missing = Decision::fallback(false, ErrorCode::FlagNotFound, Default::default());
        assert_eq!(
            ReadPlan::at(effective_stage(&missing)).authoritative,
            Side::Old
        );
    }
}
