//! Numbers: exact, of any size. A number of JSON becomes one without rounding, and an exponent takes no memory until its digits are
//! asked for. Every operation that takes long is paid before it is done.

use std::cmp::Ordering;

use num_bigint::{BigInt, Sign};

use crate::budget::Budget;
use crate::error::Stop;

/// Exponents beyond this are refused: nobody means them, and sums of them must not overflow.
const MAX_EXPONENT: i64 = 1 << 40;

/// An exact number: its digits times a power of ten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal {
    is_negative: bool,
    /// From `0` to `9`, neither first nor last a zero; zero has none.
    digits: Vec<u8>,
    exponent: i64,
}

/// Why a text is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotANumber {
    Syntax,
    Exponent,
}

impl NotANumber {
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::Syntax => "the text is not a number such as 12, -0.5 or 1e3",
            Self::Exponent => "the exponent of the number is too large",
        }
    }
}

impl Decimal {
    /// The number that a text of JSON stands for.
    pub(crate) fn parse(text: &str) -> Result<Self, NotANumber> {
        let (is_negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (plain, exponent) = match unsigned.find(['e', 'E']) {
            Some(at) => (&unsigned[..at], read_exponent(&unsigned[at + 1..])?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = match plain.split_once('.') {
            Some((whole, fraction)) if is_digits(fraction) => (whole, fraction),
            Some(_) => return Err(NotANumber::Syntax),
            None => (plain, ""),
        };
        if !is_digits(whole) || (whole.len() > 1 && whole.starts_with('0')) {
            return Err(NotANumber::Syntax);
        }
        let mut digits = Vec::with_capacity(whole.len() + fraction.len());
        digits.extend_from_slice(whole.as_bytes());
        digits.extend_from_slice(fraction.as_bytes());
        let fraction = i64::try_from(fraction.len()).map_err(|_| NotANumber::Exponent)?;
        let number = Self::of_digits(is_negative, digits, exponent.saturating_sub(fraction));
        if number.exponent.unsigned_abs() > MAX_EXPONENT.unsigned_abs() {
            return Err(NotANumber::Exponent);
        }
        Ok(number)
    }

    /// The number of so many things.
    pub(crate) fn of_count(count: usize) -> Self {
        Self::of_digits(false, count.to_string().into_bytes(), 0)
    }

    /// Zero, in the one form that it has.
    const fn zero() -> Self {
        Self {
            is_negative: false,
            digits: Vec::new(),
            exponent: 0,
        }
    }

    fn of_digits(is_negative: bool, mut digits: Vec<u8>, mut exponent: i64) -> Self {
        while digits.last() == Some(&b'0') {
            digits.pop();
            exponent = exponent.saturating_add(1);
        }
        let leading = digits.iter().take_while(|digit| **digit == b'0').count();
        digits.drain(..leading);
        if digits.is_empty() {
            return Self::zero();
        }
        Self {
            is_negative,
            digits,
            exponent,
        }
    }

    /// Whether it has no fraction.
    pub(crate) const fn is_integer(&self) -> bool {
        self.exponent >= 0
    }

    /// How many digits it is made of.
    pub(crate) const fn len(&self) -> usize {
        self.digits.len()
    }

    /// The place that it names in a list: a small integer that is not negative.
    pub(crate) fn as_index(&self) -> Option<usize> {
        if self.is_negative || !self.is_integer() || self.magnitude() > 15 {
            return None;
        }
        let zeros = usize::try_from(self.exponent).ok()?;
        let tens = 10usize.checked_pow(u32::try_from(zeros).ok()?)?;
        let digits = self.digits.iter();
        let units = digits.fold(0usize, |sum, digit| sum * 10 + usize::from(digit - b'0'));
        units.checked_mul(tens)
    }

    /// How many digits stand before the point; negative for zeros after it.
    fn magnitude(&self) -> i64 {
        i64::try_from(self.digits.len())
            .unwrap_or(i64::MAX)
            .saturating_add(self.exponent)
    }

    pub(crate) fn negated(&self) -> Self {
        Self {
            is_negative: !self.is_negative && !self.digits.is_empty(),
            ..self.clone()
        }
    }

    /// Without its fraction.
    pub(crate) fn truncated(&self) -> Self {
        if self.is_integer() {
            return self.clone();
        }
        let kept = usize::try_from(self.magnitude()).unwrap_or_default();
        Self::of_digits(self.is_negative, self.digits[..kept].to_vec(), 0)
    }

    pub(crate) fn plus(&self, other: &Self, budget: &mut Budget) -> Result<Self, Stop> {
        // Zero has no exponent of its own that would have to be reached.
        if self.digits.is_empty() {
            return Ok(other.clone());
        }
        if other.digits.is_empty() {
            return Ok(self.clone());
        }
        let exponent = self.exponent.min(other.exponent);
        let sum = self.in_units_of(exponent, budget)? + other.in_units_of(exponent, budget)?;
        Self::of_integer(&sum, exponent)
    }

    pub(crate) fn minus(&self, other: &Self, budget: &mut Budget) -> Result<Self, Stop> {
        self.plus(&other.negated(), budget)
    }

    pub(crate) fn times(&self, other: &Self, budget: &mut Budget) -> Result<Self, Stop> {
        let exponent = self.exponent + other.exponent;
        budget.spend(work(self.len() as u64 + other.len() as u64))?;
        let product = self.in_units_of(self.exponent, budget)? * other.in_units_of(other.exponent, budget)?;
        Self::of_integer(&product, exponent)
    }

    /// The quotient of two integers, without its fraction.
    pub(crate) fn divided_by(&self, other: &Self, budget: &mut Budget) -> Result<Self, Stop> {
        let (dividend, divisor) = self.to_divide(other, budget)?;
        Self::of_integer(&(dividend / divisor), 0)
    }

    /// What is left over by the division of two integers. It has the sign of the first.
    pub(crate) fn remainder(&self, other: &Self, budget: &mut Budget) -> Result<Self, Stop> {
        let (dividend, divisor) = self.to_divide(other, budget)?;
        Self::of_integer(&(dividend % divisor), 0)
    }

    fn to_divide(&self, other: &Self, budget: &mut Budget) -> Result<(BigInt, BigInt), Stop> {
        if !self.is_integer() || !other.is_integer() {
            return Err(Stop::wrong("only integers are divided"));
        }
        if other.digits.is_empty() {
            return Err(Stop::wrong("there is no division by zero"));
        }
        let dividend = self.in_units_of(0, budget)?;
        let divisor = other.in_units_of(0, budget)?;
        Ok((dividend, divisor))
    }

    /// As an integer of units of `10^exponent`, which is no larger than its own exponent.
    fn in_units_of(&self, exponent: i64, budget: &mut Budget) -> Result<BigInt, Stop> {
        let zeros = self.exponent.saturating_sub(exponent).unsigned_abs();
        budget.spend(work(zeros.saturating_add(self.len() as u64)))?;
        let mut digits = self.digits.clone();
        digits.resize(digits.len() + usize::try_from(zeros).unwrap_or_default(), b'0');
        let magnitude = BigInt::parse_bytes(&digits, 10).unwrap_or_default();
        Ok(if self.is_negative { -magnitude } else { magnitude })
    }

    fn of_integer(integer: &BigInt, exponent: i64) -> Result<Self, Stop> {
        let digits = integer.magnitude().to_str_radix(10).into_bytes();
        let number = Self::of_digits(integer.sign() == Sign::Minus, digits, exponent);
        if number.exponent.unsigned_abs() > MAX_EXPONENT.unsigned_abs() {
            return Err(Stop::wrong(NotANumber::Exponent.message()));
        }
        Ok(number)
    }

    /// Its text, without an exponent.
    pub(crate) fn to_text(&self, budget: &mut Budget) -> Result<String, Stop> {
        budget.write(self.exponent.unsigned_abs().saturating_add(self.len() as u64))?;
        let mut digits: String = self.digits.iter().map(|digit| char::from(*digit)).collect();
        if let Ok(zeros) = usize::try_from(self.exponent) {
            digits.push_str(&"0".repeat(zeros));
        } else {
            let fraction = usize::try_from(self.exponent.unsigned_abs()).unwrap_or_default();
            if digits.len() <= fraction {
                digits.insert_str(0, &"0".repeat(fraction + 1 - digits.len()));
            }
            digits.insert(digits.len() - fraction, '.');
        }
        if digits.is_empty() {
            digits.push('0');
        }
        if self.is_negative {
            digits.insert(0, '-');
        }
        Ok(digits)
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.digits.is_empty(), number.is_negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let signs = sign(self).cmp(&sign(other));
        if signs != Ordering::Equal {
            return signs;
        }
        let magnitudes = self.magnitude().cmp(&other.magnitude());
        let sizes = magnitudes.then_with(|| self.digits.cmp(&other.digits));
        if self.is_negative { sizes.reverse() } else { sizes }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The steps of computing with so many digits. Most of it grows with their square.
fn work(digits: u64) -> u64 {
    1 + digits / 8 + digits.saturating_mul(digits) / 4096
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit())
}

fn read_exponent(text: &str) -> Result<i64, NotANumber> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !is_digits(digits) {
        return Err(NotANumber::Syntax);
    }
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Ok(0);
    }
    let exponent: i64 = digits.parse().unwrap_or(i64::MAX);
    Ok(if text.starts_with('-') { -exponent } else { exponent })
}
