//! All blocks of a page as one script for bash, which ends at the first that does not do what the page says.

use std::{fmt::Write as _, fs, path::Path};

use super::{
    blocks::{self, Block},
    pages::{Page, is_elsewhere},
};

/// What the script says at its end.
pub(crate) const DONE: &str = "every block has run";

/// What comes before the first block.
const BEGIN: &str = include_str!("begin.sh");

/// The script; what it needs is written into `out`.
pub(crate) fn write(blocks: &[Block], out: &Path, page: &Page) -> String {
    let mut script = format!("{BEGIN}{}\n", page.before);
    let keep = |name: String, text: &str| fs::write(out.join(name), text).expect("a file");
    for (number, block) in blocks.iter().enumerate() {
        match block {
            Block::File(file, text) => {
                writeln!(script, "cat > {file} <<'END OF THE FILE'\n{text}END OF THE FILE").expect("a string");
            }
            Block::Code(language, text) => keep(format!("{number}.{language}"), text),
            Block::Shell(..) if is_elsewhere(page.path, block) => {}
            Block::Shell(commands, None) => {
                writeln!(script, "{{\n{}}} > \"$OUT/{number}.out\"", patient(commands)).expect("a string");
            }
            Block::Shell(commands, Some(said)) => {
                keep(format!("{number}.sh"), &patient(commands));
                keep(format!("{number}.pattern"), &blocks::pattern(said));
                writeln!(script, "shows {number}").expect("a string");
            }
        }
    }
    script + page.after + "\necho '" + DONE + "'\n"
}

/// Commands that wait for the gates that they start.
fn patient(commands: &str) -> String {
    let mut patient = String::new();
    for line in commands.lines() {
        // The shell would go on when what is before it fails.
        assert!(
            line.starts_with('(') || !line.contains(" && "),
            "to be two lines: {line}"
        );
        patient.push_str(line);
        patient.push('\n');
        let command = line.split(" # ").next().unwrap_or_default().trim_end();
        if command.contains("tidegate serve") && command.ends_with('&') {
            patient.push_str("listens\n");
        }
    }
    patient
}

#[test]
fn a_gate_that_is_started_is_waited_for() {
    let commands = "dist/tidegate serve &   # a gate\ndist/tidegate topics\n";
    let expected = "dist/tidegate serve &   # a gate\nlistens\ndist/tidegate topics\n";
    assert_eq!(patient(commands), expected);
}
