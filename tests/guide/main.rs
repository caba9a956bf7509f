//! `docs/write-a-policy.md`, done as it says: its files are written, its commands run, and what they print is compared.
//!
//! Only this is different from what a reader does: the clone of Tidegate is this repository, dependencies are those of
//! its `Cargo.lock` and are compiled into its target directory, and the gate has ports of its own.

mod blocks;

use std::{fmt::Write as _, fs, path::Path, time::Duration};

use tidegate_harness::{Command, Process, Ready, free_port, repository};
use tidegate_tests::dist;

use blocks::Block;

/// How long the whole page may take: it compiles a policy, natively and for wasm.
const PATIENCE: Duration = Duration::from_mins(15);

/// What the script says at its end.
const DONE: &str = "every block has run";

/// What comes before the first block. A block that fails ends the script, and shows what the last one printed.
const BEGIN: &str = r#"set -euo pipefail
unset TIDEGATE_POLICY TIDEGATE_CONFIG TIDEGATE_DATA
trap '[ $? = 0 ] || tail -n 15 "$(ls -t "$OUT"/*.out | head -1)"' EXIT
cargo() {
    if [ -f Cargo.toml ]; then
        [ -e target ] || ln -s "$TARGET" target
        [ -e Cargo.lock ] || cp "$LOCK" Cargo.lock
    fi
    command cargo "$@"
}
export -f cargo
"#;

#[tokio::test]
async fn everything_on_the_page_works_as_it_says() {
    dist("tidegate"); // what the page asks for first
    let repository = repository();
    let page = fs::read_to_string(repository.join("docs/write-a-policy.md")).expect("the page");
    let blocks = blocks::of(&page.replace("../tidegate/", &format!("{}/", repository.display())));
    // Not below the repository: there, cargo would take the new crate for a member of its workspace.
    let dir = tempfile::tempdir().expect("a directory");
    let out = dir.path().join("out");
    fs::create_dir(&out).expect("a directory");
    fs::write(dir.path().join("page.sh"), script(&blocks, &out)).expect("a script");

    let own_port = |name: &str| (name.to_owned(), format!("127.0.0.1:{}", free_port()));
    let path = |name: &str, path: &Path| (name.to_owned(), path.display().to_string());
    let bash = Command::new(
        "bash",
        Path::new("bash"),
        dir.path().to_owned(),
        Ready::Log(DONE.to_owned()),
    )
    .args(["page.sh"])
    .patience(PATIENCE)
    .env(&[
        own_port("TIDEGATE_LISTEN"),
        own_port("TIDEGATE_ADMIN__LISTEN"),
        path("OUT", &out),
        path("TARGET", &target()),
        path("LOCK", &repository.join("Cargo.lock")),
        ("CARGO_NET_OFFLINE".to_owned(), "true".to_owned()),
    ]);
    // Killed at the end with all that it has started: the gate.
    let _bash = Process::start(bash).await.unwrap_or_else(|error| panic!("{error:#}"));

    let mut compared = 0;
    for (number, block) in blocks.iter().enumerate() {
        if let Block::Shell(commands, Some(said)) = block {
            let printed = fs::read_to_string(out.join(format!("{number}.out"))).expect("an output");
            assert!(
                blocks::is_as_said(said, &printed),
                "the page says of\n{commands}\n{said}\nand what comes out is\n{printed}"
            );
            compared += 1;
        }
    }
    assert!(compared > 2, "the page says of {compared} blocks what they print");
}

/// All blocks as one script. What the page shows the output of is repeated until there is some: events take their time.
fn script(blocks: &[Block], out: &Path) -> String {
    let mut script = BEGIN.to_owned();
    for (number, block) in blocks.iter().enumerate() {
        let written = match block {
            Block::File(file, text) => writeln!(script, "cat > {file} <<'END OF THE FILE'\n{text}END OF THE FILE"),
            Block::Shell(commands, None) => writeln!(script, "{{\n{commands}}} > \"$OUT/{number}.out\""),
            Block::Shell(commands, Some(_)) => {
                fs::write(out.join(format!("{number}.sh")), commands).expect("a script");
                writeln!(
                    script,
                    "end=$((SECONDS + 60))\nuntil bash -euo pipefail \"$OUT/{number}.sh\" > \"$OUT/{number}.out\" && [ -s \"$OUT/{number}.out\" ]; do [ $SECONDS -lt $end ]; sleep 0.1; done"
                )
            }
        };
        written.expect("a string takes everything");
    }
    script + "echo '" + DONE + "'\n"
}

/// The target directory in which this test was built.
fn target() -> std::path::PathBuf {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    tmp.parent().expect("a directory in the target directory").to_owned()
}
