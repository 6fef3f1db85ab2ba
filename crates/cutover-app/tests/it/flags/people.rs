//! Who is in a rollout, through everything that can be done to it.

use std::collections::BTreeSet;
use std::sync::Arc;

use cutover_app::flags::{FlagService, Intent, Live, Request};
use cutover_domain::Percentage;
use cutover_domain::flags::{Bucketing, Change, Context, Definition, Rollout};
use cutover_ports::flags::MemoryFlagStore;
use pollster::block_on;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::key;

const NAME: &str = "use_new_parser";

/// A way to stop a rollout, and then to go on with it.
#[derive(Clone, Copy, Debug)]
enum Pause {
    KillAndRestore,
    SetOffAndRollOut,
    RollOutToZeroAndBack,
    DeleteAndUndo,
    UndoTwice,
    KillAllAndUndoAll,
}

fn people(live: &Live) -> BTreeSet<u32> {
    let flag = live.flag(NAME);
    let is_in = |number: &u32| flag.is_on(&Context::unit(&format!("unit-{number}")));
    (0..500).filter(is_in).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whoever_was_in_is_in_again_after_every_pause(
        thousandths in 0..=100_000_u32,
        bucketing in select(vec![Bucketing::Xxh3, Bucketing::Md5, Bucketing::Md5Unsalted]),
        salt in option::of("[a-z]{1,8}"),
        pauses in proptest::collection::vec(select(vec![
            Pause::KillAndRestore,
            Pause::SetOffAndRollOut,
            Pause::RollOutToZeroAndBack,
            Pause::DeleteAndUndo,
            Pause::UndoTwice,
            Pause::KillAllAndUndoAll,
        ]), 1..6),
    ) {
        let percentage = Percentage::from_thousandths(thousandths).unwrap();
        let live = Live::new();
        let service = FlagService::new(Arc::new(MemoryFlagStore::new())).with_live(live.clone());
        let apply = |intent| block_on(service.apply(&Request::by("me").intend(intent))).unwrap();
        let change = |change| apply(Intent::Changes(vec![change])).record.revision;
        let roll_out = |percentage| Change::Rollout { key: key(NAME), percentage, variant: None };
        let undo = || apply(Intent::Undo { key: key(NAME), to: None });

        let rollout = Rollout { bucketing, salt, ..Rollout::default() };
        let definition = Definition { rollout: Some(rollout), ..Definition::boolean() };
        change(Change::Create { key: key(NAME), definition: Box::new(definition) });
        let mut now = change(roll_out(percentage));
        let before = people(&live);

        for pause in pauses {
            match pause {
                Pause::KillAndRestore => {
                    change(Change::Kill { key: key(NAME) });
                    prop_assert!(people(&live).is_empty());
                    now = change(Change::Restore { key: key(NAME) });
                }
                Pause::SetOffAndRollOut => {
                    change(Change::Set { key: key(NAME), value: false.into() });
                    prop_assert!(people(&live).is_empty());
                    now = change(roll_out(percentage));
                }
                Pause::RollOutToZeroAndBack => {
                    change(roll_out(Percentage::ZERO));
                    prop_assert!(people(&live).is_empty());
                    now = change(roll_out(percentage));
                }
                Pause::DeleteAndUndo => {
                    change(Change::Delete { key: key(NAME) });
                    prop_assert!(people(&live).is_empty());
                    now = undo().record.revision;
                }
                Pause::UndoTwice => {
                    undo();
                    now = undo().record.revision;
                }
                Pause::KillAllAndUndoAll => {
                    apply(Intent::KillAll);
                    prop_assert!(people(&live).is_empty());
                    now = apply(Intent::UndoAll { to: now }).record.revision;
                }
            }
            prop_assert_eq!(people(&live), before.clone(), "{:?}", pause);
        }
    }
}
