//! The figures as Markdown.

use std::fmt::Write;

use super::{
    calls::{CALLS, Calls},
    load::Load,
};

/// The tables.
pub(super) fn markdown(machine: &[String], calls: &Calls, loads: &[Load]) -> String {
    let mut text = format!("Measured on: {}.\n\n", machine.join("; "));
    rows_of_calls(&mut text, calls);
    text.push('\n');
    rows_of_loads(&mut text, loads);
    text
}

fn rows_of_calls(text: &mut String, calls: &Calls) {
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

fn rows_of_loads(text: &mut String, loads: &[Load]) {
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

    use super::{grouped, markdown};
    use crate::bench::load::Load;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1000), "1,000");
        assert_eq!(grouped(123_456_789), "123,456,789");
    }

    #[test]
    fn figures_become_rows() {
        let load = Load {
            way: "fresh",
            events: 100_000,
            took: Duration::from_secs(4),
            peak: Some(2048),
        };
        let text = markdown(&["a machine".to_owned()], &[[2.0, 5.0, 20.0]; 3], &[load]);
        assert!(
            text.contains("migrated to 1.1 | 2.00 | 5.00 | 20.00 | 2.5 | 15.0 |"),
            "{text}"
        );
        assert!(text.contains("| 100,000 | fresh | 4.00 | 25,000 | 2 MiB |"), "{text}");
    }
}
