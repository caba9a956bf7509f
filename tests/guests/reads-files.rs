//! Wants to read a file.

use tidegate_guests::{Verdict, calmly};

tidegate_guests::harm!(read);

fn read(event: &str) -> Verdict {
    let mut verdict = calmly(event);
    verdict.reason = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    verdict
}
