//! Sleeps for an hour.

use std::{thread, time::Duration};

use tidegate_guests::{Decided, calmly};

tidegate_guests::harm!(wait);

fn wait(event: &str) -> Decided {
    thread::sleep(Duration::from_secs(3600));
    calmly(event)
}
