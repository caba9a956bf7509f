//! Words that the project does not use, what it says in their place, and where their plain meaning is meant. The only files in which they stand are this one and its test.

/// A word or phrase in lower case, as it stands in prose, and what is said in its place. One that stands inside a longer word is found too.
pub(super) const WORDS: &[(&str, &str)] = &[
    ("generation", "revision"),
    ("verdict", "decision, or disposition of a delivery"),
    ("retry decide", "retry.next-attempt"),
    ("put aside", "scheduled for a retry"),
    ("puts aside", "schedules a retry"),
    ("given up", "dead-lettered, retries exhausted"),
    ("give up", "dead-letter"),
    ("gives up", "dead-letters"),
    ("giving up", "dead-lettering"),
    ("buried", "dead-lettered"),
    ("bury", "resume a dead letter"),
    ("brought again", "redelivered"),
    ("of the dead", "stale"),
    ("misjudged", "policy error"),
    ("may pass", "retryable"),
    ("is sick", "open (a circuit breaker)"),
    ("sickness", "an open circuit breaker"),
    ("probation", "bake period"),
    ("looks well", "passed its bake period"),
    ("look well", "pass its bake period"),
    ("gone back", "rolled back"),
    ("goes back to", "rolls back to"),
    ("candidate", "shadow policy"),
    ("what would change", "shadow comparison"),
    ("overtak", "ordering violation"),
    ("place in line", "position in the queue of a key"),
    ("seldom", "rate-limited log"),
    ("held back", "suppressed"),
    ("embedded backend", "backend `sqlite`"),
    ("what is promised", "delivery guarantees"),
];

/// Phrases in which a word has its plain meaning.
pub(super) const PLAIN: &[&str] = &["of the dead letter"];

/// A word, the start of the paths where it may stand, and why.
pub(super) const ALLOWED: &[(&str, &str, &str)] = &[
    ("candidate", "bindings/c/Cargo.toml", "the name of a lint"),
    ("candidate", "Cargo.toml", "the name of a lint"),
    ("generation", "tests/faults/rig.rs", "a line of Kafka's own log"),
    ("give up", "deploy/dapr/resiliency.yaml", "what Dapr's own retries do"),
    ("gives up", "tests/containment/isolation.rs", "what an option costs"),
    ("seldom", "tests/ledger.rs", "how often a sink refuses"),
];

/// Files that others write, by the ends of their paths; and this one.
pub(super) const UNREAD: &[&str] = &[
    "CHANGELOG.md", // its tables quote old names
    "Cargo.lock",
    "package-lock.json",
    "go.sum",
    "tidy/words.rs",
    "tidy/words/list.rs",
];
