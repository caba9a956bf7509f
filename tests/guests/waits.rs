//! Sleeps for an hour.

use std::{thread, time::Duration};

use tidegate_guests::{Verdict, calmly};

tidegate_guests::harm!(wait);

fn wait(event: &str) -> Verdict {
    thread::sleep(Duration::from_secs(3600));
    calmly(event)
}
