//! Times, sorted, and how they are written.

use std::time::Duration;

/// Times of one kind.
pub(crate) struct Spread(Vec<Duration>);

impl Spread {
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn least(&self) -> Duration {
        self.0.first().copied().unwrap_or_default()
    }

    pub(crate) fn most(&self) -> Duration {
        self.0.last().copied().unwrap_or_default()
    }

    /// The time that this share of them does not exceed.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in a list that is far shorter than 2^52"
    )]
    pub(crate) fn at(&self, share: f64) -> Duration {
        let place = (self.0.len() as f64 * share).ceil() as usize;
        self.0.get(place.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// The median, and the most where there are several.
    pub(crate) fn cell(&self) -> String {
        match self.0.len() {
            0 => "–".to_owned(),
            1 => millis(self.most()),
            _ => format!("{} ({})", millis(self.at(0.5)), millis(self.most())),
        }
    }
}

/// Milliseconds, with a digit more where there are few.
pub(crate) fn millis(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1e3;
    if ms < 100.0 {
        format!("{ms:.1}")
    } else {
        format!("{ms:.0}")
    }
}
