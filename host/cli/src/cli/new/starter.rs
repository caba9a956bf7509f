//! The policy of a new folder when there are no events to infer one from. Its files are in `starter/`.

use super::{around, disk::NewFile};

/// The channel of the policy in `starter/policy.yaml`.
const CHANNEL: &str = "orders";

const FILES: [(&str, &str); 5] = [
    ("policy.yaml", include_str!("starter/policy.yaml")),
    ("order.placed/1.json", include_str!("starter/order.placed/1.json")),
    ("order.placed/2.json", include_str!("starter/order.placed/2.json")),
    ("tests/orders.yaml", include_str!("starter/tests/orders.yaml")),
    ("events.jsonl", include_str!("starter/events.jsonl")),
];

/// All files of the folder.
pub(super) fn files(name: &str) -> Vec<NewFile> {
    let own = FILES.map(|(path, text)| NewFile::new(path, text.replace("{name}", name)));
    own.into_iter()
        .chain(around::files(name, &[CHANNEL.to_owned()]))
        .collect()
}
