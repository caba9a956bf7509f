//! Numbers within bounds, in the spellings that JSON allows. Exact where it matters: a multiple of 0.01 is written in decimal digits,
//! never through a double. Knows keywords of schemas, and nothing of references.

use serde_json::{Number, Value};

use super::parts::Parts;
use crate::random::Random;

/// Numbers that are spelled in other ways: a zero with a sign, exponents, more digits than any machine number has.
const SPELLINGS: [&str; 6] = [
    "-0",
    "1E5",
    "25e-1",
    "1234567890123456789012345678901234567890",
    "0.10000000000000000001",
    "1.0",
];

/// How far apart two numbers stand, as digits and how many of them are decimals.
#[derive(Debug, Clone, Copy)]
struct Step {
    digits: i64,
    decimals: u32,
}

/// A number that keeps the bounds, except perhaps at an edge; the check of the value says.
pub(super) fn value(parts: &Parts<'_>, is_integer: bool, random: &mut Random) -> Value {
    if random.one_in(12)
        && let Some(spelling) = random.pick(&SPELLINGS)
    {
        return number((*spelling).to_owned());
    }
    let step = parts
        .numbers("multipleOf")
        .find_map(|of| step(of.as_str()))
        .unwrap_or_else(|| Step {
            digits: 1,
            decimals: if is_integer {
                0
            } else {
                u32::try_from(random.below(4)).unwrap_or(0)
            },
        });
    let size = step.size();
    let lowest = bounds(parts, ["minimum", "exclusiveMinimum"]).reduce(f64::max);
    let highest = bounds(parts, ["maximum", "exclusiveMaximum"]).reduce(f64::min);
    let lowest = lowest.map(|lowest| count((lowest / size).ceil()));
    let highest = highest.map(|highest| count((highest / size).floor()));
    let far = if random.one_in(4) { 1_000_000_000 } else { 100 };
    let (low, high) = match (lowest, highest) {
        (None, None) => (-far, far),
        (Some(low), None) => (low, low.saturating_add(far)),
        (None, Some(high)) => (high.saturating_sub(far), high),
        (Some(low), Some(high)) => (low, high),
    };
    let count = match random.below(8) {
        0 => low,
        1 => high,
        2 => low.saturating_add(1),
        _ => random.between(low, high),
    };
    number(step.times(count))
}

fn bounds(parts: &Parts<'_>, keywords: [&'static str; 2]) -> impl Iterator<Item = f64> {
    let limits = keywords.into_iter().flat_map(|keyword| parts.numbers(keyword));
    limits.filter_map(|limit| limit.as_str().parse().ok())
}

/// A number of JSON, with its digits.
pub(crate) fn number(text: String) -> Value {
    Value::Number(Number::from_string_unchecked(text))
}

#[expect(clippy::cast_possible_truncation, reason = "it is clamped before")]
fn count(of: f64) -> i64 {
    of.clamp(-1e15, 1e15) as i64
}

fn step(text: &str) -> Option<Step> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: i64 = format!("{whole}{fraction}").parse().ok()?;
    (digits > 0).then_some(Step {
        digits,
        decimals: u32::try_from(fraction.len()).ok()?,
    })
}

impl Step {
    #[expect(
        clippy::cast_precision_loss,
        reason = "only for bounds, which are checked afterwards"
    )]
    fn size(self) -> f64 {
        self.digits as f64 / 10f64.powi(i32::try_from(self.decimals).unwrap_or(0))
    }

    /// So many steps, in decimal digits.
    fn times(self, count: i64) -> String {
        let digits = i128::from(self.digits) * i128::from(count);
        let sign = if digits < 0 { "-" } else { "" };
        let decimals = self.decimals as usize;
        let text = format!("{:0>width$}", digits.unsigned_abs(), width = decimals + 1);
        let (whole, fraction) = text.split_at(text.len() - decimals);
        if fraction.is_empty() {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{fraction}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn multiples_are_exact() {
        for (of, times, expected) in [
            ("0.01", 110, "1.10"),
            ("0.01", -5, "-0.05"),
            ("25", 4, "100"),
            ("0.1", 0, "0.0"),
        ] {
            assert_eq!(step(of).expect("a step").times(times), expected);
        }
        assert!(step("1e2").is_none());
    }
}
