//! Answers on their way to C: text that the caller owns until it gives it back.

use std::{
    ffi::{CString, c_char},
    ptr,
};

use crate::{argument::required, failure::Failure};

/// Where a caller wants its answer. It holds no answer until it is filled.
pub(crate) struct Slot<'a> {
    answer: &'a mut *mut c_char,
    length: Option<&'a mut usize>,
}

impl<'a> Slot<'a> {
    /// # Safety
    /// Both are null or can be written for `'a`, and nobody else uses them meanwhile.
    pub(crate) unsafe fn new(answer: *mut *mut c_char, length: *mut usize) -> Result<Self, Failure> {
        // SAFETY: the caller's promise.
        let (answer, mut length) = unsafe { (required(answer, "answer")?, length.as_mut()) };
        *answer = ptr::null_mut();
        if let Some(length) = &mut length {
            **length = 0;
        }
        Ok(Self { answer, length })
    }

    /// Hands an answer over.
    pub(crate) fn fill(self, answer: String) -> Result<(), Failure> {
        let length = answer.len();
        // JSON escapes NUL, so only a policy that does not write JSON gets here.
        let answer = CString::new(answer).map_err(|_| Failure::Misuse("the policy's answer holds a NUL".to_owned()))?;
        *self.answer = answer.into_raw();
        if let Some(place) = self.length {
            *place = length;
        }
        Ok(())
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
