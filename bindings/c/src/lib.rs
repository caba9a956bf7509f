//! A Tidegate policy from C: flat functions, answers in JSON, and a status for every error.
//!
//! The header is `include/tidegate.h`. Events are pointer and length and may be any bytes. Answers are those of the
//! contract's `json` interface, unchanged, and belong to the caller until [`tidegate_free`]. All functions may be called
//! from any thread at any time. Nothing unwinds into the caller, and a handle that was closed is an error, not a crash.
//! This crate knows the engine and C, and nothing of what an event means.

mod answer;
mod argument;
mod failure;
mod handles;
mod options;
mod policy;

use std::ffi::{CStr, c_char};

use crate::{
    answer::Slot,
    argument::{bytes, text, text_or_none},
    failure::Failure,
    policy::Loaded,
};

pub use crate::{failure::Status, handles::Policy};

/// Opens the policy in the file `path`. It is compiled, which takes seconds, unless it is in `cache_dir`.
///
/// `options` is NULL or a JSON object; all members may be absent:
/// `{"isolation":"reuse"|"fresh","deadline_ms":100,"memory_bytes":67108864,"output_bytes":16777216,"max_concurrent_calls":16,"cache_dir":"/path"}`.
/// With `reuse` an instance of the policy serves one call after another until one of them faults; with `fresh` each call
/// has its own. Calls beyond `max_concurrent_calls` wait. A `cache_dir` that cannot be used, or that other users can write to, is
/// `TIDEGATE_IO`.
///
/// # Safety
/// `path` and `options` are NULL or NUL-terminated; `policy` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tidegate_open_file(
    path: *const c_char,
    options: *const c_char,
    policy: *mut Policy,
) -> Status {
    failure::guarded(|| {
        // SAFETY: the caller's promise.
        let opened = unsafe { handles::Opened::new(policy)? };
        // SAFETY: the same.
        let (path, options) = unsafe { (text(path, "path")?, text_or_none(options, "options")?) };
        let file = std::fs::read(path).map_err(|source| Failure::Read {
            path: path.to_owned(),
            source,
        })?;
        opened.give(Loaded::load(&file, options)?);
        Ok(())
    })
}

/// Opens a policy that is already in memory. The bytes are not needed afterwards. `options` as in `tidegate_open_file`.
///
/// # Safety
/// `file` points to `length` bytes; `options` is NULL or NUL-terminated; `policy` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tidegate_open_bytes(
    file: *const u8,
    length: usize,
    options: *const c_char,
    policy: *mut Policy,
) -> Status {
    failure::guarded(|| {
        // SAFETY: the caller's promise.
        let opened = unsafe { handles::Opened::new(policy)? };
        // SAFETY: the same.
        let (file, options) = unsafe { (bytes(file, length, "file")?, text_or_none(options, "options")?) };
        opened.give(Loaded::load(file, options)?);
        Ok(())
    })
}

/// Closes a policy. Running calls finish; later ones return `TIDEGATE_CLOSED`, and so does closing again.
#[unsafe(no_mangle)]
pub extern "C" fn tidegate_close(policy: Policy) -> Status {
    failure::guarded(|| handles::close(policy).map(drop))
}

/// Is this event one that the policy accepts? The answer is that of `json.validate`:
/// `{"valid":true,"event_id":…,"event_type":…,"event_version":…,"key":…,"claim":…}` or
/// `{"valid":false,"cause":"unreadable|unknown|invalid","event_id":…,"event_type":…,"violations":[{"code","path","message","rule","version"}]}`.
/// An event that is not valid is an answer, and the status is `TIDEGATE_OK`.
///
/// `attributes` are the event's CloudEvents attributes, a JSON object of strings such as `{"type":"order.placed"}`; NULL or the
/// empty string is none. What is no such object gives `TIDEGATE_MISUSE`.
///
/// # Safety
/// `event` points to `length` bytes; `attributes` is NULL or NUL-terminated; `answer` and `answer_length` are NULL or can be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tidegate_validate(
    policy: Policy,
    event: *const u8,
    length: usize,
    attributes: *const c_char,
    answer: *mut *mut c_char,
    answer_length: *mut usize,
) -> Status {
    failure::guarded(|| {
        // SAFETY: the caller's promise.
        let (slot, event) = unsafe { (Slot::new(answer, answer_length)?, bytes(event, length, "event")?) };
        // SAFETY: the same.
        let attributes = unsafe { text_or_none(attributes, "attributes")? }.unwrap_or_default();
        slot.fill(handles::get(policy)?.validate(event, attributes)?)
    })
}

/// Brings an event to the version `to_version`. The answer is that of `json.migrate`; its `event` is null when the text needs
/// no change. `attributes` as in `tidegate_validate`.
///
/// # Safety
/// As for `tidegate_validate`; `to_version` is NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tidegate_migrate(
    policy: Policy,
    event: *const u8,
    length: usize,
    to_version: *const c_char,
    attributes: *const c_char,
    answer: *mut *mut c_char,
    answer_length: *mut usize,
) -> Status {
    failure::guarded(|| {
        // SAFETY: the caller's promise.
        let (slot, event) = unsafe { (Slot::new(answer, answer_length)?, bytes(event, length, "event")?) };
        // SAFETY: the same.
        let (to_version, attributes) = unsafe {
            (
                text(to_version, "to_version")?,
                text_or_none(attributes, "attributes")?.unwrap_or_default(),
            )
        };
        slot.fill(handles::get(policy)?.migrate(event, to_version, attributes)?)
    })
}

/// What follows when attempt number `attempt` at an event of this type failed? The first attempt is 0. The answer is that of
/// `json.next-attempt`: `{"action":"retry|dead-letter","delay_ms":1000,"retries_left":2}`.
///
/// # Safety
/// `event_type` is NULL or NUL-terminated; `answer` and `answer_length` are NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tidegate_next_attempt(
    policy: Policy,
    event_type: *const c_char,
    attempt: u32,
    answer: *mut *mut c_char,
    answer_length: *mut usize,
) -> Status {
    failure::guarded(|| {
        // SAFETY: the caller's promise.
        let (slot, event_type) = unsafe { (Slot::new(answer, answer_length)?, text(event_type, "event_type")?) };
        slot.fill(handles::get(policy)?.next_attempt(event_type, attempt)?)
    })
}

/// What would a gate do with this event? `now` is the time to judge by, RFC 3339 with an offset; `target_version` is the
/// version in which the event shall leave, or NULL for that of its type. The answer is that of `json.process`. A `now` that
/// is not a time gives `TIDEGATE_MISUSE`. `attributes` as in `tidegate_validate`.
///
/// # Safety
/// As for `tidegate_validate`; `now` and `target_version` are NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tidegate_process(
    policy: Policy,
    event: *const u8,
    length: usize,
    now: *const c_char,
    target_version: *const c_char,
    attributes: *const c_char,
    answer: *mut *mut c_char,
    answer_length: *mut usize,
) -> Status {
    failure::guarded(|| {
        // SAFETY: the caller's promise.
        let (slot, event) = unsafe { (Slot::new(answer, answer_length)?, bytes(event, length, "event")?) };
        // SAFETY: the same.
        let (now, target_version, attributes) = unsafe {
            (
                text(now, "now")?,
                text_or_none(target_version, "target_version")?,
                text_or_none(attributes, "attributes")?.unwrap_or_default(),
            )
        };
        slot.fill(handles::get(policy)?.process(event, now, target_version, attributes)?)
    })
}

/// What the policy knows: its types, versions, examples, migrations, rules, retries, channels, envelope, dead letters, alerts and
/// limits, as `json.catalog` gives it.
///
/// # Safety
/// `answer` and `answer_length` are NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tidegate_catalog(
    policy: Policy,
    answer: *mut *mut c_char,
    answer_length: *mut usize,
) -> Status {
    failure::guarded(|| {
        // SAFETY: the caller's promise.
        let slot = unsafe { Slot::new(answer, answer_length)? };
        slot.fill(handles::get(policy)?.catalog()?)
    })
}

/// The digest of the policy's file, such as `sha256:9f86d0…`; not JSON.
///
/// # Safety
/// `answer` and `answer_length` are NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tidegate_digest(
    policy: Policy,
    answer: *mut *mut c_char,
    answer_length: *mut usize,
) -> Status {
    failure::guarded(|| {
        // SAFETY: the caller's promise.
        let slot = unsafe { Slot::new(answer, answer_length)? };
        slot.fill(handles::get(policy)?.digest())
    })
}

/// Frees an answer. NULL is allowed.
///
/// # Safety
/// `answer` is NULL or came from a function of this library and was not freed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tidegate_free(answer: *mut c_char) {
    // SAFETY: the caller's promise.
    unsafe { answer::free(answer) }
}

/// Why this thread's last call failed, in one line; the empty string if it did not. Valid until this thread's next call.
#[unsafe(no_mangle)]
pub extern "C" fn tidegate_last_error() -> *const c_char {
    failure::last()
}

/// The version of this library, such as `0.1.0`.
#[unsafe(no_mangle)]
pub extern "C" fn tidegate_version() -> *const c_char {
    const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => panic!("a version has no NUL"),
    };
    VERSION.as_ptr()
}
