//! What `tidegate dev` shows: on a terminal one screen that is redrawn, elsewhere lines. Knows no files.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal as _, Write as _},
    path::Path,
    time::Duration,
};

use tidegate_engine::Policy;

use super::super::{
    digest, exit,
    styles::{BAD, DIM, GOOD, ODD, paint},
    test::Summary,
    words::visible,
};

/// Clears a terminal and goes to its top left corner.
const CLEAR: &str = "\x1b[2J\x1b[H";

/// Where states are shown.
#[derive(Debug)]
pub(super) struct Screen {
    is_terminal: bool,
}

/// What came of the files as they are.
#[derive(Debug)]
pub(super) enum State {
    /// They are no policy.
    NotBuilt(anyhow::Error),
    Built(Built),
}

/// What came of a policy.
#[derive(Debug)]
pub(super) struct Built {
    name: String,
    digest: String,
    tested: anyhow::Result<Summary>,
    /// `None`: no gate is named, or the policy did not pass.
    swapped: Option<anyhow::Result<String>>,
}

impl Built {
    pub(super) fn of(
        policy: &Policy,
        tested: anyhow::Result<Summary>,
        swapped: Option<anyhow::Result<String>>,
    ) -> Self {
        let catalog = policy.catalog();
        Self {
            name: format!("{} {}", catalog.name, catalog.version),
            digest: digest::short(policy.digest().as_str()),
            tested,
            swapped,
        }
    }

    fn is_good(&self) -> bool {
        let passes = self.tested.as_ref().is_ok_and(|tested| tested.passed);
        passes && !matches!(self.swapped, Some(Err(_)))
    }
}

impl Screen {
    pub(super) fn of_terminal() -> Self {
        Self {
            is_terminal: io::stdout().is_terminal(),
        }
    }

    /// Shows a state. `took`: since the files were saved.
    pub(super) fn show(&mut self, folder: &Path, state: &State, took: Duration) -> anyhow::Result<()> {
        self.draw(&text(folder, state, None, took)?)
    }

    /// Shows what came of the proof of a state that was shown: on a terminal with the state, elsewhere alone.
    pub(super) fn show_proof(
        &mut self,
        folder: &Path,
        state: &State,
        proved: &anyhow::Result<Vec<String>>,
        took: Duration,
    ) -> anyhow::Result<()> {
        if self.is_terminal {
            self.draw(&text(folder, state, Some(proved), took)?)
        } else {
            self.draw(&proof(proved)?)
        }
    }

    fn draw(&mut self, text: &str) -> anyhow::Result<()> {
        let mut out = anstream::stdout().lock();
        if self.is_terminal {
            // Not through `anstream`, which leaves it out where there are no colours.
            io::stdout().write_all(CLEAR.as_bytes())?;
        }
        write!(out, "{text}")?;
        if !self.is_terminal {
            writeln!(out)?;
        }
        out.flush()?;
        Ok(())
    }
}

/// What came of a proof: how much was shown, or the event that shows otherwise.
fn proof(proved: &anyhow::Result<Vec<String>>) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    match proved {
        Ok(lines) => {
            for (at, line) in lines.iter().enumerate() {
                let style = if at == 0 { GOOD } else { ODD };
                writeln!(out, "{}", paint(style, line))?;
            }
        }
        Err(error) => writeln!(
            out,
            "{}",
            paint(BAD, format_args!("not proved: {}", exit::message(error)))
        )?,
    }
    Ok(out)
}

/// `proved`: `None` as long as the proof is not done.
fn text(
    folder: &Path,
    state: &State,
    proved: Option<&anyhow::Result<Vec<String>>>,
    took: Duration,
) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    match state {
        State::NotBuilt(error) => {
            writeln!(out, "{}", paint(BAD, exit::message(error)))?;
        }
        State::Built(built) => {
            writeln!(out, "{}, {}", visible(&built.name), built.digest)?;
            match &built.tested {
                Ok(tested) => out.push_str(&tested.text),
                Err(error) => writeln!(out, "{}", paint(BAD, exit::message(error)))?,
            }
            match &built.swapped {
                None => {}
                Some(Ok(digest)) => writeln!(
                    out,
                    "{} in the gate",
                    paint(GOOD, format_args!("{} decides", digest::short(digest)))
                )?,
                Some(Err(error)) => writeln!(
                    out,
                    "{}",
                    paint(BAD, format_args!("the gate: {}", exit::message(error)))
                )?,
            }
            if let Some(proved) = proved {
                out.push_str(&proof(proved)?);
            }
        }
    }
    let (style, word) = match state {
        State::Built(built) if built.is_good() && !matches!(proved, Some(Err(_))) => (GOOD, "ok"),
        _ => (BAD, "FAIL"),
    };
    let millis = took.as_millis();
    let waits = paint(DIM, format_args!("{millis} ms after the save; waiting for the next"));
    writeln!(out, "{} {}  {waits}", paint(style.bold(), word), folder.display())?;
    Ok(out)
}
