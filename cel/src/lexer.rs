//! Cuts a text into words, numbers, strings and symbols.

use crate::decimal::Decimal;
use crate::error::ParseError;
use crate::literal;

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    Name(String),
    /// A name in backticks, for members that are no words.
    QuotedName(String),
    Integer(Decimal),
    Text(String),
    Symbol(&'static str),
    End,
}

/// A symbol that begins like another stands before it.
const SYMBOLS: [&str; 23] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "(", ")", "[", "]", "{", "}", ".", ",", "?", ":", "+", "-", "*",
    "/",
];

/// Cuts a text, token by token.
#[derive(Debug)]
pub(crate) struct Lexer<'t> {
    text: &'t str,
    offset: usize,
}

impl<'t> Lexer<'t> {
    pub(crate) const fn new(text: &'t str) -> Self {
        Self { text, offset: 0 }
    }

    /// The next token, and the byte at which it starts.
    pub(crate) fn next(&mut self) -> Result<(Token, usize), ParseError> {
        self.skip_space();
        let start = self.offset;
        let rest = &self.text[start..];
        let fail = |message: String| ParseError::new(self.text, start, message);
        let Some(first) = rest.chars().next() else {
            return Ok((Token::End, start));
        };
        if let Some(string) = literal::string(rest) {
            let (value, length) = string.map_err(fail)?;
            return Ok(self.token(Token::Text(value), length));
        }
        if first.is_ascii_alphabetic() || first == '_' {
            let length = length_of(rest, |letter| letter.is_ascii_alphanumeric() || letter == '_');
            if matches!(&rest[..length], "b" | "B" | "br" | "bR" | "Br" | "BR" | "rb")
                && rest[length..].starts_with(['"', '\''])
            {
                return Err(fail("there are no bytes: write a string".to_owned()));
            }
            return Ok(self.token(Token::Name(rest[..length].to_owned()), length));
        }
        if let Some(quoted) = rest.strip_prefix('`') {
            let length = length_of(quoted, |letter| {
                letter.is_ascii_alphanumeric() || "_.-/ ".contains(letter)
            });
            if length == 0 || !quoted[length..].starts_with('`') {
                let message =
                    "a name in backticks has letters, digits, spaces and _ . - /; other members are read by ['…']";
                return Err(fail(message.to_owned()));
            }
            return Ok(self.token(Token::QuotedName(quoted[..length].to_owned()), length + 2));
        }
        if first.is_ascii_digit() || (first == '.' && rest[1..].starts_with(|next: char| next.is_ascii_digit())) {
            let (number, length) = integer(rest).map_err(fail)?;
            return Ok(self.token(Token::Integer(number), length));
        }
        if let Some(symbol) = SYMBOLS.iter().chain(&["%"]).find(|symbol| rest.starts_with(*symbol)) {
            return Ok(self.token(Token::Symbol(symbol), symbol.len()));
        }
        Err(fail(match first {
            '=' => "there is no =: compare with ==".to_owned(),
            '&' => "there is no &: write &&".to_owned(),
            '|' => "there is no |: write ||".to_owned(),
            other => format!("nothing starts with {other:?}"),
        }))
    }

    fn token(&mut self, token: Token, length: usize) -> (Token, usize) {
        let start = self.offset;
        self.offset += length;
        (token, start)
    }

    /// White space and comments.
    fn skip_space(&mut self) {
        loop {
            let rest = &self.text[self.offset..];
            self.offset += length_of(rest, |letter| matches!(letter, ' ' | '\t' | '\n' | '\r' | '\u{c}'));
            if !self.text[self.offset..].starts_with("//") {
                return;
            }
            self.offset += length_of(&self.text[self.offset..], |letter| letter != '\n');
        }
    }
}

fn length_of(text: &str, is_of: impl Fn(char) -> bool) -> usize {
    text.find(|letter| !is_of(letter)).unwrap_or(text.len())
}

/// An integer at the start of a text, and how many bytes it takes. Fails for every other number.
fn integer(text: &str) -> Result<(Decimal, usize), String> {
    let length = length_of(text, |letter| letter.is_ascii_alphanumeric() || letter == '_');
    let word = &text[..length];
    let has_fraction = text[length..]
        .strip_prefix('.')
        .is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_digit()));
    let is_hexadecimal = word.starts_with("0x") || word.starts_with("0X");
    if has_fraction || (!is_hexadecimal && word.contains(['e', 'E'])) {
        return Err("a number with a point or an exponent is written decimal('0.5')".to_owned());
    }
    let wrong = || format!("{} is not an integer", crate::error::quoted(word));
    if is_hexadecimal {
        let digits = Some(&word[2..]).filter(|digits| digits.len() <= 16);
        let value = digits
            .and_then(|digits| u64::from_str_radix(digits, 16).ok())
            .ok_or_else(wrong)?;
        return Ok((Decimal::parse(&value.to_string()).map_err(|_| wrong())?, length));
    }
    if let Some(digits) = word
        .strip_suffix(['u', 'U'])
        .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))
    {
        return Err(format!(
            "numbers are of one type: write {} without u",
            crate::error::quoted(digits)
        ));
    }
    let digits = word.trim_start_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    Decimal::parse(digits)
        .map(|number| (number, length))
        .map_err(|_| wrong())
}
