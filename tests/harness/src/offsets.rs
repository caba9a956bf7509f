//! What consumer groups have committed, read from the topic that Kafka keeps it in.
//!
//! Keys are `version: i16, group: string, topic: string, partition: i32` (versions 0 and 1; others are about something
//! else), values `version: i16, offset: i64, …`; a string is an `i16` length and its bytes; integers are big-endian. A key without a
//! value takes the offset back.

use std::collections::BTreeMap;

use crate::Stored;

/// The topic with the offsets.
pub(crate) const TOPIC: &str = "__consumer_offsets";

/// The last offset that `group` has committed for each partition of `topic`.
pub(crate) fn committed(records: &[Stored], group: &str, topic: &str) -> BTreeMap<i32, i64> {
    let mut offsets = BTreeMap::new();
    for record in records {
        let Some(partition) = record.key.as_deref().and_then(|key| partition_of(key, group, topic)) else {
            continue;
        };
        match record.value.as_deref().and_then(offset_in) {
            Some(offset) => offsets.insert(partition, offset),
            None => offsets.remove(&partition),
        };
    }
    offsets
}

fn partition_of(key: &[u8], group: &str, topic: &str) -> Option<i32> {
    let (version, rest) = key.split_first_chunk()?;
    if i16::from_be_bytes(*version) > 1 {
        return None;
    }
    let rest = strip(rest, group)?;
    let rest = strip(rest, topic)?;
    Some(i32::from_be_bytes(*rest.first_chunk()?))
}

fn strip<'a>(bytes: &'a [u8], text: &str) -> Option<&'a [u8]> {
    let (len, rest) = bytes.split_first_chunk()?;
    let (head, rest) = rest.split_at_checked(u16::from_be_bytes(*len).into())?;
    (head == text.as_bytes()).then_some(rest)
}

fn offset_in(value: &[u8]) -> Option<i64> {
    Some(i64::from_be_bytes(*value.get(2..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::committed;
    use crate::Stored;

    fn commit(group: &str, partition: i32, offset: Option<i64>) -> Stored {
        let mut key = vec![0, 1];
        for text in [group, "orders"] {
            key.extend(u16::try_from(text.len()).expect("short").to_be_bytes());
            key.extend(text.as_bytes());
        }
        key.extend(partition.to_be_bytes());
        let value = offset.map(|offset| [&[0, 3], &offset.to_be_bytes()[..], &[0; 12]].concat());
        Stored {
            partition: 0,
            offset: 0,
            key: Some(key),
            headers: [].into(),
            value,
        }
    }

    #[test]
    fn the_last_commit_of_the_group_counts() {
        let records = [
            commit("a", 0, Some(5)),
            commit("b", 0, Some(9)),
            commit("a", 1, Some(2)),
            commit("a", 0, Some(7)),
            commit("a", 1, None),
        ];
        assert_eq!(committed(&records, "a", "orders"), [(0, 7)].into());
        assert_eq!(committed(&records, "a", "others"), [].into());
    }
}
