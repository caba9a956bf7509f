//! Asks the host for 64 MiB of random bytes, again and again.

use std::hint::black_box;

use tidegate_guests::Decided;
use wasip2::random::insecure::get_insecure_random_bytes;

tidegate_guests::harm!(ask);

fn ask(_event: &str) -> Decided {
    loop {
        black_box(get_insecure_random_bytes(64 << 20));
    }
}
