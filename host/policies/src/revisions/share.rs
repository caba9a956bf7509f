//! A share of counted events, and its confidence interval. Knows nothing of what is counted.

/// The z-score of the bounds: one check is wrong once in 740 times, and a policy is checked after each event.
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

    /// The observed share, from 0 to 1; 0 of no events.
    pub(super) fn observed(self) -> f64 {
        if self.whole > 0.0 { self.part / self.whole } else { 0.0 }
    }

    /// The lower bound of the true share.
    pub(super) fn lower_bound(self) -> f64 {
        let (middle, margin) = self.interval();
        // Rounding must not move the bound beyond the observed share.
        (middle - margin).clamp(0.0, self.observed())
    }

    /// The upper bound of the true share.
    pub(super) fn upper_bound(self) -> f64 {
        let (middle, margin) = self.interval();
        (middle + margin).clamp(self.observed(), 1.0)
    }

    /// The Wilson score interval: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", Journal of
    /// the American Statistical Association 22 (1927). It is valid for few events and for shares near 0 and 1 too.
    fn interval(self) -> (f64, f64) {
        if self.whole <= 0.0 {
            return (0.5, 0.5);
        }
        let (share, squared) = (self.observed(), Z * Z / self.whole);
        let spread = share * (1.0 - share) / self.whole + squared / (4.0 * self.whole);
        let scale = 1.0 + squared;
        ((share + squared / 2.0) / scale, Z * spread.sqrt() / scale)
    }
}

#[cfg(test)]
mod tests {
    use super::{Share, Z};

    #[test]
    fn the_bounds_are_the_roots_of_the_score_test() {
        // The roots of (share - bound)² = Z² bound (1 - bound) / whole.
        for (part, whole) in [(0, 47), (0, 100), (2, 100), (50, 100), (6, 6), (1, 3), (600, 10_000)] {
            let share = Share::new(part, whole);
            for bound in [share.lower_bound(), share.upper_bound()] {
                let distance = share.observed() - bound;
                let chance = Z * Z * bound * (1.0 - bound) / share.whole;
                assert!(
                    (distance * distance - chance).abs() < 1e-12,
                    "{part} of {whole}: {bound}"
                );
            }
            assert!(share.lower_bound() <= share.observed() && share.observed() <= share.upper_bound());
        }
    }

    #[test]
    fn more_events_narrow_the_interval() {
        let wide = Share::new(2, 100);
        let narrow = Share::new(200, 10_000);
        assert!(wide.lower_bound() < narrow.lower_bound() && narrow.upper_bound() < wide.upper_bound());
    }

    #[test]
    fn the_interval_of_no_events_is_everything() {
        let none = Share::new(0, 0);
        assert_eq!(
            (none.lower_bound(), none.observed(), none.upper_bound()),
            (0.0, 0.0, 1.0)
        );
    }
}
