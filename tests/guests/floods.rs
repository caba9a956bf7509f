//! Answers with 160 GB from a few megabytes: ten thousand outputs that share one text.
#![allow(unsafe_code, reason = "the harm")]

use tidegate_guests::{Decided, Output, calmly};

tidegate_guests::harm!(flood);

fn flood(event: &str) -> Decided {
    let mut decided = calmly(event);
    let text = String::leak(" ".repeat(16 << 20));
    let shared = || {
        // SAFETY: the host reads the strings. Freeing them, which the host does not do after a fault, would free more
        // than once.
        Some(unsafe { String::from_raw_parts(text.as_ptr().cast_mut(), text.len(), text.len()) })
    };
    decided.outputs = (0..10_000)
        .map(|number| Output {
            channel: "task-events".to_owned(),
            key: None,
            id: number.to_string(),
            event_type: "task.created".to_owned(),
            event: shared(),
            attributes: Vec::new(),
            not_before: None,
        })
        .collect();
    decided
}
