//! The numbers of JSON as they are written: of any size, exact, never as a float. An exponent of a billion costs nothing.

/// The value of a number's text. Two texts of one value are equal, such as `1.10` and `11e-1`.
#[derive(Debug, Clone, Copy)]
pub struct Value<'a> {
    negative: bool,
    /// The digits without zeros at either end, in two parts; none of zero.
    digits: (&'a str, &'a str),
    /// The power of ten of the last digit. An exponent beyond 64 bits stands as it is written.
    power: Result<i64, &'a str>,
}

impl<'a> Value<'a> {
    /// The value of a text that JSON takes for a number.
    pub fn of(text: &'a str) -> Self {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        // How far the last digit is behind the point, or before it.
        let (digits, shift) = match (whole, fraction) {
            ("", "") => {
                return Self {
                    negative: false,
                    digits: ("", ""),
                    power: Ok(0),
                };
            }
            (whole, "") => {
                let digits = whole.trim_end_matches('0');
                ((digits, ""), signed(whole.len() - digits.len()))
            }
            ("", fraction) => (("", fraction.trim_start_matches('0')), -signed(fraction.len())),
            both => (both, -signed(fraction.len())),
        };
        let power = exponent
            .parse()
            .ok()
            .and_then(|exponent: i64| exponent.checked_add(shift));
        Self {
            negative,
            digits,
            power: power.ok_or(exponent),
        }
    }

    /// Whether it is an integer, as JSON Schema understands it: `1.0` and `12e3` are, `1.5` and `1e-1` are not.
    pub fn is_integer(&self) -> bool {
        // An exponent too long for 64 bits moves the point further than there are digits.
        self.power
            .map_or_else(|exponent| !exponent.starts_with('-'), |power| power >= 0)
    }

    fn digits(&self) -> impl Iterator<Item = u8> + '_ {
        self.digits.0.bytes().chain(self.digits.1.bytes())
    }
}

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.negative == other.negative && self.power == other.power && self.digits().eq(other.digits())
    }
}

impl Eq for Value<'_> {}

/// Whether a text is an integer written plainly, without fraction and exponent.
pub fn is_plain_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = digits == "0" || !digits.starts_with('0');
    !digits.is_empty() && canonical && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn signed(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_one_value_are_equal() {
        for (one, other) in [
            ("1.10", "11e-1"),
            ("1e400", "10E399"),
            ("-0", "0.0e7"),
            ("0.50", "5e-1"),
            ("0.0012", "12e-4"),
            ("120.0", "1.2E+2"),
            ("10.01", "1001e-2"),
            ("1e99999999999999999999", "1e99999999999999999999"),
        ] {
            assert_eq!(Value::of(one), Value::of(other), "{one} {other}");
        }
    }

    #[test]
    fn other_values_are_not() {
        for (one, other) in [
            ("9007199254740993", "9007199254740992"),
            ("1e99999999999999999999", "1e99999999999999999998"),
            ("1", "-1"),
            ("1", "10"),
            ("0", "1"),
            ("1.01", "1.1"),
        ] {
            assert_ne!(Value::of(one), Value::of(other), "{one} {other}");
        }
    }

    #[test]
    fn integers_are_known_by_their_value() {
        for integer in [
            "0",
            "-0.0",
            "0e-5",
            "1.0",
            "12e3",
            "100e-2",
            "1e9223372036854775807",
            "10e99999999999999999999",
        ] {
            assert!(Value::of(integer).is_integer(), "{integer}");
        }
        for other in [
            "1.5",
            "1e-1",
            "10e-2",
            "0.1",
            "1e-9223372036854775808",
            "1e-99999999999999999999",
        ] {
            assert!(!Value::of(other).is_integer(), "{other}");
        }
    }

    #[test]
    fn plain_integers_have_digits_alone() {
        for plain in ["0", "-1", "42", "1180591620717411303424"] {
            assert!(is_plain_integer(plain), "{plain}");
        }
        for other in ["", "-", "+1", "01", "1.0", "1e3", " 1", "٤٢"] {
            assert!(!is_plain_integer(other), "{other}");
        }
    }
}
