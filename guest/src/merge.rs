//! JSON merge patch (RFC 7396). Knows nothing of schemas.

use serde_json::Value;

/// Applies `changes` to `target`: objects are merged member by member, null removes a member, anything else replaces. Members
/// that exist keep their positions.
pub(crate) fn merge(target: &mut Value, changes: &Value) {
    let Some(changes) = changes.as_object() else {
        *target = changes.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Some(members) = target.as_object_mut() else {
        return;
    };
    for (name, change) in changes {
        if change.is_null() {
            members.shift_remove(name);
        } else {
            merge(members.entry(name).or_insert(Value::Null), change);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::merge;

    #[test]
    fn objects_are_merged_null_removes_and_anything_else_replaces() {
        let mut target = json!({ "kept": 1, "gone": { "a": 1 }, "list": [1, 2], "deep": { "kept": true, "gone": 1 } });
        let changes =
            json!({ "gone": null, "list": [3], "deep": { "gone": null, "new": { "a": 1, "not-there": null } } });
        merge(&mut target, &changes);
        let expected = json!({ "kept": 1, "list": [3], "deep": { "kept": true, "new": { "a": 1 } } });
        assert_eq!(target.to_string(), expected.to_string());
    }

    #[test]
    fn a_value_that_is_no_object_becomes_one_when_members_are_merged_into_it() {
        let mut target = json!("text");
        merge(&mut target, &json!({ "a": 1 }));
        assert_eq!(target, json!({ "a": 1 }));
        merge(&mut target, &json!([1]));
        assert_eq!(target, json!([1]));
    }
}
