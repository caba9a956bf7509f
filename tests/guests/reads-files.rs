//! Tries to read a file.

use tidegate_guests::{Decided, calmly};

tidegate_guests::harm!(read);

fn read(event: &str) -> Decided {
    let mut decided = calmly(event);
    decided.key = std::fs::read_to_string("/etc/passwd").ok();
    decided
}
