//! Writes to standard output and standard error without end.

use tidegate_guests::Decided;

tidegate_guests::harm!(talk);

#[allow(clippy::print_stdout, clippy::print_stderr, reason = "the harm")]
fn talk(event: &str) -> Decided {
    loop {
        println!("{event}");
        eprintln!("{event}");
    }
}
