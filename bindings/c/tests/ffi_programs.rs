//! The library as C and C++ programs use it: linked by pkg-config, called with every golden vector and 20,000 random events, and
//! checked by valgrind.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;
use tidegate_tests::{dist, guest, missing};

const MISUSE: &str = "6";

/// One call, with its arguments as bytes; none is NULL.
struct Question {
    name: String,
    call: String,
    arguments: Vec<Option<Vec<u8>>>,
    /// The status and the answer, or the text of `tidegate_last_error`.
    expected: (&'static str, String),
}

#[rstest]
#[case::c_shared("c", "c11", Link::Shared)]
#[case::c_static("c", "c11", Link::Static)]
#[case::cpp_shared("c++", "c++17", Link::Shared)]
fn a_program_answers_as_native_rust_does(#[case] language: &str, #[case] standard: &str, #[case] link: Link) {
    if missing("pkg-config", "the C library") {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let judge = compile(&folder, &judge_source(), language, standard, link);
    let questions: Vec<_> = ["vectors", "random"].into_iter().flat_map(questions).collect();
    assert!(questions.len() > 20_380, "only {} questions", questions.len());
    answers_as(Command::new(&judge).arg(dist("policy.wasm")).arg(cache()), &questions);
    // One that is made of files names their digest in its catalog.
    let questions: Vec<_> = questions
        .into_iter()
        .filter(|question| question.call != "catalog")
        .collect();
    answers_as(
        Command::new(&judge).arg(dist("built-policy.wasm")).arg(cache()),
        &questions,
    );
}

/// A program that gives other answers fails the test.
fn answers_as(program: &mut Command, questions: &[Question]) {
    let answers = ask(program, questions);
    let mut wrong = questions.iter().zip(&answers).filter(|(question, answer)| {
        let (status, text) = (question.expected.0, &question.expected.1);
        (status, text.as_bytes()) != (answer.0.as_str(), &answer.1[..])
    });
    if let Some((question, answer)) = wrong.next() {
        let got = String::from_utf8_lossy(&answer.1);
        panic!(
            "{}, and {} others:\n  expected {:?}\n  got      {} {got:?}",
            question.name,
            wrong.count(),
            question.expected,
            answer.0
        );
    }
    assert_eq!(questions.len(), answers.len());
}

/// A small policy, which migrates nothing, since valgrind makes everything thirty times slower, compiling too.
#[test]
fn valgrind_finds_nothing() {
    if missing("valgrind", "the C library") {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let judge = compile(&folder, &judge_source(), "c", "c11", Link::Shared);
    let event: &[u8] = br#"{"event_id":"e-1","event_type":"task.created","user_id":"user-1"}"#;
    let now: &[u8] = b"2026-03-01T09:30:00Z";
    let calls: [(&str, &[Option<&[u8]>]); 8] = [
        ("validate", &[Some(event), Some(br#"{"subject":"a"}"#)]),
        ("validate", &[Some(b"\xff"), None]),
        ("migrate", &[Some(event), Some(b"9.9"), None]),
        ("next-attempt", &[Some(b"task.created"), Some(b"0")]),
        ("process", &[Some(event), Some(now), None, None]),
        ("process", &[Some(br#"{"trap":true}"#), Some(now), None, None]),
        ("catalog", &[]),
        ("digest", &[]),
    ];
    let questions = calls.map(|(call, arguments)| Question {
        name: call.to_owned(),
        call: call.to_owned(),
        arguments: arguments.iter().map(|argument| argument.map(<[u8]>::to_vec)).collect(),
        expected: ("0", String::new()),
    });
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args([
            "--error-exitcode=99",
            "--leak-check=full",
            "--errors-for-leak-kinds=definite",
            "--show-leak-kinds=definite",
            "--quiet",
        ])
        .arg(format!(
            "--suppressions={}",
            here().join("tests/programs/valgrind.supp").display()
        ))
        .arg(judge)
        .arg(guest("traps-when-told"))
        .arg(r#"{"max_concurrent_calls":1,"deadline_ms":10000}"#);
    let answers = ask(&mut valgrind, &questions);
    let statuses: Vec<_> = answers.iter().map(|(status, _)| status.as_str()).collect();
    assert_eq!(statuses, ["0", "0", MISUSE, "0", "0", "5", "0", "0"]);
}

#[test]
fn the_example_is_built_with_cmake() {
    if missing("cmake", "the C library") {
        return;
    }
    let build = TempDir::new().expect("a folder");
    let run = |command: &mut Command| {
        let output = command
            .env("PKG_CONFIG_PATH", library().join("pkgconfig"))
            .output()
            .expect("cmake runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run(Command::new("cmake")
        .arg("-S")
        .arg(here().join("example"))
        .arg("-B")
        .arg(build.path()));
    run(Command::new("cmake").arg("--build").arg(build.path()));
    for (event, code) in [(r#"{"event_id":"e-1"}"#, 1), ("", 1)] {
        let mut child = Command::new(build.path().join("validate"))
            .arg(guest("calm"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the example runs");
        child
            .stdin
            .take()
            .expect("a pipe")
            .write_all(event.as_bytes())
            .expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(code));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "{\"valid\":false}\n");
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    Shared,
    Static,
}

/// The program for C in `docs/bindings.md` prints what the page shows.
#[test]
fn the_page_shows_what_the_program_prints() {
    if missing("pkg-config", "the C library") {
        return;
    }
    let page = fs::read_to_string(here().join("../../docs/bindings.md")).expect("the page");
    let block = |language: &str, after: &str| {
        let (_, rest) = page.split_once(after).expect("a heading");
        let (_, rest) = rest.split_once(&format!("\n```{language}\n")).expect("a block");
        rest.split_once("```\n").expect("its end").0.to_owned()
    };
    let folder = TempDir::new().expect("a folder");
    let source = folder.path().join("page.c");
    fs::write(&source, block("c", "\n## C\n")).expect("a file that can be written");
    fs::write(folder.path().join("event.json"), block("json", "")).expect("a file that can be written");
    let program = compile(&folder, &source, "c", "c11", Link::Shared);
    for (from, to) in [
        (dist("policy.wasm"), "policy.wasm"),
        (here().join("../../target/test-cache"), "cache"),
    ] {
        std::os::unix::fs::symlink(from, folder.path().join(to)).expect("a link");
    }
    let output = Command::new(program)
        .current_dir(folder.path())
        .output()
        .expect("it runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), block("text", "\n## C\n"));
    assert!(output.status.success());
}

#[test]
fn the_edges_are_safe() {
    if missing("pkg-config", "the C library") {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let program = compile(
        &folder,
        &here().join("tests/programs/edges.c"),
        "c",
        "c11",
        Link::Shared,
    );
    let output = Command::new(program)
        .arg(guest("calm"))
        .arg(cache())
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", output.status);
}

fn judge_source() -> PathBuf {
    here().join("tests/programs/judge.c")
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn library() -> PathBuf {
    let so = dist("lib/libtidegate.so");
    so.parent().expect("a folder").to_owned()
}

fn cache() -> String {
    let cache = here().join("../../target/test-cache");
    format!(r#"{{"cache_dir":{:?}}}"#, cache.display().to_string())
}

/// Compiles a program with the flags that pkg-config gives.
fn compile(folder: &TempDir, source: &Path, language: &str, standard: &str, link: Link) -> PathBuf {
    let mut ask = Command::new("pkg-config");
    ask.args(["--cflags", "--libs", "tidegate"])
        .env("PKG_CONFIG_PATH", library().join("pkgconfig"));
    if link == Link::Static {
        ask.arg("--static");
    }
    let flags = ask.output().expect("pkg-config runs");
    let flags = String::from_utf8(flags.stdout).expect("UTF-8");
    let program = folder.path().join("program");
    let mut cc = Command::new(if language == "c++" { "c++" } else { "cc" });
    cc.args([
        "-Wall",
        "-Wextra",
        "-Werror",
        "-g",
        "-D_GNU_SOURCE",
        &format!("-std={standard}"),
        "-x",
        language,
    ]);
    cc.arg(source).args(["-x", "none", "-o"]).arg(&program);
    for flag in flags.split_whitespace() {
        // A linker prefers the shared library where both exist.
        if link == Link::Static && flag == "-ltidegate" {
            cc.arg("-l:libtidegate.a");
        } else {
            cc.arg(flag);
        }
    }
    cc.arg(format!("-Wl,-rpath,{}", library().display()));
    let output = cc.output().expect("a compiler");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    program
}

fn questions(file: &str) -> Vec<Question> {
    let file = dist("policy.wasm")
        .with_file_name("../target/answers")
        .join(format!("{file}.jsonl"));
    let text = fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{}: {error}: run `cargo xtask build`", file.display()));
    text.lines()
        .map(|line| question(&serde_json::from_str(line).expect("JSON")))
        .collect()
}

fn question(line: &Value) -> Question {
    let optional = |name: &str| line[name].as_str().map(|text| text.as_bytes().to_vec());
    let text = |name: &str| Some(optional(name).unwrap_or_else(|| panic!("no {name}: {line}")));
    let event = || match line["event_base64"].as_str() {
        Some(bytes) => Some(BASE64_STANDARD.decode(bytes).expect("base64")),
        None => text("event"),
    };
    let attributes = line
        .get("attributes")
        .map(|attributes| attributes.to_string().into_bytes());
    let call = line["call"].as_str().expect("a call").to_owned();
    let arguments = match call.as_str() {
        "validate" => vec![event(), attributes],
        "migrate" => vec![event(), text("to_version"), attributes],
        "next-attempt" => vec![text("event_type"), Some(line["attempt"].to_string().into_bytes())],
        "process" => vec![event(), text("now"), optional("target_version"), attributes],
        "catalog" => vec![],
        other => panic!("no such call: {other}"),
    };
    Question {
        name: line["name"].as_str().unwrap_or_default().to_owned(),
        arguments,
        expected: match line["misuse"].as_str() {
            Some(misuse) => (MISUSE, misuse.to_owned()),
            None => ("0", line["answer"].as_str().expect("an answer").to_owned()),
        },
        call,
    }
}

/// Gives the questions to a program and reads its answers: status and text.
fn ask(program: &mut Command, questions: &[Question]) -> Vec<(String, Vec<u8>)> {
    let mut input = Vec::new();
    for question in questions {
        let lengths: Vec<_> = question
            .arguments
            .iter()
            .map(|argument| match argument {
                Some(bytes) => format!(" {}", bytes.len()),
                None => " -".to_owned(),
            })
            .collect();
        writeln!(input, "{}{}", question.call, lengths.concat()).expect("memory");
        for argument in question.arguments.iter().flatten() {
            input.extend(argument);
        }
        input.push(b'\n');
    }
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let writer = thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", output.status);
    writer.join().expect("no panic").expect("it reads all of it");

    let mut answers = Vec::new();
    let mut rest = &output.stdout[..];
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let head = String::from_utf8_lossy(&rest[..end]).into_owned();
        let (status, length) = head.split_once(' ').expect("a status and a length");
        let start = end + 1;
        let stop = start + length.parse::<usize>().expect("a length");
        answers.push((status.to_owned(), rest[start..stop].to_vec()));
        rest = &rest[stop + 1..];
    }
    answers
}
