//! The C functions, called as C calls them: every misuse is a status and a line, and threads do not interfere.

use std::{
    ffi::{CStr, CString, c_char},
    fs,
    os::unix::fs::PermissionsExt,
    ptr,
    sync::{Barrier, LazyLock},
    thread,
};

use rstest::rstest;
use tidegate_ffi::{
    Policy, Status, tidegate_catalog, tidegate_close, tidegate_digest, tidegate_free, tidegate_last_error,
    tidegate_migrate, tidegate_next_attempt, tidegate_open_bytes, tidegate_open_file, tidegate_process,
    tidegate_validate, tidegate_version,
};
use tidegate_tests::{dist, guest};

const EVENT: &str = r#"{"event_id":"e-1","event_type":"task.created","event_version":"1.0","task_id":9007199254740993,"user_id":"user-1","timestamp":"2026-03-01T09:30:00Z","payload":{"title":"Water the plants"}}"#;

/// The real policy, opened once for all tests of this program.
static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let path = c(dist("policy.wasm").to_str().expect("UTF-8"));
    open_file(&path, Some(&cached())).expect("the policy opens")
});

/// Options with which a policy is compiled once for all tests.
fn cached() -> CString {
    let cache = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/test-cache");
    c(&format!(r#"{{"cache_dir":{cache:?}}}"#))
}

fn c(text: &str) -> CString {
    CString::new(text).expect("no NUL")
}

fn last_error() -> String {
    // SAFETY: valid until this thread's next call.
    let line = unsafe { CStr::from_ptr(tidegate_last_error()) };
    line.to_str().expect("UTF-8").to_owned()
}

fn open_file(path: &CStr, options: Option<&CStr>) -> Result<Policy, (Status, String)> {
    let mut policy = 77;
    // SAFETY: all pointers point to what the function expects.
    let status = unsafe {
        tidegate_open_file(
            path.as_ptr(),
            options.map_or(ptr::null(), CStr::as_ptr),
            &raw mut policy,
        )
    };
    if status == Status::TidegateOk {
        return Ok(policy);
    }
    assert_eq!(policy, 0, "no handle is given");
    Err((status, last_error()))
}

/// Makes a call and takes its answer.
fn ask(call: impl FnOnce(*mut *mut c_char, *mut usize) -> Status) -> Result<String, (Status, String)> {
    let mut answer = ptr::dangling_mut();
    let mut length = 77;
    let status = call(&raw mut answer, &raw mut length);
    if status != Status::TidegateOk {
        assert!(answer.is_null() && length == 0, "no answer is given");
        return Err((status, last_error()));
    }
    assert_eq!(last_error(), "");
    // SAFETY: an answer of this length, followed by a NUL.
    let bytes = unsafe { std::slice::from_raw_parts(answer.cast::<u8>(), length + 1) };
    assert_eq!(bytes[length], 0);
    let text = String::from_utf8(bytes[..length].to_vec()).expect("UTF-8");
    // SAFETY: it is not used again.
    unsafe { tidegate_free(answer) };
    Ok(text)
}

fn validate(policy: Policy, event: &[u8]) -> Result<String, (Status, String)> {
    validate_with(policy, event, None)
}

fn validate_with(policy: Policy, event: &[u8], attributes: Option<&CStr>) -> Result<String, (Status, String)> {
    let attributes = attributes.map_or(ptr::null(), CStr::as_ptr);
    // SAFETY: all pointers point to what the function expects.
    ask(|answer, length| unsafe { tidegate_validate(policy, event.as_ptr(), event.len(), attributes, answer, length) })
}

fn process(policy: Policy, event: &[u8], now: &CStr) -> Result<String, (Status, String)> {
    // SAFETY: all pointers point to what the function expects.
    ask(|answer, length| unsafe {
        tidegate_process(
            policy,
            event.as_ptr(),
            event.len(),
            now.as_ptr(),
            ptr::null(),
            ptr::null(),
            answer,
            length,
        )
    })
}

#[test]
fn answers_are_those_of_the_contract() {
    let policy = *POLICY;
    assert_eq!(
        validate(policy, EVENT.as_bytes()).expect("an answer"),
        r#"{"valid":true,"event_id":"e-1","event_type":"task.created","event_version":"1.0","key":"user-1","claim":"e-1"}"#
    );
    let version = c("1.1");
    // SAFETY: all pointers point to what the function expects.
    let migrated = ask(|answer, length| unsafe {
        tidegate_migrate(
            policy,
            EVENT.as_ptr(),
            EVENT.len(),
            version.as_ptr(),
            ptr::null(),
            answer,
            length,
        )
    });
    assert!(migrated.expect("an answer").contains(r#"\"task_id\":9007199254740993"#));
    let event_type = c("reminder.due");
    // SAFETY: the same.
    let plan = ask(|answer, length| unsafe { tidegate_next_attempt(policy, event_type.as_ptr(), 9, answer, length) });
    assert_eq!(
        plan.expect("an answer"),
        r#"{"action":"retry","delay_ms":512000,"retries_left":0}"#
    );
    // SAFETY: the same.
    let catalog = ask(|answer, length| unsafe { tidegate_catalog(policy, answer, length) });
    assert!(catalog.expect("an answer").starts_with(r#"{"name":"tidegate-tasks""#));
    // SAFETY: the same.
    let digest = ask(|answer, length| unsafe { tidegate_digest(policy, answer, length) });
    assert_eq!(digest.expect("an answer").len(), "sha256:".len() + 64);
    // SAFETY: a text that ends with NUL.
    let version = unsafe { CStr::from_ptr(tidegate_version()) };
    assert_eq!(version.to_str(), Ok(env!("CARGO_PKG_VERSION")));
}

#[test]
fn bytes_that_are_not_text_get_an_answer() {
    assert_eq!(
        validate(*POLICY, b"{\"\xff\"}").expect("an answer"),
        r#"{"valid":false,"cause":"unreadable","event_id":null,"event_type":null,"violations":[{"code":"not-utf8","path":"","message":"not UTF-8 at byte 3","rule":null,"version":null}]}"#
    );
    assert!(validate(*POLICY, b"{\0}").expect("an answer").contains("not-json"));
    // SAFETY: a null pointer with length 0 is no bytes.
    let nothing =
        ask(|answer, length| unsafe { tidegate_validate(*POLICY, ptr::null(), 0, ptr::null(), answer, length) });
    assert!(nothing.expect("an answer").contains("not-json"));
}

#[test]
fn null_is_an_argument_that_cannot_be_used() {
    let null = |name: &str| Err((Status::TidegateArgument, format!("{name} is NULL")));
    let mut policy = 77;
    // SAFETY: null is allowed everywhere.
    unsafe {
        assert_eq!(
            tidegate_open_file(ptr::null(), ptr::null(), &raw mut policy),
            Status::TidegateArgument
        );
        assert_eq!((policy, last_error().as_str()), (0, "path is NULL"));
        assert_eq!(
            tidegate_open_bytes(ptr::null(), 1, ptr::null(), &raw mut policy),
            Status::TidegateArgument
        );
        assert_eq!(last_error(), "file is NULL");
        assert_eq!(
            tidegate_open_bytes(b"".as_ptr(), 0, ptr::null(), ptr::null_mut()),
            Status::TidegateArgument
        );
        assert_eq!(last_error(), "policy is NULL");
        let no_event = ask(|answer, length| tidegate_validate(*POLICY, ptr::null(), 1, ptr::null(), answer, length));
        assert_eq!(no_event, null("event"));
        let no_version =
            ask(|answer, length| tidegate_migrate(*POLICY, ptr::null(), 0, ptr::null(), ptr::null(), answer, length));
        assert_eq!(no_version, null("to_version"));
        let no_type = ask(|answer, length| tidegate_next_attempt(*POLICY, ptr::null(), 0, answer, length));
        assert_eq!(no_type, null("event_type"));
        let (none, text) = (ptr::null(), ptr::null());
        let no_time = ask(|answer, length| tidegate_process(*POLICY, none, 0, text, text, text, answer, length));
        assert_eq!(no_time, null("now"));
        assert_eq!(
            tidegate_catalog(*POLICY, ptr::null_mut(), ptr::null_mut()),
            Status::TidegateArgument
        );
        assert_eq!(last_error(), "answer is NULL");
        tidegate_free(ptr::null_mut());
    }
}

#[test]
fn the_length_of_the_answer_is_optional() {
    let mut answer = ptr::null_mut();
    // SAFETY: all pointers point to what the function expects.
    unsafe {
        let status = tidegate_validate(
            *POLICY,
            EVENT.as_ptr(),
            EVENT.len(),
            ptr::null(),
            &raw mut answer,
            ptr::null_mut(),
        );
        assert_eq!(status, Status::TidegateOk);
        tidegate_free(answer);
    }
}

#[test]
fn texts_that_are_not_utf8_are_refused() {
    let bad = CString::new(b"caf\xe9".to_vec()).expect("no NUL");
    // SAFETY: all pointers point to what the function expects.
    let plan = ask(|answer, length| unsafe { tidegate_next_attempt(*POLICY, bad.as_ptr(), 0, answer, length) });
    let (status, line) = plan.expect_err("no text");
    assert_eq!(status, Status::TidegateArgument);
    assert!(line.starts_with("event_type is not UTF-8: "), "{line}");
    let (status, line) = validate_with(*POLICY, EVENT.as_bytes(), Some(&bad)).expect_err("no text");
    assert_eq!(status, Status::TidegateArgument);
    assert!(line.starts_with("attributes is not UTF-8: "), "{line}");
}

#[rstest]
#[case::not_an_object("[]")]
#[case::unknown(r#"{"deadline":1}"#)]
#[case::wrong_type(r#"{"deadline_ms":"soon"}"#)]
#[case::unknown_isolation(r#"{"isolation":"none"}"#)]
#[case::cut_off("{")]
#[case::twice(r#"{"deadline_ms":1,"deadline_ms":2}"#)]
#[case::no_time(r#"{"deadline_ms":0}"#)]
#[case::no_calls(r#"{"max_concurrent_calls":0}"#)]
fn options_that_are_not_understood_are_refused(#[case] options: &str) {
    let opened = open_file(&c(dist("policy.wasm").to_str().expect("UTF-8")), Some(&c(options)));
    let (status, line) = opened.expect_err("no options");
    assert_eq!(status, Status::TidegateArgument);
    assert!(
        line.starts_with("options are not as `tidegate_open_file` wants them: "),
        "{line}"
    );
}

#[test]
fn a_file_that_is_no_policy_is_refused_with_a_reason() {
    let (status, line) = open_file(c"/no/such/file", None).expect_err("no file");
    assert_eq!(status, Status::TidegateIo);
    assert!(line.starts_with("/no/such/file cannot be read: "), "{line}");

    let text = tempfile::NamedTempFile::new().expect("a file");
    fs::write(text.path(), "hello").expect("a file that can be written");
    let (status, line) = open_file(&c(text.path().to_str().expect("UTF-8")), None).expect_err("no policy");
    assert_eq!(status, Status::TidegateLoad);
    assert!(line.starts_with("this is not a WebAssembly component"), "{line}");

    let (status, line) = open_file(&c(guest("reads-files").to_str().expect("UTF-8")), None).expect_err("forbidden");
    assert_eq!(status, Status::TidegateLoad);
    assert!(line.contains("imports wasi:filesystem/"), "{line}");
}

#[test]
fn a_handle_that_was_closed_is_an_error() {
    let policy = open_file(&c(guest("calm").to_str().expect("UTF-8")), None).expect("it opens");
    assert_eq!(tidegate_close(policy), Status::TidegateOk);
    let closed = (
        Status::TidegateClosed,
        "the policy was closed, or this never was one".to_owned(),
    );
    assert_eq!(tidegate_close(policy), Status::TidegateClosed);
    assert_eq!(validate(policy, EVENT.as_bytes()), Err(closed.clone()));
    assert_eq!(validate(0, EVENT.as_bytes()), Err(closed.clone()));
    assert_eq!(validate(u64::MAX, EVENT.as_bytes()), Err(closed));
}

#[test]
fn an_invalid_time_is_a_misuse() {
    let (status, line) = process(*POLICY, EVENT.as_bytes(), c"noon").expect_err("no time");
    assert_eq!(status, Status::TidegateMisuse);
    assert!(line.contains("now"), "{line}");
}

#[rstest]
#[case::no_json("type=task.created")]
#[case::no_object(r#"["type"]"#)]
#[case::no_string(r#"{"subject":1}"#)]
#[case::twice(r#"{"subject":"a","subject":"b"}"#)]
fn attributes_of_another_form_are_a_misuse(#[case] attributes: &str) {
    let (status, line) = validate_with(*POLICY, EVENT.as_bytes(), Some(&c(attributes))).expect_err("no attributes");
    let says = "the attributes must be an object of strings";
    assert!(
        status == Status::TidegateMisuse && line.starts_with(says),
        "{status:?}: {line}"
    );
}

#[test]
fn a_fault_says_nothing_about_the_next_call() {
    let traps = open_file(&c(guest("traps-when-told").to_str().expect("UTF-8")), None).expect("it opens");
    let loops = open_file(
        &c(guest("loops").to_str().expect("UTF-8")),
        Some(c"{\"deadline_ms\":20}"),
    )
    .expect("it opens");
    let now = c"2026-03-01T09:30:00Z";
    for _ in 0..20 {
        let (status, line) = process(traps, br#"{"trap":true}"#, now).expect_err("it traps");
        assert_eq!(status, Status::TidegateFault);
        assert!(line.starts_with("the policy faulted in process: trap"), "{line}");
        assert!(
            process(traps, EVENT.as_bytes(), now)
                .expect("an answer")
                .contains("forward")
        );
    }
    let (status, line) = process(loops, EVENT.as_bytes(), now).expect_err("it never ends");
    assert_eq!(status, Status::TidegateFault);
    assert!(line.starts_with("the policy faulted in process: deadline"), "{line}");
    assert_eq!(
        (tidegate_close(traps), tidegate_close(loops)),
        (Status::TidegateOk, Status::TidegateOk)
    );
}

#[test]
fn threads_have_errors_of_their_own() {
    let policy = *POLICY;
    thread::scope(|scope| {
        for number in 0..8 {
            scope.spawn(move || {
                for _ in 0..200 {
                    if number % 2 == 0 {
                        assert!(validate(policy, EVENT.as_bytes()).expect("an answer").contains("true"));
                    } else {
                        assert!(
                            process(policy, EVENT.as_bytes(), c"noon")
                                .expect_err("no time")
                                .1
                                .contains("now")
                        );
                    }
                }
            });
        }
    });
}

#[test]
fn a_policy_may_be_closed_during_calls() {
    for _ in 0..20 {
        let policy = open_file(&c(guest("calm").to_str().expect("UTF-8")), Some(&cached())).expect("it opens");
        let asked = Barrier::new(5);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    assert!(
                        validate(policy, EVENT.as_bytes())
                            .expect("it is open")
                            .starts_with(r#"{"valid":"#)
                    );
                    asked.wait();
                    loop {
                        match validate(policy, EVENT.as_bytes()) {
                            Ok(answer) => assert!(answer.starts_with(r#"{"valid":"#)),
                            Err((Status::TidegateClosed, _)) => break,
                            Err(other) => panic!("{other:?}"),
                        }
                    }
                });
            }
            asked.wait();
            assert_eq!(tidegate_close(policy), Status::TidegateOk);
        });
    }
}

#[test]
fn a_cache_that_is_not_private_is_refused() {
    let shared = tempfile::tempdir().expect("a folder");
    fs::set_permissions(shared.path(), fs::Permissions::from_mode(0o777)).expect("it can be opened to all");
    for folder in [shared.path().to_str().expect("UTF-8"), "/proc/none"] {
        let options = c(&format!(r#"{{"cache_dir":{folder:?}}}"#));
        let opened = open_file(&c(guest("calm").to_str().expect("UTF-8")), Some(&options));
        let (status, line) = opened.expect_err("it is not used");
        assert_eq!(status, Status::TidegateIo);
        assert!(
            line.starts_with("cache_dir cannot be used: ") && line.contains(folder),
            "{line}"
        );
    }
}
