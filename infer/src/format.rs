//! The formats of texts. Each check takes no text that a validator could refuse, so a format that holds for all samples accepts them.

use chrono::DateTime;

/// A format, as JSON Schema names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    DateTime,
    Uuid,
    Uri,
    Email,
}

pub(crate) const ALL: [Format; 4] = [Format::DateTime, Format::Uuid, Format::Uri, Format::Email];

impl Format {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::DateTime => "date-time",
            Self::Uuid => "uuid",
            Self::Uri => "uri",
            Self::Email => "email",
        }
    }

    /// The samples that it takes to believe it. No text is a time or a UUID by chance. But where one address stands, the next event may
    /// have a bare name.
    pub(crate) fn least_samples(self) -> usize {
        match self {
            Self::DateTime | Self::Uuid => 3,
            Self::Uri | Self::Email => 10,
        }
    }

    pub(crate) fn holds(self, text: &str) -> bool {
        match self {
            Self::DateTime => is_date_time(text),
            Self::Uuid => is_uuid(text),
            Self::Uri => is_address(text),
            Self::Email => is_email(text),
        }
    }
}

/// RFC 3339 with `T`, an offset, and no leap second.
pub(crate) fn is_date_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_plain = bytes.len() >= 20 && bytes[10] == b'T' && &bytes[17..19] != b"60";
    is_plain && DateTime::parse_from_rfc3339(text).is_ok()
}

pub(crate) fn is_uuid(text: &str) -> bool {
    let is_right = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(is_right)
}

/// An address of the web, in plain characters.
pub(crate) fn is_address(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return false;
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/?#:@!$&'()*+,;=".contains(&byte);
    is_host(host) && path.bytes().all(is_plain) && path.matches('#').count() < 2
}

fn is_email(text: &str) -> bool {
    let Some((user, host)) = text.split_once('@') else {
        return false;
    };
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
    };
    user.len() <= 64 && user.split('.').all(is_word) && host.contains('.') && is_host(host)
}

/// Labels with dots between them.
fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let is_long = label.is_empty() || label.len() > 63;
        !is_long && !label.starts_with('-') && !label.ends_with('-') && label.bytes().all(is_inside)
    };
    host.len() <= 253 && host.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Format::{self, DateTime, Email, Uri, Uuid};

    #[rstest]
    #[case(DateTime, "2026-03-01T09:30:00Z", true)]
    #[case(DateTime, "2026-03-01T09:30:00.123456+01:00", true)]
    #[case(DateTime, "2026-02-30T09:30:00Z", false)]
    #[case(DateTime, "2026-03-01 09:30:00Z", false)]
    #[case(DateTime, "2026-03-01T09:30:00", false)]
    #[case(DateTime, "2026-06-30T23:59:60Z", false)]
    #[case(Uuid, "34208ade-2af4-45c5-970e-655937cad938", true)]
    #[case(Uuid, "34208ade2af445c5970e655937cad938", false)]
    #[case(Uri, "https://api.example.org/a/b?c=d#e", true)]
    #[case(Uri, "https://api.example.org/repos{/owner}", false)]
    #[case(Uri, "https://", false)]
    #[case(Uri, "/a/b", false)]
    #[case(Email, "a.b+c@example.org", true)]
    #[case(Email, "bot[bot]@example.org", false)]
    #[case(Email, "a..b@example.org", false)]
    #[case(Email, "a@b", false)]
    fn formats_are_told_apart(#[case] format: Format, #[case] text: &str, #[case] expected: bool) {
        assert_eq!(format.holds(text), expected, "{text}");
    }
}
