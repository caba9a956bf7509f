//! Sends everything on a channel that no configuration binds; its catalog lists the channel.

use tidegate_guests::{Context, Decided, Guest, calmly};

struct Unbound;

impl Guest for Unbound {
    const CHANNELS: &'static [&'static str] = &["dlq", "nowhere", "ops-alerts", "task-events"];

    fn process(event: &str, _context: Context) -> Decided {
        let mut decided = calmly(event);
        for output in &mut decided.outputs {
            output.channel = "nowhere".to_owned();
        }
        decided
    }
}

tidegate_guests::export!(Unbound);
