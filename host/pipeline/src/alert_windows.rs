//! Alerts in groups: the first of a group is sent at once, and those that follow within the window are counted in one. Groups are bounded,
//! since events from outside name their types. Knows no sink, and no clock: the caller says what time it is.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tidegate_model::dead_letter::{AlertGroup, CountedAlerts};

/// The most groups. Those beyond are one group for each channel.
const MOST_GROUPS: usize = 1024;

/// The alerts that are counted.
#[derive(Debug)]
pub struct Alerts(Mutex<AlertWindows>);

impl Alerts {
    /// With windows of this length; zero: each dead letter has an alert.
    pub fn new(window: Duration) -> Self {
        Self(Mutex::new(AlertWindows::new(window)))
    }

    pub(super) fn with<T>(&self, then: impl FnOnce(&mut AlertWindows) -> T) -> T {
        then(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The groups of which an alert was sent a short while ago.
#[derive(Debug)]
pub(super) struct AlertWindows {
    length: Duration,
    groups: HashMap<AlertGroup, Window>,
}

#[derive(Debug)]
struct Window {
    began: Instant,
    /// The dead letter whose alert was sent. Its next attempt sends it again.
    sent: String,
    counted: Option<CountedAlerts>,
}

impl AlertWindows {
    /// `length`: zero, and each dead letter has an alert.
    pub(super) fn new(length: Duration) -> Self {
        Self {
            length,
            groups: HashMap::new(),
        }
    }

    /// Whether a dead letter has an alert of its own; otherwise it is counted.
    pub(super) fn admit(&mut self, group: &AlertGroup, letter: CountedAlerts, now: Instant) -> bool {
        if self.length.is_zero() {
            return true;
        }
        let is_known = self.groups.contains_key(group) || self.groups.len() < MOST_GROUPS;
        let group = if is_known { group.clone() } else { group.others() };
        let Some(window) = self.groups.get_mut(&group) else {
            let window = Window {
                began: now,
                sent: letter.id().to_owned(),
                counted: None,
            };
            self.groups.insert(group, window);
            return true;
        };
        if window.sent == letter.id() {
            return true;
        }
        match &mut window.counted {
            Some(counted) => counted.add(letter),
            counted => *counted = Some(letter),
        }
        false
    }

    /// What was counted in the windows that have ended by now. A window in which something was counted is followed by another; one
    /// without is over.
    pub(super) fn ended(&mut self, now: Instant) -> Vec<(AlertGroup, CountedAlerts)> {
        let length = self.length;
        self.take(|window| now.duration_since(window.began) >= length, now)
    }

    /// What was counted in all windows.
    pub(super) fn all(&mut self, now: Instant) -> Vec<(AlertGroup, CountedAlerts)> {
        self.take(|_| true, now)
    }

    /// Counts again what could not be sent.
    pub(super) fn restore(&mut self, group: AlertGroup, mut counted: CountedAlerts, now: Instant) {
        let window = self.groups.entry(group).or_insert_with(|| Window {
            began: now,
            sent: String::new(),
            counted: None,
        });
        if let Some(later) = window.counted.take() {
            counted.add(later);
        }
        window.counted = Some(counted);
    }

    fn take(&mut self, has_ended: impl Fn(&Window) -> bool, now: Instant) -> Vec<(AlertGroup, CountedAlerts)> {
        let mut taken = Vec::new();
        self.groups.retain(|group, window| {
            if !has_ended(window) {
                return true;
            }
            window.began = now;
            let counted = window.counted.take();
            let stays = counted.is_some();
            taken.extend(counted.map(|counted| (group.clone(), counted)));
            stays
        });
        taken
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use tidegate_model::{
        dead_letter::{AlertGroup, CountedAlerts},
        revision::RevisionId,
    };

    use super::{AlertWindows, MOST_GROUPS};

    const MINUTE: Duration = Duration::from_mins(1);

    fn group(event_type: &str, code: &str) -> AlertGroup {
        AlertGroup {
            channel: "ops".to_owned(),
            event_type: Some(event_type.to_owned()),
            code: Some(code.to_owned()),
            key: None,
        }
    }

    fn letter(id: &str) -> CountedAlerts {
        let revision = RevisionId {
            number: 1,
            digest: "sha256:9f86".to_owned(),
        };
        CountedAlerts::one(id, "2026-03-02T17:00:00Z", &revision)
    }

    fn counts(taken: &[(AlertGroup, CountedAlerts)]) -> Vec<u64> {
        taken.iter().map(|(_, counted)| counted.count).collect()
    }

    #[test]
    fn a_hundred_and_six_rejections_are_two_alerts() {
        let start = Instant::now();
        let mut windows = AlertWindows::new(MINUTE);
        let at = |second: u64| start + Duration::from_secs(second);
        let sent = (0..106).filter(|n| windows.admit(&group("a", "type"), letter(&n.to_string()), at(n / 2)));
        assert_eq!(sent.count(), 1);
        assert_eq!(counts(&windows.ended(at(59))), [0_u64; 0]);
        let ended = windows.ended(at(60));
        assert_eq!(counts(&ended), [105]);
        assert_eq!((ended[0].1.ids.len(), ended[0].1.id()), (CountedAlerts::MOST_IDS, "1"));
        // One a minute, and not two.
        assert!(!windows.admit(&group("a", "type"), letter("later"), at(61)));
        assert_eq!(counts(&windows.ended(at(119))), [0_u64; 0]);
        assert_eq!(counts(&windows.ended(at(120))), [1]);
        assert_eq!(counts(&windows.ended(at(180))), [0_u64; 0]);
        assert!(windows.admit(&group("a", "type"), letter("anew"), at(181)));
    }

    #[test]
    fn another_type_and_another_code_have_an_alert_of_their_own() {
        let now = Instant::now();
        let mut windows = AlertWindows::new(MINUTE);
        assert!(windows.admit(&group("a", "type"), letter("1"), now));
        assert!(windows.admit(&group("a", "required"), letter("2"), now));
        assert!(windows.admit(&group("b", "type"), letter("3"), now));
        assert!(!windows.admit(&group("b", "type"), letter("4"), now));
        assert!(windows.admit(&group("b", "type"), letter("3"), now), "its next attempt");
        assert_eq!(counts(&windows.all(now)), [1]);
    }

    #[test]
    fn types_from_outside_fill_no_memory() {
        let now = Instant::now();
        let mut windows = AlertWindows::new(MINUTE);
        let numbers = 0..MOST_GROUPS + 50;
        let sent = numbers.filter(|n| windows.admit(&group(&n.to_string(), "type"), letter(&n.to_string()), now));
        assert_eq!(sent.count(), MOST_GROUPS + 1, "one for all others");
        assert_eq!(windows.groups.len(), MOST_GROUPS + 1);
        let taken = windows.all(now);
        assert_eq!((counts(&taken), &taken[0].0.event_type), (vec![49], &None));
    }

    #[test]
    fn what_could_not_be_sent_is_counted_again() {
        let now = Instant::now();
        let mut windows = AlertWindows::new(MINUTE);
        for id in ["1", "2"] {
            windows.admit(&group("a", "type"), letter(id), now);
        }
        let (failed, counted) = windows.all(now).remove(0);
        windows.admit(&group("a", "type"), letter("3"), now);
        windows.restore(failed, counted, now);
        let all = windows.all(now);
        assert_eq!((counts(&all), &*all[0].1.ids.join(" ")), (vec![2], "2 3"));
    }

    #[test]
    fn without_a_window_each_has_an_alert() {
        let mut windows = AlertWindows::new(Duration::ZERO);
        assert!((0..9).all(|n| windows.admit(&group("a", "type"), letter(&n.to_string()), Instant::now())));
        assert!(windows.groups.is_empty());
    }
}
