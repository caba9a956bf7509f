//! A share of events that were counted, and how far chance may have led it from what is true of all events.

/// How many standard errors a bound lies off. At one look it is wrong once in 740 times; a policy is looked at after each
/// event.
const Z: f64 = 3.0;

/// A part of a number of events.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    part: f64,
    whole: f64,
}

impl Share {
    #[allow(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
    pub(super) const fn new(part: u64, whole: u64) -> Self {
        Self {
            part: part as f64,
            whole: whole as f64,
        }
    }

    /// As it was counted, from 0 to 1; 0 of no events.
    pub(super) fn counted(self) -> f64 {
        if self.whole > 0.0 { self.part / self.whole } else { 0.0 }
    }

    /// The least that it is taken for.
    pub(super) fn at_least(self) -> f64 {
        let (middle, margin) = self.interval();
        // Rounding must not lead beyond what was counted.
        (middle - margin).clamp(0.0, self.counted())
    }

    /// The most that it is taken for.
    pub(super) fn at_most(self) -> f64 {
        let (middle, margin) = self.interval();
        (middle + margin).clamp(self.counted(), 1.0)
    }

    /// The score interval of E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", Journal of
    /// the American Statistical Association 22 (1927): right also for few events and for shares near 0 and 1.
    fn interval(self) -> (f64, f64) {
        if self.whole <= 0.0 {
            return (0.5, 0.5);
        }
        let (share, squared) = (self.counted(), Z * Z / self.whole);
        let spread = share * (1.0 - share) / self.whole + squared / (4.0 * self.whole);
        let scale = 1.0 + squared;
        ((share + squared / 2.0) / scale, Z * spread.sqrt() / scale)
    }
}

#[cfg(test)]
mod tests {
    use super::{Share, Z};

    #[test]
    fn the_bounds_are_where_the_score_test_says_that_chance_ends() {
        // The roots of (share - bound)² = Z² bound (1 - bound) / whole.
        for (part, whole) in [(0, 47), (0, 100), (2, 100), (50, 100), (6, 6), (1, 3), (600, 10_000)] {
            let share = Share::new(part, whole);
            for bound in [share.at_least(), share.at_most()] {
                let distance = share.counted() - bound;
                let chance = Z * Z * bound * (1.0 - bound) / share.whole;
                assert!(
                    (distance * distance - chance).abs() < 1e-12,
                    "{part} of {whole}: {bound}"
                );
            }
            assert!(share.at_least() <= share.counted() && share.counted() <= share.at_most());
        }
    }

    #[test]
    fn more_events_say_more() {
        let wide = Share::new(2, 100);
        let narrow = Share::new(200, 10_000);
        assert!(wide.at_least() < narrow.at_least() && narrow.at_most() < wide.at_most());
    }

    #[test]
    fn of_no_events_nothing_is_known() {
        let none = Share::new(0, 0);
        assert_eq!((none.at_least(), none.counted(), none.at_most()), (0.0, 0.0, 1.0));
    }
}
