//! Takes handles of the host and returns none.

use tidegate_guests::Decided;
use wasip2::cli::stderr::get_stderr;

tidegate_guests::harm!(hoard);

fn hoard(_event: &str) -> Decided {
    loop {
        std::mem::forget(get_stderr());
    }
}
