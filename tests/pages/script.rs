//! All blocks of a page as one script for bash, which ends at the first that does not do what the page says.

use std::{fmt::Write as _, fs, path::Path};

use super::{
    blocks::{self, Block},
    pages::{Page, is_elsewhere},
};

/// What the script says at its end.
pub(crate) const DONE: &str = "every block has run";

/// What comes before the first block. A reader's shell waits for what was killed, and a reader is slower than a gate that starts.
const BEGIN: &str = r#"set -euo pipefail
unset TIDEGATE_POLICY TIDEGATE_CONFIG TIDEGATE_DATA
trap '[ $? = 0 ] || tail -n 15 "$(ls -t "$OUT"/*.out | head -1)"' EXIT
kill() {
    builtin kill "$@"
    wait
}
listens() {
    local end=$((SECONDS + 60))
    until (exec 3<> "/dev/tcp/${TIDEGATE_LISTEN/://}") 2> /dev/null; do
        [ $SECONDS -lt $end ]
        sleep 0.05
    done
}
# Events take their time: a block is run again until it prints what the page shows.
shows() {
    local end=$((SECONDS + 60)) printed said
    said=$(cat "$OUT/$1.pattern")
    while true; do
        if bash -euo pipefail "$OUT/$1.sh" > "$OUT/$1.out"; then
            printed=$(cat "$OUT/$1.out")
            printed=${printed#$'\n'}
            # The pattern is not quoted, so that it is one.
            # shellcheck disable=SC2053
            if [[ $printed == $said ]]; then
                return
            fi
        fi
        if [ $SECONDS -ge $end ]; then
            echo "the page does not say what this prints:"
            cat "$OUT/$1.sh"
            exit 1
        fi
        sleep 0.1
    done
}
"#;

/// Writes what the script needs into `out`, and gives the script.
pub(crate) fn of(blocks: &[Block], out: &Path, page: &Page) -> String {
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
                keep(format!("{number}.sh"), commands);
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
