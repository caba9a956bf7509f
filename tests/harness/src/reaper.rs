//! Kills what a killed test process leaves behind.
//!
//! Services live in process groups of their own, so neither Ctrl-C nor `kill -9` of the test process reaches them, and no `drop` runs.
//! A small shell waits at the end of a pipe, is told of every group that starts and ends, and when the pipe closes kills the groups
//! that are left.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock};

const SCRIPT: &str = r#"
groups=
while read -r what id; do
  case $what in
  started) groups="$groups $id" ;;
  ended)
    left=
    for group in $groups; do [ "$group" = "$id" ] || left="$left $group"; done
    groups=$left ;;
  esac
done
for group in $groups; do kill -9 "-$group" 2>/dev/null; done
"#;

/// A process group has started.
pub(crate) fn started(group: u32) {
    tell("started", group);
}

/// A process group has been killed and waited for.
pub(crate) fn ended(group: u32) {
    tell("ended", group);
}

fn tell(what: &str, group: u32) {
    static REAPER: OnceLock<Option<Mutex<ChildStdin>>> = OnceLock::new();
    let reaper = REAPER.get_or_init(|| start().ok().flatten().map(Mutex::new));
    if let Some(mut pipe) = reaper.as_ref().and_then(|pipe| pipe.lock().ok()) {
        let _ = writeln!(pipe, "{what} {group}");
    }
}

fn start() -> std::io::Result<Option<ChildStdin>> {
    let shell = Command::new("sh")
        .args(["-c", SCRIPT])
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    Ok(shell.stdin)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
    use std::process::Command;

    #[test]
    fn what_was_started_and_has_not_ended_is_killed_when_the_pipe_closes() {
        let sleep = || Command::new("sleep").arg("60").process_group(0).spawn().expect("sleep");
        let (mut left, mut ended) = (sleep(), sleep());
        let mut pipe = super::start().expect("a shell").expect("its input");
        let (one, other) = (left.id(), ended.id());
        writeln!(pipe, "started {other}\nstarted {one}\nended {other}").expect("told");
        drop(pipe);
        assert_eq!(left.wait().expect("it ends").signal(), Some(9));
        assert!(ended.try_wait().expect("asked").is_none(), "the other still runs");
        ended.kill().expect("killed");
        ended.wait().expect("it ends");
    }
}
