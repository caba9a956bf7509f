//! The next date of a schedule: every day, week, month or year. Reads no clock, and knows no event.

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// How often something recurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Every {
    /// Each day.
    Day,
    /// Each week, on the same weekday.
    Week,
    /// Each month, on the day of the anchor, or on its last day where it is shorter.
    Month,
    /// Each year, in the same month, on the day of the anchor, or on the last day of the month where it is shorter.
    Year,
}

impl Every {
    /// Whether the day of the month matters.
    pub(crate) const fn has_anchor(self) -> bool {
        matches!(self, Self::Month | Self::Year)
    }

    /// The first date on the schedule that is later than the previous one and later than a moment; time of day and offset are those of
    /// the previous one. `None`: it would be after the year 9999.
    pub(crate) fn next(self, previous: &Timestamp<'_>, after: &Timestamp<'_>, anchor: u32) -> Option<String> {
        let bound = previous.moment().max(after.moment());
        let mut steps = self.steps_before(previous, after);
        loop {
            let text = previous.on(self.date(previous.date, steps, anchor)?)?;
            if Timestamp::parse(&text)?.moment() > bound {
                return Some(text);
            }
            steps += 1;
        }
    }

    /// So many steps surely do not lead beyond a moment, and not many more are needed.
    fn steps_before(self, previous: &Timestamp<'_>, after: &Timestamp<'_>) -> u32 {
        let days = (after.date - previous.date).num_days() - 2;
        let months = |date: NaiveDate| i64::from(date.year()) * 12 + i64::from(date.month());
        let months = months(after.date) - months(previous.date) - 2;
        let steps = match self {
            Self::Day => days,
            Self::Week => days / 7,
            Self::Month => months,
            Self::Year => months / 12,
        };
        u32::try_from(steps).unwrap_or(0)
    }

    /// The date after so many steps.
    fn date(self, from: NaiveDate, steps: u32, anchor: u32) -> Option<NaiveDate> {
        let months = match self {
            Self::Day => return from.checked_add_days(Days::new(steps.into())),
            Self::Week => return from.checked_add_days(Days::new(u64::from(steps) * 7)),
            Self::Month => steps,
            Self::Year => steps.checked_mul(12)?,
        };
        let month = from.with_day(1)?.checked_add_months(Months::new(months))?;
        (1..=anchor).rev().find_map(|day| month.with_day(day))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn next(every: Every, previous: &str, after: &str, anchor: u32) -> Option<String> {
        let read = |text| Timestamp::parse(text).expect("a time");
        every.next(&read(previous), &read(after), anchor)
    }

    #[rstest]
    #[case::a_day(Every::Day, "2026-03-02T18:00:00+01:00", 2, "2026-03-03T18:00:00+01:00")]
    #[case::over_the_end_of_a_year(Every::Day, "2026-12-31T23:00:00Z", 31, "2027-01-01T23:00:00Z")]
    #[case::a_leap_day(Every::Day, "2028-02-28T08:00:00-08:00", 28, "2028-02-29T08:00:00-08:00")]
    #[case::a_week_over_a_leap_day(Every::Week, "2028-02-26T08:00:00Z", 26, "2028-03-04T08:00:00Z")]
    #[case::january_31(Every::Month, "2026-01-31T18:00:00.250+01:00", 31, "2026-02-28T18:00:00.250+01:00")]
    #[case::and_back_to_the_31st(Every::Month, "2026-02-28T18:00:00.250+01:00", 31, "2026-03-31T18:00:00.250+01:00")]
    #[case::february_28_of_its_own(Every::Month, "2026-02-28T18:00:00Z", 28, "2026-03-28T18:00:00Z")]
    #[case::january_31_of_a_leap_year(Every::Month, "2028-01-31T00:00:00Z", 31, "2028-02-29T00:00:00Z")]
    #[case::january_30(Every::Month, "2027-01-30T00:00:00Z", 30, "2027-02-28T00:00:00Z")]
    #[case::april_30_anchored_on_the_31st(Every::Month, "2026-04-30T00:00:00Z", 31, "2026-05-31T00:00:00Z")]
    #[case::december(Every::Month, "2026-12-31T00:00:00Z", 31, "2027-01-31T00:00:00Z")]
    #[case::moved_before_the_anchor(Every::Month, "2026-03-15T00:00:00Z", 31, "2026-03-31T00:00:00Z")]
    #[case::moved_behind_the_anchor(Every::Month, "2026-03-15T00:00:00Z", 10, "2026-04-10T00:00:00Z")]
    #[case::a_year(Every::Year, "2026-03-02T00:00:00Z", 2, "2027-03-02T00:00:00Z")]
    #[case::february_29(Every::Year, "2028-02-29T00:00:00Z", 29, "2029-02-28T00:00:00Z")]
    #[case::and_back_to_february_29(Every::Year, "2031-02-28T00:00:00Z", 29, "2032-02-29T00:00:00Z")]
    #[case::no_leap_year_2100(Every::Year, "2099-02-28T00:00:00Z", 29, "2100-02-28T00:00:00Z")]
    #[case::the_year_0(Every::Year, "0000-02-29T00:00:00Z", 29, "0001-02-28T00:00:00Z")]
    #[case::a_leap_second(Every::Day, "2016-12-31T23:59:60Z", 31, "2017-01-01T23:59:59Z")]
    #[case::as_it_is_written(Every::Day, "2026-01-31t10:00:00z", 31, "2026-02-01t10:00:00z")]
    #[case::the_last_day(Every::Day, "9999-12-30T23:59:59Z", 30, "9999-12-31T23:59:59Z")]
    fn completed_in_time(#[case] every: Every, #[case] previous: &str, #[case] anchor: u32, #[case] expected: &str) {
        assert_eq!(next(every, previous, previous, anchor).as_deref(), Some(expected));
        let early = "0000-01-01T00:00:00Z";
        assert_eq!(next(every, previous, early, anchor).as_deref(), Some(expected));
    }

    #[rstest]
    #[case::days(
        Every::Day,
        "2026-03-02T18:00:00Z",
        "2026-03-09T17:59:59.9Z",
        2,
        "2026-03-09T18:00:00Z"
    )]
    #[case::at_the_moment(
        Every::Day,
        "2026-03-02T18:00:00Z",
        "2026-03-09T18:00:00Z",
        2,
        "2026-03-10T18:00:00Z"
    )]
    #[case::at_the_moment_elsewhere(
        Every::Day,
        "2026-03-02T18:00:00Z",
        "2026-03-10T03:00:00.000+09:00",
        2,
        "2026-03-10T18:00:00Z"
    )]
    #[case::a_fraction_before(
        Every::Day,
        "2026-03-02T18:00:00.25Z",
        "2026-03-09T18:00:00.249Z",
        2,
        "2026-03-09T18:00:00.25Z"
    )]
    #[case::the_offset_counts(
        Every::Day,
        "2026-03-02T01:00:00+14:00",
        "2026-03-02T12:00:00-11:00",
        2,
        "2026-03-04T01:00:00+14:00"
    )]
    #[case::weeks(
        Every::Week,
        "2026-03-02T18:00:00Z",
        "2026-04-01T00:00:00Z",
        2,
        "2026-04-06T18:00:00Z"
    )]
    #[case::months(
        Every::Month,
        "2026-01-31T18:00:00Z",
        "2026-03-30T00:00:00Z",
        31,
        "2026-03-31T18:00:00Z"
    )]
    #[case::to_a_short_month(
        Every::Month,
        "2026-01-31T18:00:00Z",
        "2027-02-01T00:00:00Z",
        31,
        "2027-02-28T18:00:00Z"
    )]
    #[case::years(
        Every::Year,
        "2024-02-29T18:00:00Z",
        "2027-06-01T00:00:00Z",
        29,
        "2028-02-29T18:00:00Z"
    )]
    #[case::eight_thousand_years(
        Every::Day,
        "2000-01-01T00:00:00Z",
        "9999-12-30T12:00:00Z",
        1,
        "9999-12-31T00:00:00Z"
    )]
    fn completed_late(
        #[case] every: Every,
        #[case] previous: &str,
        #[case] completed: &str,
        #[case] anchor: u32,
        #[case] expected: &str,
    ) {
        assert_eq!(next(every, previous, completed, anchor).as_deref(), Some(expected));
    }

    #[rstest]
    #[case::a_day(Every::Day, "9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z")]
    #[case::a_year(Every::Year, "9999-01-31T00:00:00Z", "9999-01-31T00:00:00Z")]
    #[case::late(Every::Month, "2000-01-31T00:00:00Z", "9999-12-31T00:00:00Z")]
    fn nothing_comes_after_the_year_9999(#[case] every: Every, #[case] previous: &str, #[case] completed: &str) {
        assert_eq!(next(every, previous, completed, 31), None);
    }

    /// A time of any year but the last one, at any offset.
    fn time() -> impl Strategy<Value = String> {
        let date = (0_i32..9998, 1_u32..=12, 1_u32..=31);
        let rest = "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])";
        (date, rest).prop_filter_map("a date", |((year, month, day), rest)| {
            NaiveDate::from_ymd_opt(year, month, day).map(|date| format!("{date}{rest}"))
        })
    }

    fn every() -> impl Strategy<Value = Every> {
        prop::sample::select(&[Every::Day, Every::Week, Every::Month, Every::Year][..])
    }

    proptest! {
        #[test]
        fn it_is_the_first_one_later_than_both(every in every(), previous in time(), completed in time(), anchor in 1_u32..=31) {
            let Some(found) = next(every, &previous, &completed, anchor) else { return Ok(()); };
            let read = |text| Timestamp::parse(text).expect("a time");
            let [found, previous, completed] = [&found, &previous, &completed].map(|text| read(text));
            prop_assert!(found.moment() > previous.moment() && found.moment() > completed.moment());
            let (days, day) = ((found.date - previous.date).num_days(), found.date.day());
            let is_last = found.date.succ_opt().is_none_or(|date| date.day() == 1);
            match every {
                Every::Day => {}
                Every::Week => prop_assert_eq!(days % 7, 0),
                Every::Month | Every::Year => prop_assert!(day == anchor || is_last && day < anchor),
            }
            if every == Every::Year {
                prop_assert_eq!(found.date.month(), previous.date.month());
            }
            let month = |back| found.date.with_day(1).and_then(|date| date.checked_sub_months(Months::new(back)));
            let anchored = |back| month(back).and_then(|month| (1..=anchor).rev().find_map(|day| month.with_day(day)));
            let before = match every {
                Every::Day => found.date.checked_sub_days(Days::new(1)),
                Every::Week => found.date.checked_sub_days(Days::new(7)),
                Every::Month => anchored(1),
                Every::Year => anchored(12),
            };
            if let Some(before) = previous.on(before.expect("a date")) {
                prop_assert!(read(&before).moment() <= previous.moment().max(completed.moment()));
            }
        }

        #[test]
        fn the_anchor_is_kept_through_all_months(year in 1_i32..9000, day in 1_u32..=31, every in every()) {
            let mut due = format!("{year:04}-01-{day:02}T09:30:00Z");
            for _ in 0..30 {
                due = next(every, &due, &due, day).expect("a next one");
                let date = Timestamp::parse(&due).expect("a time").date;
                let month = date.with_day(1).and_then(|date| date.checked_add_months(Months::new(1)));
                let length = month.and_then(|date| date.pred_opt()).expect("a date").day();
                if every.has_anchor() {
                    prop_assert_eq!(date.day(), day.min(length));
                }
            }
        }
    }
}
