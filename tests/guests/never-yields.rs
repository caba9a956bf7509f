//! The shortest loop there is: it calls nothing, of its own or of the host.

use tidegate_guests::Verdict;

tidegate_guests::harm!(spin);

fn spin(_event: &str) -> Verdict {
    #[allow(clippy::empty_loop, reason = "the harm")]
    loop {}
}
