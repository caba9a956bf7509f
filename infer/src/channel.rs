//! The channels of event types: one for each beginning of a name.

use std::collections::BTreeSet;

/// The most channels that are worth a topic each.
const MOST: usize = 16;

/// The channel of each type. Types such as `order.placed` and `order.paid` share `order`; where names have no parts, all share one.
pub(crate) fn channels(types: &[&str]) -> Vec<String> {
    const ALL: &str = "events";
    let common = common_parts(types);
    let channel = |name: &&str| {
        let mut parts = parts(name).skip(common).peekable();
        let first = parts.next().map(plain).filter(|first| !first.is_empty());
        first
            .filter(|first| parts.peek().is_some() && first != "dlq")
            .unwrap_or_else(|| ALL.to_owned())
    };
    let channels: Vec<_> = types.iter().map(channel).collect();
    let distinct: BTreeSet<_> = channels.iter().collect();
    if distinct.len() > MOST {
        return types.iter().map(|_| ALL.to_owned()).collect();
    }
    channels
}

fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.split(['.', '/', ':'])
}

/// How many parts all names begin with, such as `com.example`.
fn common_parts(types: &[&str]) -> usize {
    let Some((first, others)) = types.split_first().filter(|(_, others)| !others.is_empty()) else {
        return 0;
    };
    let is_common = |(at, part): &(usize, &str)| others.iter().all(|other| parts(other).nth(*at) == Some(part));
    parts(first).enumerate().take_while(is_common).count()
}

/// A name that a channel and a topic can have.
fn plain(part: &str) -> String {
    let is_plain = |char: &char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_');
    part.chars()
        .filter(is_plain)
        .take(60)
        .collect::<String>()
        .to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::channels;

    #[rstest]
    #[case(&["order.placed", "order.paid", "payment.received"], &["order", "order", "payment"])]
    #[case(&["com.example.order.placed", "com.example.user.left"], &["order", "user"])]
    #[case(&["com.github.push", "com.github.fork"], &["events", "events"])]
    #[case(&["PushEvent", "ForkEvent"], &["events", "events"])]
    #[case(&["order.placed"], &["order"])]
    #[case(&["dlq.failed"], &["events"])]
    fn types_with_one_beginning_share_a_channel(#[case] types: &[&str], #[case] expected: &[&str]) {
        assert_eq!(channels(types), expected);
    }
}
