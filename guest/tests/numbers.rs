//! Integers: the rule of `tidegate-text`, which needs no schema, is that of the schema library.

use proptest::prelude::*;
use serde_json::{Number, Value, json};
use tidegate_text::number;

proptest! {
    /// Two independent answers to what an integer is.
    #[test]
    fn an_integer_is_what_the_schema_library_takes_for_one(
        number in "-?(0|[1-9][0-9]{0,6})(\\.[0-9]{1,6})?([eE][+-]?[0-9]{1,2})?",
        zeros in "[1-9]0{0,4}(\\.0{1,3})?[eE]-?[0-5]",
    ) {
        let library = jsonschema::validator_for(&json!({ "type": "integer" })).expect("a schema");
        for text in [number, zeros] {
            let value = Value::Number(Number::from_string_unchecked(text.clone()));
            prop_assert_eq!(number::Value::of(&text).is_integer(), library.is_valid(&value), "{}", text);
        }
    }
}
