//! Answers for C: text that the caller owns until it frees it. Knows nothing of what an answer means.

use std::{
    ffi::{CString, c_char},
    ptr,
};

use crate::{argument::OutParameter, failure::Failure};

/// Where the caller wants its answer. It is NULL until it is filled.
pub(crate) struct Slot {
    answer: OutParameter<*mut c_char>,
    length: Option<OutParameter<usize>>,
}

impl Slot {
    /// # Safety
    /// Both are null or can be written for as long as the slot is there.
    pub(crate) unsafe fn new(answer: *mut *mut c_char, length: *mut usize) -> Result<Self, Failure> {
        // SAFETY: the caller's promise.
        let (answer, length) = unsafe {
            (
                OutParameter::new(answer, "answer")?,
                OutParameter::new(length, "answer_length").ok(),
            )
        };
        let slot = Self { answer, length };
        slot.put(ptr::null_mut(), 0);
        Ok(slot)
    }

    /// Hands an answer over.
    pub(crate) fn fill(self, answer: String) -> Result<(), Failure> {
        let length = answer.len();
        // JSON escapes NUL, so this happens only when a policy does not write JSON.
        let answer = CString::new(answer).map_err(|_| Failure::Answer)?;
        self.put(answer.into_raw(), length);
        Ok(())
    }

    fn put(&self, answer: *mut c_char, length: usize) {
        self.answer.write(answer);
        if let Some(out) = &self.length {
            out.write(length);
        }
    }
}

/// # Safety
/// `answer` is null or came from [`Slot::fill`], once.
pub(crate) unsafe fn free(answer: *mut c_char) {
    if !answer.is_null() {
        // SAFETY: the caller's promise.
        drop(unsafe { CString::from_raw(answer) });
    }
}
