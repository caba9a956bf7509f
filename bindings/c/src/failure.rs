//! Errors: a status for programs and a line for people; and the boundary across which no panic unwinds.

use std::{
    cell::RefCell,
    error::Error,
    ffi::{CString, c_char},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
};

use tidegate_engine::{EngineError, Fault, LoadError};

/// How a call ended. With any other status than `TIDEGATE_OK` there is no answer, and `tidegate_last_error` has the reason.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// There is an answer.
    TidegateOk = 0,
    /// An argument cannot be used: a null pointer, text that is not UTF-8, options that are not understood.
    TidegateArgument = 1,
    /// The handle was closed, or is not a handle.
    TidegateClosed = 2,
    /// The file cannot be read.
    TidegateIo = 3,
    /// The file is not a policy that can be run.
    TidegateLoad = 4,
    /// The policy misbehaved: it trapped, or took too long or too much memory. This says nothing about the event; the next call works.
    TidegateFault = 5,
    /// The arguments make no sense to the policy, such as a `now` that is not a time, or attributes that are no object of strings.
    TidegateMisuse = 6,
    /// A bug in this library.
    TidegatePanic = 7,
    /// This process was forked from one that had opened a policy. Open policies after the fork only.
    TidegateForked = 8,
}

/// Why a call gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A pointer is null.
    #[error("{name} is NULL")]
    Null { name: &'static str },
    /// A text is not UTF-8.
    #[error("{name} is not UTF-8")]
    NotUtf8 {
        name: &'static str,
        #[source]
        source: std::str::Utf8Error,
    },
    /// A length is impossible.
    #[error("{name} is {length} bytes long, which nothing can be")]
    TooLong { name: &'static str, length: usize },
    /// The options cannot be read.
    #[error("options are not as `tidegate_open_file` wants them")]
    Options(#[source] serde_json::Error),
    /// It is not an open handle.
    #[error("the policy was closed, or this never was one")]
    Closed,
    /// The file cannot be read.
    #[error("{path} cannot be read")]
    Read {
        path: String,
        #[source]
        source: io::Error,
    },
    /// The cache directory cannot be used.
    #[error("cache_dir cannot be used: {0}")]
    Cache(String),
    /// The process is a child of the one that has the library's threads.
    #[error("this process was forked from one that had opened a policy; open policies after the fork only")]
    Forked,
    /// No engine can be made.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The threads that an engine needs could not be started.
    #[error("the library's threads do not start")]
    Threads(#[source] io::Error),
    /// It is not a policy.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The policy misbehaved.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The policy's answer cannot be a text of C.
    #[error("the policy faulted: its answer holds a NUL")]
    Answer,
    /// The arguments make no sense to the policy.
    #[error("{0}")]
    Misuse(String),
}

impl Failure {
    fn status(&self) -> Status {
        match self {
            Self::Null { .. }
            | Self::TooLong { .. }
            | Self::NotUtf8 { .. }
            | Self::Options(_)
            | Self::Engine(EngineError::Config(_)) => Status::TidegateArgument,
            Self::Closed => Status::TidegateClosed,
            Self::Read { .. } | Self::Cache(_) | Self::Threads(_) | Self::Engine(EngineError::Clock(_)) => {
                Status::TidegateIo
            }
            Self::Load(_) => Status::TidegateLoad,
            Self::Fault(_) | Self::Answer => Status::TidegateFault,
            Self::Misuse(_) => Status::TidegateMisuse,
            Self::Forked => Status::TidegateForked,
        }
    }
}

thread_local! {
    static LAST: RefCell<CString> = RefCell::default();
}

/// Runs a call. An error or a panic becomes a status and a line.
pub(crate) fn guarded(call: impl FnOnce() -> Result<(), Failure>) -> Status {
    // What a panic leaves unfinished is dropped with the call; everything else is behind locks that are recovered.
    let (status, line) = match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(())) => (Status::TidegateOk, String::new()),
        Ok(Err(failure)) => (failure.status(), in_one_line(&failure)),
        Err(_) => (
            Status::TidegatePanic,
            "a bug in libtidegate: it panicked; the message is on standard error".to_owned(),
        ),
    };
    remember(line);
    status
}

/// The line of this thread's last call.
pub(crate) fn last() -> *const c_char {
    // It does not exist while the thread ends and its locals are destroyed.
    LAST.try_with(|line| line.borrow().as_ptr()).unwrap_or(c"".as_ptr())
}

fn remember(line: String) {
    // Only a path could contain a NUL, and only in theory; the line ends there.
    let line = CString::new(line).unwrap_or_else(|error| {
        let end = error.nul_position();
        let mut bytes = error.into_vec();
        bytes.truncate(end);
        CString::new(bytes).unwrap_or_default()
    });
    let _ = LAST.try_with(|last| last.replace(line));
}

/// An error with its causes, without those that repeat it.
pub(crate) fn in_one_line(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !line.contains(&cause_text) {
            line.push_str(": ");
            line.push_str(&cause_text);
        }
        source = cause.source();
    }
    line.replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::{Status, guarded, last};

    #[test]
    fn a_panic_is_a_status() {
        assert_eq!(guarded(|| panic!("a bug")), Status::TidegatePanic);
        // SAFETY: valid until this thread's next call.
        let line = unsafe { CStr::from_ptr(last()) };
        assert!(line.to_str().is_ok_and(|line| line.contains("a bug in libtidegate")));
        assert_eq!(guarded(|| Ok(())), Status::TidegateOk);
    }
}
