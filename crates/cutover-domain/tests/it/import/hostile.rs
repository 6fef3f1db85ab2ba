//! Whatever is fed to the readers, they answer, and say where.

use cutover_domain::flags::import::mdm::Mdm;
use cutover_domain::flags::import::{self, flagd, native};
use proptest::prelude::*;

use super::strategy;

const WORDS: &[&str] = &[
    "flags",
    "schema",
    "variants",
    "default",
    "off",
    "type",
    "boolean",
    "on",
    "rollout",
    "state",
    "defaultVariant",
    "targeting",
    "$evaluators",
    "$ref",
    "if",
    "and",
    "fractional",
    "var",
];

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_with_their_place(bytes in any::<Vec<u8>>()) {
        if let Err(error) = import::read(&bytes) {
            prop_assert!(error.line >= 1 && error.column >= 1);
            prop_assert!(error.path.starts_with('$'));
        }
    }

    #[test]
    fn json_that_is_cut_off_or_altered_is_read_or_refused_with_its_place(
        json in strategy::anything(WORDS),
        cut in any::<prop::sample::Index>(),
        put in proptest::option::of(any::<u8>()),
    ) {
        let mut bytes = json.to_string().into_bytes();
        let at = cut.index(bytes.len());
        match put {
            Some(byte) => bytes[at] = byte,
            None => bytes.truncate(at),
        }
        if let Err(error) = import::read(&bytes) {
            prop_assert!(error.path.starts_with('$') && !error.message.is_empty());
        }
    }

    #[test]
    fn any_json_is_imported_or_refused_with_its_path(json in strategy::anything(WORDS)) {
        let readers = [
            Mdm::read(&json).err(),
            native::import(&json).err(),
            flagd::import(&json).err(),
        ];
        for problems in readers {
            for problem in problems.into_iter().flat_map(|problems| problems.0) {
                prop_assert!(problem.path.starts_with('$'), "{problem}");
            }
        }
        // Reading flag by flag comes to the same as reading all of it.
        let text = json.to_string();
        let expected = native::import(&json).map_err(import::NotImported::from);
        prop_assert_eq!(native::read(text.as_bytes()), expected);
    }
}
