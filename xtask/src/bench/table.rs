//! The figures as Markdown, and their place in `benches/README.md`.

use std::fmt::Write;

use anyhow::{Context, Result};

use super::{
    Figures,
    calls::{CALLS, Calls},
    load::Load,
};

const END: &str = "<!-- end of figures -->";

/// The tables.
pub(super) fn markdown(figures: &Figures) -> String {
    let mut text = format!("Measured on: {}.\n\n", figures.machine.join("; "));
    calls(&mut text, &figures.calls);
    text.push('\n');
    loads(&mut text, &figures.loads);
    text
}

/// Puts the tables where the old ones of the same command were.
pub(super) fn replace(readme: &str, command: &str, text: &str) -> Result<String> {
    let begin = begin(command);
    let (before, rest) = readme
        .split_once(&begin)
        .with_context(|| format!("there is no place for the figures: {begin}"))?;
    let (_, after) = rest
        .split_once(END)
        .with_context(|| format!("the figures have no end: {END}"))?;
    Ok(format!("{before}{begin}\n{text}{END}{after}"))
}

fn begin(command: &str) -> String {
    format!("<!-- figures: written by `{command}` -->")
}

fn calls(text: &mut String, calls: &Calls) {
    text.push_str(
        "| one call, µs (median) | native | reused instance | fresh instance | reused ÷ native | fresh − reused |\n",
    );
    text.push_str("|---|---:|---:|---:|---:|---:|\n");
    for ((_, what), [native, reused, fresh]) in CALLS.iter().zip(calls) {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {what} | {native:.2} | {reused:.2} | {fresh:.2} | {:.1} | {:.1} |",
            reused / native,
            fresh - reused
        );
    }
}

fn loads(text: &mut String, loads: &[Load]) {
    text.push_str("| events through `tidegate apply` | way | seconds | events/s | peak memory |\n");
    text.push_str("|---:|---|---:|---:|---:|\n");
    for load in loads {
        let seconds = load.took.as_secs_f64();
        let peak = load
            .peak
            .map_or_else(|| "–".to_owned(), |kib| format!("{} MiB", kib.div_ceil(1024)));
        let rate = grouped(rate(load.events, seconds));
        let _ = writeln!(
            text,
            "| {} | {} | {seconds:.2} | {rate} | {peak} |",
            grouped(load.events),
            load.way
        );
    }
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is rounded for people; counts are far below 2^52"
)]
fn rate(events: u64, seconds: f64) -> u64 {
    (events as f64 / seconds).round() as u64
}

/// `1234567` as `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{END, Figures, begin, grouped, markdown, replace};
    use crate::bench::load::Load;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1000), "1,000");
        assert_eq!(grouped(123_456_789), "123,456,789");
    }

    #[test]
    fn figures_become_rows() {
        let text = markdown(&Figures {
            machine: vec!["a machine".to_owned()],
            calls: [[2.0, 5.0, 20.0]; 3],
            loads: vec![Load {
                way: "fresh",
                events: 100_000,
                took: Duration::from_secs(4),
                peak: Some(2048),
            }],
        });
        assert!(
            text.contains("migrated to 1.1 | 2.00 | 5.00 | 20.00 | 2.5 | 15.0 |"),
            "{text}"
        );
        assert!(text.contains("| 100,000 | fresh | 4.00 | 25,000 | 2 MiB |"), "{text}");
    }

    #[test]
    fn only_the_figures_are_replaced() {
        let page = |figures: &str| format!("# A\n{}\n{figures}\n{END}\nend\n", begin("measure"));
        let replaced = |page: &str| replace(page, "measure", "new\n");
        assert_eq!(replaced(&page("old")).expect("a place for figures"), page("new"));
        assert_eq!(replaced(&page("new")).expect("a place for figures"), page("new"));
        assert!(replaced("# A\n").is_err());
        assert!(replace(&page("old"), "measure more", "new\n").is_err());
    }
}
