//! Words that the project does not use, what it says in their place, and where their plain meaning is meant. The only file in which they stand.

/// A word or phrase in lower case, as it stands in prose, and what is said in its place. One that stands inside a longer word is found too.
pub(super) const WORDS: [(&str, &str); 33] = [
    ("generation", "revision"),
    ("verdict", "decision, or disposition of a delivery"),
    ("retry decide", "retry.next-attempt"),
    ("put aside", "scheduled for a retry"),
    ("puts aside", "schedules a retry"),
    ("hand back", "redelivered, requeued"),
    ("handed back", "redelivered, requeued"),
    ("given up", "dead-lettered, retries exhausted"),
    ("give up", "dead-letter"),
    ("gives up", "dead-letters"),
    ("giving up", "dead-lettering"),
    ("buried", "dead-lettered"),
    ("bury", "resume a dead letter"),
    ("brought again", "redelivered"),
    ("not done", "not acknowledged"),
    ("of the dead", "stale"),
    ("misjudged", "policy error"),
    ("unsent", "failed publish"),
    ("may pass", "retryable"),
    ("is sick", "open (a circuit breaker)"),
    ("sickness", "an open circuit breaker"),
    ("probation", "bake period"),
    ("looks well", "passed its bake period"),
    ("look well", "pass its bake period"),
    ("gone back from", "rolled back"),
    ("goes back to", "rolls back to"),
    ("candidate", "shadow policy"),
    ("overtak", "ordering violation"),
    ("place in line", "position in the queue of a key"),
    ("seldom", "rate-limited log"),
    ("held back", "suppressed"),
    ("embedded backend", "backend `sqlite`"),
    ("what is promised", "delivery guarantees"),
];

/// A word, the start of the paths where it may stand, and why.
pub(super) const ALLOWED: [(&str, &str, &str); 0] = [];

/// Files that others write, by the ends of their paths; and this one.
pub(super) const UNREAD: [&str; 4] = ["Cargo.lock", "package-lock.json", "go.sum", "tidy/words/list.rs"];
