//! The figures of all languages as Markdown: what was measured, and whether it reaches the goals.

use std::fmt::Write;

use super::{figures::Figures, languages::Language};

/// The most milliseconds that loading from the cache shall take.
const LOAD_GOAL: f64 = 50.0;

/// The tables.
pub(super) fn markdown(circumstances: &[String], found: &[(&Language, Figures)], left_out: &[String]) -> String {
    let mut text = format!("Measured on: {}.\n\n", circumstances.join("; "));
    measured(&mut text, found);
    text.push('\n');
    goals(&mut text, found);
    for line in left_out {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n{line}");
    }
    text
}

fn measured(text: &mut String, found: &[(&Language, Figures)]) {
    text.push_str("| | valid, µs | invalid, µs | load cold, ms | load warm, ms | memory, MiB | package, MiB |\n");
    text.push_str("|---|---:|---:|---:|---:|---:|---:|\n");
    for (language, figures) in found {
        let package = figures.package_bytes.map_or_else(|| "–".to_owned(), mebibytes);
        let _ = writeln!(
            text,
            "| {} | {:.1} | {:.1} | {:.0} | {:.0} | {:.0} | {package} |",
            language.name,
            figures.valid_us,
            figures.invalid_us,
            figures.load_cold_ms,
            figures.load_warm_ms,
            figures.memory_mib,
        );
    }
}

fn goals(text: &mut String, found: &[(&Language, Figures)]) {
    text.push_str("| goal | a call, µs | valid | invalid | load warm, ms | |\n");
    text.push_str("|---|---:|---|---|---:|---|\n");
    for (language, figures) in found {
        let _ = writeln!(
            text,
            "| {} | ≤ {} | {} | {} | ≤ {LOAD_GOAL} | {} |",
            language.name,
            language.goal,
            met(figures.valid_us, language.goal),
            met(figures.invalid_us, language.goal),
            met(figures.load_warm_ms, LOAD_GOAL),
        );
    }
}

fn met(figure: f64, goal: f64) -> &'static str {
    if figure <= goal { "met" } else { "**not met**" }
}

#[allow(clippy::cast_precision_loss, reason = "a size is rounded for people")]
fn mebibytes(bytes: u64) -> String {
    format!("{:.2}", bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::{super::languages::LANGUAGES, Figures, markdown};

    #[test]
    fn figures_become_rows_and_goals_are_compared() {
        let figures = Figures {
            valid_us: 14.96,
            invalid_us: 15.2,
            load_cold_ms: 9000.4,
            load_warm_ms: 50.0,
            memory_mib: 22.4,
            package_bytes: Some(3 << 19),
        };
        let [c, go, ..] = &LANGUAGES;
        let source = Figures {
            package_bytes: None,
            ..figures.clone()
        };
        let text = markdown(&["a machine".to_owned()], &[(c, figures), (go, source)], &[]);
        assert!(text.starts_with("Measured on: a machine.\n\n| "), "{text}");
        assert!(text.contains("| C | 15.0 | 15.2 | 9000 | 50 | 22 | 1.50 |"), "{text}");
        assert!(text.contains("| Go | 15.0 | 15.2 | 9000 | 50 | 22 | – |"), "{text}");
        assert!(text.contains("| C | ≤ 15 | met | **not met** | ≤ 50 | met |"), "{text}");
    }

    #[test]
    fn what_was_left_out_is_said() {
        let text = markdown(&[], &[], &["Go was not measured: not in PATH: go".to_owned()]);
        assert!(text.ends_with("\nGo was not measured: not in PATH: go\n"), "{text}");
    }
}
