//! What `tidegate explain` prints for a person, within 80 columns.

use std::fmt::{Result, Write as _};

use tidegate_engine::{Action, Decision, Violation};

use super::{
    super::{
        paint::Paint,
        words::{duration, visible, wrapped},
    },
    Explained, Sent,
};

/// Columns that names take in a table.
const NAME: usize = 8;

pub(super) fn text(explained: &Explained, paint: Paint) -> std::result::Result<String, std::fmt::Error> {
    let mut out = String::new();
    let decided = explained.decided.as_str();
    let painted = match explained.decided {
        Decision::Forward => paint.good(decided),
        Decision::Drop => paint.odd(decided),
        Decision::Reject => paint.bad(decided),
    };
    writeln!(out, "{}", paint.bold(painted))?;
    out.push_str(&wrapped(&explained.reason, 2));
    about(&mut out, explained, paint)?;
    if !explained.violations.is_empty() {
        heading(&mut out, "why", paint)?;
        explained
            .violations
            .iter()
            .try_for_each(|violation| why(&mut out, violation, paint))?;
    }
    if !explained.outputs.is_empty() {
        heading(&mut out, "it sends", paint)?;
        explained
            .outputs
            .iter()
            .try_for_each(|sent| output(&mut out, sent, paint))?;
    }
    schedule(&mut out, explained, paint)?;
    failure(&mut out, explained, paint)?;
    heading(&mut out, "giving it up sends", paint)?;
    explained
        .dead_letter
        .iter()
        .try_for_each(|sent| output(&mut out, sent, paint))?;
    Ok(out)
}

fn heading(out: &mut String, title: &str, paint: Paint) -> Result {
    writeln!(out, "\n{}", paint.bold(title))
}

/// A name and a value; a value that is too long for the line goes on below itself.
fn row(out: &mut String, name: &str, value: &str, paint: Paint) -> Result {
    let lines = wrapped(value, NAME + 4);
    let name = paint.dim(format_args!("{name:<NAME$}"));
    write!(out, "  {name}  {}", lines.trim_start_matches(' '))
}

fn about(out: &mut String, explained: &Explained, paint: Paint) -> Result {
    let event = &explained.event;
    heading(out, "event", paint)?;
    for (name, value) in [
        ("type", &event.event_type),
        ("version", &event.version),
        ("id", &event.id),
        ("key", &event.key),
    ] {
        if let Some(value) = value {
            row(out, name, value, paint)?;
        }
    }
    row(out, "size", &format!("{} bytes", event.bytes), paint)?;
    match &explained.migration[..] {
        [] => Ok(()),
        [stays] => row(out, "leaves", &format!("as {stays}, as it came"), paint),
        path => row(out, "leaves", &format!("migrated: {}", path.join(" → ")), paint),
    }
}

fn why(out: &mut String, violation: &Violation, paint: Paint) -> Result {
    let place = match violation.path.as_str() {
        "" => "the whole event",
        path => path,
    };
    write!(out, "  {}", paint.bad(visible(&violation.code)))?;
    let lines = wrapped(&format!("at {place}"), 4);
    // The code is short, a path need not be.
    if violation.code.len() + place.chars().count() < 60 {
        write!(out, " {}", lines.trim_start_matches(' '))?;
    } else {
        write!(out, "\n{lines}")?;
    }
    out.push_str(&wrapped(&violation.message, 4));
    Ok(())
}

fn output(out: &mut String, sent: &Sent, paint: Paint) -> Result {
    let channel = visible(&sent.channel);
    writeln!(out, "  {} {channel}: {}", paint.dim("→"), visible(&sent.event_type))?;
    for (name, value) in [("id", sent.id.as_ref()), ("key", Some(&sent.key))] {
        if let Some(value) = value {
            write!(out, "    {}", paint.dim(format_args!("{name:<4}")))?;
            out.push_str(wrapped(value, 8).trim_start_matches(' '));
        }
    }
    Ok(())
}

fn schedule(out: &mut String, explained: &Explained, paint: Paint) -> Result {
    let retries = &explained.retries;
    // A rejected event has no attempts.
    let failing = (explained.decided != Decision::Reject).then_some(explained.failure.attempt);
    let whose = match &retries.event_type {
        Some(event_type) => format!("retries of {}", visible(event_type)),
        None => "retries (of a type that is not known)".to_owned(),
    };
    heading(out, &whose, paint)?;
    let title = format!(
        "  {:>7}  {:>14}  {:>18}",
        "attempt", "wait before it", "since the first"
    );
    writeln!(out, "{}", paint.dim(title))?;
    let first = (0, "–".to_owned(), 0);
    let others = retries.schedule.iter();
    let others = others.map(|row| (row.attempt, duration(row.wait_ms), row.elapsed_ms));
    for (attempt, wait, elapsed) in std::iter::once(first).chain(others) {
        let elapsed = duration(elapsed);
        let mark = if failing.is_some() && u32::try_from(attempt).ok() == failing {
            paint.odd("  ← taken to fail")
        } else {
            String::new()
        };
        writeln!(out, "  {attempt:>7}  {wait:>14}  {elapsed:>18}{mark}")?;
    }
    Ok(())
}

fn failure(out: &mut String, explained: &Explained, paint: Paint) -> Result {
    let failure = &explained.failure;
    let (title, what) = match (explained.decided, failure.action) {
        (Decision::Reject, _) => ("what follows".to_owned(), "It is given up at once".to_owned()),
        (_, action) => {
            let what = match action {
                Action::Retry => format!(
                    "It would be tried again after {}, with {} retries left after that",
                    duration(failure.wait_ms.into()),
                    failure.retries_left
                ),
                Action::DeadLetter => "It would be given up".to_owned(),
            };
            (format!("if attempt {} failed now", failure.attempt), what)
        }
    };
    heading(out, &title, paint)?;
    out.push_str(&wrapped(&format!("{what}: {}.", failure.why), 2));
    Ok(())
}
