//! Events to measure with: the same ones in every run and on every machine.

/// An event of about 250 bytes in version 1.0, which is migrated to 1.1.
pub const OLD: &str = r#"{"event_id":"task.created-101-2026-03-01T09:30:00Z","event_type":"task.created","event_version":"1.0","task_id":101,"user_id":"user-1","timestamp":"2026-03-01T09:30:00Z","payload":{"title":"Water the plants","due_date":"2026-03-02T18:00:00+01:00"}}"#;

/// The same event with two faults.
pub const INVALID: &str = r#"{"event_id":"task.created-101-2026-03-01T09:30:00Z","event_type":"task.created","event_version":"1.0","task_id":"101","user_id":"","timestamp":"2026-03-01T09:30:00Z","payload":{"title":"Water the plants","due_date":"2026-03-02T18:00:00+01:00"}}"#;

/// The time to judge by.
pub const NOW: &str = "2026-03-01T09:30:00Z";

/// One event in twenty is invalid.
const INVALID_EVERY: u64 = 20;

const TYPES: [&str; 7] = [
    "task.created",
    "task.updated",
    "task.completed",
    "task.deleted",
    "reminder.scheduled",
    "reminder.due",
    "reminder.cancelled",
];

const TITLES: [&str; 4] = [
    "Water the plants",
    "Renew the passport",
    "Call the bank about the card",
    "Book a table for Saturday",
];

/// Events of all types and versions, one in twenty of them invalid, without an end.
pub fn events() -> impl Iterator<Item = String> {
    (0..).map(event)
}

/// The event with this number.
pub fn event(number: u64) -> String {
    if number % INVALID_EVERY == INVALID_EVERY - 1 {
        return invalid(number);
    }
    let mut dice = Dice(number);
    let event_type = *dice.pick(&TYPES);
    let version = match dice.below(10) {
        0 => "",
        1..=5 => r#""event_version":"1.0","#,
        _ => r#""event_version":"1.1","#,
    };
    let added = if version.contains("1.1") {
        r#","new_field":null"#
    } else {
        ""
    };
    let time = time(&mut dice);
    let task = dice.below(100_000);
    let user = dice.below(1_000);
    let payload = payload(event_type, &mut dice);
    format!(
        r#"{{"event_id":"{event_type}-{task}-{number}","event_type":"{event_type}",{version}"task_id":{task},"user_id":"user-{user}","timestamp":"{time}","payload":{{{payload}{added}}}}}"#
    )
}

fn payload(event_type: &str, dice: &mut Dice) -> String {
    let title = *dice.pick(&TITLES);
    let due = time(dice);
    match event_type {
        "task.completed" => {
            let pattern = *dice.pick(&["null", r#""DAILY""#, r#""WEEKLY""#, r#""MONTHLY""#]);
            format!(r#""title":"{title}","due_date":"{due}","recurring_pattern":{pattern}"#)
        }
        "task.created" | "task.updated" | "task.deleted" => {
            format!(r#""title":"{title}","due_date":"{due}""#)
        }
        _ => {
            let reminder = dice.below(1_000);
            format!(r#""reminder_id":{reminder},"due_at":"{due}","message":"{title}""#)
        }
    }
}

/// One of several ways to be wrong.
fn invalid(number: u64) -> String {
    let mut dice = Dice(number);
    let (from, to) = *dice.pick(&[
        (r#""task_id":101"#, r#""task_id":"101""#),
        (r#""user_id":"user-1""#, r#""user_id":"""#),
        ("task.created", "task.archived"),
        (r#""1.0""#, r#""7.0""#),
        ("09:30:00Z", "09:30:00"),
        (r#""user_id":"user-1","#, ""),
        ("}}", "}"),
        (r#""title""#, r#""due_date""#),
    ]);
    OLD.replace(from, to)
}

fn time(dice: &mut Dice) -> String {
    let (month, day) = (dice.below(12) + 1, dice.below(28) + 1);
    let (hour, minute, second) = (dice.below(24), dice.below(60), dice.below(60));
    format!("2026-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Numbers that look random and are the same every time (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let at = usize::try_from(self.below(from.len() as u64)).unwrap_or_default();
        &from[at]
    }
}

#[cfg(test)]
mod tests {
    use tidegate_policy::{Context, Decision, process};

    use super::{INVALID, NOW, OLD, TYPES, event, events};

    fn decision(event: &str) -> Decision {
        let context = Context {
            now: NOW.to_owned(),
            target_version: None,
            handed_back: false,
        };
        process(event.as_bytes(), &[], &context).decision
    }

    #[test]
    fn one_event_in_twenty_is_invalid() {
        let judged: Vec<_> = events().take(2_000).map(|event| decision(&event)).collect();
        let rejected = judged.iter().filter(|decision| **decision == Decision::Reject);
        assert_eq!(rejected.count(), 100);
        assert!(judged.iter().all(|decision| *decision != Decision::Drop));
    }

    #[test]
    fn the_events_are_mixed_and_the_same_every_time() {
        let all: String = events().take(200).collect();
        let known = tidegate_policy::catalog().event_types.into_iter();
        let mut taken: Vec<_> = known.filter(|known| known.accepted).map(|known| known.name).collect();
        taken.sort_by_key(|name| TYPES.iter().position(|known| known == name));
        assert_eq!(taken, TYPES, "every type that the policy takes in");
        for event_type in TYPES {
            assert!(all.contains(event_type), "{event_type}");
        }
        assert_eq!(event(7), event(7));
        let length = events().take(2_000).map(|event| event.len()).sum::<usize>() / 2_000;
        assert!((200..300).contains(&length), "{length} bytes on average");
    }

    #[test]
    fn the_two_samples_are_what_they_are_said_to_be() {
        assert!((240..260).contains(&OLD.len()), "{} bytes", OLD.len());
        assert_eq!(decision(OLD), Decision::Forward);
        assert_eq!(decision(INVALID), Decision::Reject);
    }
}
