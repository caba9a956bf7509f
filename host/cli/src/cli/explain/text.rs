//! The text of `tidegate explain`, in lines of at most 80 columns. Knows no policy.

use std::fmt::{Result, Write as _};

use tidegate_engine::{Action, Decision, Violation};

use super::{
    super::{
        styles::{BAD, BOLD, DIM, GOOD, ODD, paint},
        words::{after_label, duration, visible, wrapped},
    },
    explained::{Explained, Output},
};

/// Columns of the names in a table.
const NAME: usize = 8;

pub(super) fn text(explained: &Explained) -> std::result::Result<String, std::fmt::Error> {
    let mut out = String::new();
    let decision = explained.decision.as_str();
    let style = match explained.decision {
        Decision::Forward => GOOD,
        Decision::Drop => ODD,
        Decision::Reject => BAD,
    };
    writeln!(out, "{}", paint(style.bold(), decision))?;
    out.push_str(&wrapped(&explained.reason, 2));
    about(&mut out, explained)?;
    if !explained.violations.is_empty() {
        heading(&mut out, "violations")?;
        explained
            .violations
            .iter()
            .try_for_each(|violation| broken(&mut out, violation))?;
    }
    if !explained.outputs.is_empty() {
        heading(&mut out, "outputs")?;
        explained.outputs.iter().try_for_each(|sent| output(&mut out, sent))?;
    }
    schedule(&mut out, explained)?;
    failure(&mut out, explained)?;
    heading(&mut out, "outputs when it is dead-lettered")?;
    explained
        .dead_letter
        .iter()
        .try_for_each(|sent| output(&mut out, sent))?;
    Ok(out)
}

fn heading(out: &mut String, title: &str) -> Result {
    writeln!(out, "\n{}", paint(BOLD, title))
}

/// A name and a value. A long value continues on lines below, with the same indent.
fn row(out: &mut String, name: &str, value: &str) -> Result {
    let name = paint(DIM, format_args!("{name:<NAME$}"));
    write!(out, "  {name}  {}", after_label(value, NAME + 4))
}

fn about(out: &mut String, explained: &Explained) -> Result {
    let event = &explained.event;
    heading(out, "event")?;
    for (name, value) in [
        ("type", &event.event_type),
        ("version", &event.version),
        ("id", &event.id),
        ("key", &event.key),
        ("claim", &event.claim),
    ] {
        if let Some(value) = value {
            row(out, name, value)?;
        }
    }
    row(out, "size", &format!("{} bytes", event.bytes))?;
    match &explained.migration[..] {
        [] => Ok(()),
        [version] => row(out, "migrated", &format!("no: it stays {version}")),
        path => row(out, "migrated", &path.join(" → ")),
    }
}

fn broken(out: &mut String, violation: &Violation) -> Result {
    let place = match violation.path.as_str() {
        "" => "the whole event",
        path => path,
    };
    write!(out, "  {}", paint(BAD, visible(&violation.code)))?;
    // A code is short. A path may be long, and then it gets its own line.
    if violation.code.len() + place.chars().count() < 60 {
        write!(out, " {}", after_label(&format!("at {place}"), 4))?;
    } else {
        write!(out, "\n{}", wrapped(&format!("at {place}"), 4))?;
    }
    out.push_str(&wrapped(&violation.message, 4));
    Ok(())
}

fn output(out: &mut String, output: &Output) -> Result {
    let channel = visible(&output.channel);
    writeln!(out, "  {} {channel}: {}", paint(DIM, "→"), visible(&output.event_type))?;
    for (name, value) in [
        ("id", output.id.as_ref()),
        ("key", output.key.as_ref()),
        ("from", output.not_before.as_ref()),
    ] {
        if let Some(value) = value {
            write!(out, "    {}", paint(DIM, format_args!("{name:<4}")))?;
            out.push_str(&after_label(value, 8));
        }
    }
    Ok(())
}

fn schedule(out: &mut String, explained: &Explained) -> Result {
    let retries = &explained.retries;
    // A rejected event has no attempts.
    let failing = (explained.decision != Decision::Reject).then_some(explained.failure.attempt);
    let whose = match &retries.event_type {
        Some(event_type) => format!("retries of {}", visible(event_type)),
        None => "retries of an unknown type".to_owned(),
    };
    heading(out, &whose)?;
    let title = format!("  {:>7}  {:>14}  {:>18}", "attempt", "delay", "since the first");
    writeln!(out, "{}", paint(DIM, title))?;
    let first = (0, "–".to_owned(), 0);
    let others = retries.schedule.iter();
    let others = others.map(|retry| (retry.attempt, duration(retry.wait_ms), retry.elapsed_ms));
    for (attempt, wait, elapsed) in std::iter::once(first).chain(others) {
        let elapsed = duration(elapsed);
        let mark = if failing.is_some() && u32::try_from(attempt).ok() == failing {
            paint(ODD, "  ← assumed to fail")
        } else {
            String::new()
        };
        writeln!(out, "  {attempt:>7}  {wait:>14}  {elapsed:>18}{mark}")?;
    }
    Ok(())
}

fn failure(out: &mut String, explained: &Explained) -> Result {
    let failure = &explained.failure;
    let (title, step) = match (explained.decision, failure.action) {
        (Decision::Reject, _) => ("next step".to_owned(), "It is dead-lettered at once".to_owned()),
        (_, action) => {
            let step = match action {
                Action::Retry => format!(
                    "It would be retried after {}, with {} more retries after that",
                    duration(failure.wait_ms.into()),
                    failure.retries_left
                ),
                Action::DeadLetter => "It would be dead-lettered".to_owned(),
            };
            (format!("if attempt {} failed now", failure.attempt), step)
        }
    };
    heading(out, &title)?;
    out.push_str(&wrapped(&format!("{step}: {}.", failure.why), 2));
    Ok(())
}
