//! Sends everything on a channel that no configuration binds, and says so in its catalog.

use tidegate_guests::{Context, Guest, Misuse, Verdict, calmly};

struct Unbound;

impl Guest for Unbound {
    const CHANNELS: &'static [&'static str] = &["dlq", "nowhere", "ops-alerts", "task-events"];

    fn process(event: &str, _context: Context) -> Result<Verdict, Misuse> {
        let mut verdict = calmly(event);
        for output in &mut verdict.outputs {
            output.channel = "nowhere".to_owned();
        }
        Ok(verdict)
    }
}

tidegate_guests::export!(Unbound);
