//! Writes generated events, and judges events as `tidegate apply` does but without WebAssembly.
//!
//! ```text
//! tidegate-load generate 100000 > events.jsonl
//! tidegate-load native < events.jsonl > /dev/null
//! ```

use std::{
    env,
    io::{self, BufRead, BufWriter, Write},
};

use anyhow::{Context as _, Result, bail};
use tidegate_policy::{Context, process};

fn main() -> Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["generate", count] => generate(count.parse().context("how many events?")?),
        ["native"] => native(),
        _ => bail!("usage: tidegate-load generate COUNT | tidegate-load native < EVENTS"),
    }
}

fn generate(count: usize) -> Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for event in tidegate_benches::events().take(count) {
        writeln!(out, "{event}")?;
    }
    Ok(out.flush()?)
}

/// Judges each line and writes the decision as a line, as `tidegate apply` does.
fn native() -> Result<()> {
    let mut input = io::stdin().lock();
    let mut out = BufWriter::new(io::stdout().lock());
    let context = Context {
        now: tidegate_benches::NOW.to_owned(),
        target_version: None,
        handed_back: false,
    };
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        let event = line.strip_suffix(b"\n").unwrap_or(&line);
        let decided = process(event, &[], &context);
        serde_json::to_writer(&mut out, &decided)?;
        out.write_all(b"\n")?;
        line.clear();
    }
    Ok(out.flush()?)
}
