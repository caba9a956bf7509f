//! The delays before retries, as a manifest writes them: a list such as `["5s", "1m"]`, or a first one that grows. Knows no
//! event type.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The most retries of one schedule.
const MOST: usize = 1000;

/// Milliseconds before each retry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Vec<String>")]
pub struct Delays(Vec<u32>);

/// Delays that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DelayError {
    /// It is not a duration.
    #[error("{0:?} is not a delay: write a number and a unit, such as 500ms, 5s, 1m, 2h or 1d")]
    NotADelay(String),
    /// It does not fit into 32 bits of milliseconds.
    #[error("a retry delay of {0} is longer than 49 days")]
    TooLong(String),
    /// It would be 0.
    #[error("a retry delay of {0} is shorter than 1ms")]
    TooShort(String),
    /// There are too many.
    #[error("{0} retries; at most {MOST} are allowed")]
    TooMany(usize),
    /// The delays would all be 0 after the first.
    #[error("a factor of 0 is not allowed: write 1 for equal delays")]
    NoFactor,
}

/// Delays in a manifest.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a list of delays such as [1s, 5s], or { first, factor, times, max }"
)]
enum Written {
    Each(Vec<String>),
    Growing(Growing),
}

/// `times` delays, each `factor` times the one before, none longer than `max`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Growing {
    first: String,
    #[serde(default = "twice")]
    factor: u32,
    times: usize,
    #[serde(default)]
    max: Option<String>,
}

impl Delays {
    /// Milliseconds before each retry.
    pub fn as_millis(&self) -> &[u32] {
        &self.0
    }
}

impl From<Vec<u32>> for Delays {
    /// From milliseconds.
    fn from(millis: Vec<u32>) -> Self {
        Self(millis)
    }
}

impl From<Delays> for Vec<String> {
    fn from(delays: Delays) -> Self {
        delays.0.iter().map(|millis| format!("{millis}ms")).collect()
    }
}

impl TryFrom<Written> for Delays {
    type Error = DelayError;

    fn try_from(written: Written) -> Result<Self, DelayError> {
        let count = match &written {
            Written::Each(delays) => delays.len(),
            Written::Growing(growing) => growing.times,
        };
        if count > MOST {
            return Err(DelayError::TooMany(count));
        }
        match written {
            Written::Each(delays) => delays
                .iter()
                .map(|delay| millis(delay))
                .collect::<Result<_, _>>()
                .map(Self),
            Written::Growing(growing) => growing.delays().map(Self),
        }
    }
}

impl Growing {
    fn delays(&self) -> Result<Vec<u32>, DelayError> {
        if self.factor == 0 {
            return Err(DelayError::NoFactor);
        }
        let longest = self.max.as_deref().map(millis).transpose()?;
        let mut delays = Vec::with_capacity(self.times);
        let mut next = u64::from(millis(&self.first)?);
        for _ in 0..self.times {
            let delay = longest.map_or(next, |longest| next.min(longest.into()));
            delays.push(u32::try_from(delay).map_err(|_| DelayError::TooLong(format!("{delay}ms")))?);
            next = next.saturating_mul(self.factor.into());
        }
        Ok(delays)
    }
}

/// Milliseconds of a delay such as `90s` or `1m 30s`.
fn millis(text: &str) -> Result<u32, DelayError> {
    let delay: Duration = humantime::parse_duration(text).map_err(|_| DelayError::NotADelay(text.to_owned()))?;
    if !delay.is_zero() && delay < Duration::from_millis(1) {
        return Err(DelayError::TooShort(text.to_owned()));
    }
    u32::try_from(delay.as_millis()).map_err(|_| DelayError::TooLong(text.to_owned()))
}

fn twice() -> u32 {
    2
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Delays;

    #[rstest]
    #[case("[]", &[])]
    #[case(r#"["500ms", "5s", "1m", "2h", "1d"]"#, &[500, 5000, 60_000, 7_200_000, 86_400_000])]
    #[case(r#"["1m 30s"]"#, &[90_000])]
    #[case(r#"{"first":"1s","times":5}"#, &[1000, 2000, 4000, 8000, 16_000])]
    #[case(r#"{"first":"1s","factor":3,"times":4,"max":"10s"}"#, &[1000, 3000, 9000, 10_000])]
    #[case(r#"{"first":"1s","factor":1,"times":2}"#, &[1000, 1000])]
    #[case(r#"{"first":"1s","times":0}"#, &[])]
    fn delays_are_read(#[case] text: &str, #[case] expected: &[u32]) {
        let delays: Delays = serde_json::from_str(text).expect("delays");
        assert_eq!(delays.as_millis(), expected);
        let written = serde_json::to_string(&delays).expect("JSON");
        assert_eq!(serde_json::from_str::<Delays>(&written).expect("delays"), delays);
    }

    #[rstest]
    #[case(
        r#"["5"]"#,
        r#""5" is not a delay: write a number and a unit, such as 500ms, 5s, 1m, 2h or 1d"#
    )]
    #[case(
        r#"["soon"]"#,
        r#""soon" is not a delay: write a number and a unit, such as 500ms, 5s, 1m, 2h or 1d"#
    )]
    #[case(r#"["500us"]"#, "a retry delay of 500us is shorter than 1ms")]
    #[case(r#"["50days"]"#, "a retry delay of 50days is longer than 49 days")]
    #[case(
        r#"{"first":"1s","times":40}"#,
        "a retry delay of 8388608000ms is longer than 49 days"
    )]
    #[case(r#"{"first":"1s","times":1001}"#, "1001 retries; at most 1000 are allowed")]
    #[case(
        r#"{"first":"1s","factor":0,"times":2}"#,
        "a factor of 0 is not allowed: write 1 for equal delays"
    )]
    #[case("7", "expected a list of delays such as [1s, 5s], or { first, factor, times, max }")]
    #[case(
        r#"{"first":"1s","tims":2}"#,
        "expected a list of delays such as [1s, 5s], or { first, factor, times, max }"
    )]
    fn what_is_no_delay_is_refused(#[case] text: &str, #[case] problem: &str) {
        let error = serde_json::from_str::<Delays>(text).expect_err("no delays");
        assert!(error.to_string().starts_with(problem), "{error}");
    }
}
