//! `tidegate dev`: a folder that is edited, by the built program, alone and beside a running gate.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tidegate_harness::{copy_dir, repository};
use tidegate_tests::{SqliteGate, dist, tidegate};

/// How long a state may take: the first one compiles the prebuilt policy.
const PATIENCE: Duration = Duration::from_mins(2);

/// `tidegate dev`, and the folder that it follows.
struct Dev {
    child: Child,
    lines: Receiver<String>,
    folder: PathBuf,
}

fn orders() -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    copy_dir(&repository().join("examples/orders"), dir.path()).expect("copied");
    dir
}

impl Dev {
    fn start(folder: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(dist("tidegate"))
            .arg("dev")
            .arg(folder)
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            lines,
            folder: folder.to_owned(),
        }
    }

    /// The lines of the next state, and whether all is well.
    fn state(&self) -> (String, bool) {
        let mut text = String::new();
        loop {
            let line = self
                .lines
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("no state: {text}"));
            text += &line;
            text.push('\n');
            if line.contains("after the save") {
                return (text, line.starts_with("ok "));
            }
        }
    }

    /// The first state that says this: an edit may be seen in two steps.
    fn says(&self, part: &str, is_good: bool) -> String {
        loop {
            let (text, found) = self.state();
            if text.contains(part) && found == is_good {
                return text;
            }
        }
    }

    /// The next line that has this.
    fn shows(&self, part: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("{part} is not shown"));
            if line.contains(part) {
                return line;
            }
        }
    }

    fn edit(&self, file: &str, before: &str, after: &str) {
        let path = self.folder.join(file);
        let text = fs::read_to_string(&path).expect("readable");
        assert!(text.contains(before), "{before}: {text}");
        fs::write(path, text.replace(before, after)).expect("written");
    }

    fn interrupt(mut self) -> Option<i32> {
        let id = Pid::from_raw(self.child.id().cast_signed()).expect("an id");
        kill_process(id, Signal::INT).expect("sent");
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn each_save_is_built_and_tested() {
    let dir = orders();
    let dev = Dev::start(dir.path(), &[]);
    let first = dev.says(" cases passed", true);
    assert!(
        !first.contains('\u{1b}'),
        "no terminal, no colours and no redrawing: {first:?}"
    );
    dev.shows("proved with 4000 events");
    dev.edit("policy.yaml", "10m]", "11m]");
    dev.says("/next_attempt/2", false);
    dev.edit("policy.yaml", "channel: payments", "chanel: payments");
    dev.says("unknown field `chanel`", false);
    dev.edit("policy.yaml", "chanel: payments", "channel: payments");
    dev.edit("policy.yaml", "11m]", "10m]");
    dev.says(" cases passed", true);
    dev.edit("tests/payments.yaml", "decision: forward", "decison: forward");
    dev.says("unknown field `decison`", false);
    dev.edit("tests/payments.yaml", "decison: forward", "decision: forward");
    dev.says(" cases passed", true);
    dev.edit("order.placed/2.json", r#""minItems": 1"#, r#""minItems": 9"#);
    dev.says("order.placed", false);
    fs::remove_dir_all(dir.path().join("tests")).expect("removed");
    dev.edit("order.placed/2.json", r#""minItems": 9"#, r#""minItems": 1"#);
    dev.says("\n0 cases passed", true);
    assert_eq!(dev.interrupt(), Some(0));
}

#[test]
fn what_the_cases_do_not_show_is_proved() {
    let dir = orders();
    fs::remove_dir_all(dir.path().join("tests")).expect("removed");
    let dev = Dev::start(dir.path(), &[]);
    dev.shows("proved with 4000 events");
    let quantity = r#""quantity": { "type": "integer""#;
    dev.edit(
        "order.placed/1.json",
        &format!("{quantity}, \"minimum\": 1 }}"),
        &format!("{quantity} }}"),
    );
    let shown = dev.shows("not proved: ");
    assert!(
        shown.contains("policy.yaml: line") && shown.contains("order.placed 1"),
        "{shown}"
    );
    dev.shows("  event: {");
    assert_eq!(dev.interrupt(), Some(0));
}

#[tokio::test]
async fn what_passes_is_swapped_into_a_gate() {
    let dir = orders();
    let path = dir.path().display().to_string();
    let config = "subscriptions: [{ name: shop-events }]
channels: { orders: { topic: orders }, payments: { topic: payments }, dlq: { topic: dlq }, ops-alerts: { topic: ops } }
";
    let env = [
        ("TIDEGATE_POLICY__PATH", &*path),
        ("TIDEGATE_POLICY__RELOAD__ENABLED", "false"),
    ];
    let gate = SqliteGate::start_with("dev", config, &env).await;
    let digest = || {
        let checked = tidegate(&["check", &path, "--json"], b"");
        let checked: Value = serde_json::from_str(&checked.out).expect("JSON");
        checked["digest"].as_str().expect("text").to_owned()
    };
    let decides = async || {
        gate.status().await["revision"]["digest"]
            .as_str()
            .expect("text")
            .to_owned()
    };
    let admin = gate.admin_url("");
    let dev = Dev::start(dir.path(), &["--admin", &admin]);
    dev.says("in the gate", true);
    let before = digest();
    // What fails its cases stays out.
    dev.edit("policy.yaml", "10m]", "11m]");
    dev.says("/next_attempt/2", false);
    let failing = digest();
    assert_ne!(failing, before);
    assert_eq!(decides().await, before);
    dev.edit("tests/orders.yaml", "2: 10m", "2: 11m");
    dev.says("in the gate", true);
    assert_eq!(decides().await, failing);
    // What a gate refuses is said.
    dev.edit("policy.yaml", "channel: payments", "channel: money");
    dev.edit("tests/payments.yaml", "channel: payments", "channel: money");
    let refused = dev.says("the gate: ", false);
    assert!(refused.contains("money"), "{refused}");
    assert_eq!(dev.interrupt(), Some(0));
}
