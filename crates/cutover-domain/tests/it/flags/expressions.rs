//! Conditions in words and in JSON say the same.

use cutover_domain::flags::Condition;
use cutover_testkit::flags::{any_condition, any_subject};
use proptest::prelude::*;

use super::{decide, ruled};
use cutover_domain::flags::{FlagDocument, Rule};
use jiff::Timestamp;

proptest! {
    #[test]
    fn what_is_printed_reads_back_as_it_was(condition in any_condition()) {
        let text = condition.to_string();
        prop_assert_eq!(text.parse::<Condition>(), Ok(condition), "{}", text);
    }

    #[test]
    fn what_is_stored_reads_back_as_it_was(condition in any_condition()) {
        let text = serde_json::to_string(&condition).unwrap();
        prop_assert_eq!(serde_json::from_str::<Condition>(&text).unwrap(), condition, "{}", text);
    }

    /// `never` and `always` of validation: whatever is refused as pointless is pointless.
    #[test]
    fn a_rule_that_is_refused_as_one_that_never_matches_never_does(
        condition in any_condition(),
        subject in any_subject(),
    ) {
        let mut document = FlagDocument::empty(Timestamp::UNIX_EPOCH);
        let flag = ruled([Rule::serving(condition, "on")]);
        document.flags.insert("flag".parse().unwrap(), flag);
        let refused = document.validate().err().map(|problems| problems.to_string());
        if refused.is_some_and(|problems| problems.contains("it never matches")) {
            prop_assume!(!subject.has_lists());
            prop_assert!(!subject.ask(|context| decide(&document, "flag", context).on));
        }
    }
}
