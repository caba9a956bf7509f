//! Texts of the formats that a policy asserts. Knows no schema.

use crate::random::Random;

/// A text of a format; `None`: any text will do.
pub(super) fn text(format: &str, random: &mut Random) -> Option<String> {
    let text = match format {
        "date" => date(random),
        "time" => time(random),
        "date-time" => format!("{}T{}", date(random), time(random)),
        "duration" => one_of(random, &["P1D", "PT36H", "P3Y6M4DT12H30M5S", "P2W", "PT0S"]),
        "email" => format!("{}@{}", word(random), host(random)),
        "idn-email" => format!("{}@{}", one_of(random, &["ana", "jörg", "用户"]), host(random)),
        "hostname" | "idn-hostname" => host(random),
        "ipv4" => {
            let parts: Vec<String> = (0..4).map(|_| random.below(256).to_string()).collect();
            parts.join(".")
        }
        "ipv6" => one_of(
            random,
            &["::1", "2001:db8::8a2e:370:7334", "fe80::1", "::ffff:192.0.2.1"],
        ),
        "uri" => uri(random),
        "iri" => format!("{}/ä", uri(random)),
        "uri-reference" | "iri-reference" => match random.below(3) {
            0 => uri(random),
            1 => format!("/{}", word(random)),
            _ => format!("{}?q=1", word(random)),
        },
        "uri-template" => format!("https://{}/{{id}}", host(random)),
        "uuid" => uuid(random),
        "json-pointer" => one_of(random, &["", "/a", "/a/0", "/a~1b/m~0n"]),
        "relative-json-pointer" => one_of(random, &["0", "1/a", "2#"]),
        "regex" => one_of(random, &["^a+$", "[0-9]{2}", ".*"]),
        _ => return None,
    };
    Some(text)
}

fn date(random: &mut Random) -> String {
    let (year, month) = (random.between(1970, 2099), random.between(1, 12));
    if year % 4 == 0 && random.one_in(20) {
        return format!("{year:04}-02-29");
    }
    format!("{year:04}-{month:02}-{:02}", random.between(1, 28))
}

fn time(random: &mut Random) -> String {
    let (hour, minute, second) = (random.between(0, 23), random.between(0, 59), random.between(0, 59));
    let fraction = match random.below(4) {
        0 => format!(".{:03}", random.below(1000)),
        1 => format!(".{:09}", random.below(1_000_000_000)),
        _ => String::new(),
    };
    let offset = one_of(random, &["Z", "Z", "+00:00", "+05:30", "-08:00"]);
    format!("{hour:02}:{minute:02}:{second:02}{fraction}{offset}")
}

fn uri(random: &mut Random) -> String {
    match random.below(3) {
        0 => format!("urn:example:{}", word(random)),
        1 => format!("https://{}", host(random)),
        _ => format!("https://{}/{}?q={}", host(random), word(random), random.below(100)),
    }
}

fn uuid(random: &mut Random) -> String {
    let hex = format!("{:016x}{:016x}", random.next(), random.next());
    format!(
        "{}-{}-4{}-8{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..]
    )
}

fn host(random: &mut Random) -> String {
    format!("{}.example", word(random))
}

/// A few small letters.
pub(super) fn word(random: &mut Random) -> String {
    let length = random.between(1, 8);
    let letter = |_| char::from(b'a' + u8::try_from(random.below(26)).unwrap_or(0));
    (0..length).map(letter).collect()
}

fn one_of(random: &mut Random, texts: &[&str]) -> String {
    random.pick(texts).map_or_else(String::new, |text| (*text).to_owned())
}
