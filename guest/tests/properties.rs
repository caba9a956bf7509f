//! What must hold for any input: nothing panics, up and down again is the identity, every output is valid, digits
//! and order survive.

#[path = "support/strategies.rs"]
mod strategies;
mod support;

use proptest::prelude::*;
use strategies::{event, json};
use support::{check, context};
use tidegate_policy::{Decision, Policy};

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&bytes);
    }

    #[test]
    fn no_json_panics(text in json()) {
        check(text.as_bytes());
    }

    #[test]
    fn no_damaged_event_panics(text in event(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        check(&bytes);
        bytes.truncate(at);
        check(&bytes);
    }

    #[test]
    fn valid_events_keep_every_promise(text in event()) {
        prop_assert!(Policy::builtin().validate(text.as_bytes(), &[]).is_ok());
        check(text.as_bytes());
    }

    /// Byte for byte: so numbers keep their digits, members their order, and unknown ones stay.
    #[test]
    fn up_and_down_again_is_the_identity(text in event()) {
        let policy = Policy::builtin();
        let canonical = policy.process(text.as_bytes(), &[], &context(None)).outputs[0].event.clone();
        let up = policy.migrate(text.as_bytes(), &[], "1.1").expect("a way up").event.expect("a new text");
        prop_assert_eq!(Some(&up), canonical.as_ref());
        let down = policy.migrate(up.as_bytes(), &[], "1.0").expect("a way down").event.expect("a new text");
        prop_assert_eq!(down, text);
    }

    #[test]
    fn an_event_that_needs_no_change_is_not_rewritten(text in event()) {
        let decided = Policy::builtin().process(text.as_bytes(), &[], &context(Some("1.0")));
        prop_assert_eq!(decided.decision, Decision::Forward);
        prop_assert_eq!(decided.outputs[0].event.as_ref(), None);
    }

    #[test]
    fn the_same_call_gives_the_same_answer(text in event()) {
        let policy = Policy::builtin();
        let again = Policy::new(&tidegate_policy::Bundle::builtin(), tidegate_policy::Code::default()).expect("a policy");
        prop_assert_eq!(policy.process(text.as_bytes(), &[], &context(None)), again.process(text.as_bytes(), &[], &context(None)));
    }
}
