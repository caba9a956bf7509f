//! Arguments from C as Rust values. The only module that reads pointers. Knows nothing of what they mean.

use std::{
    ffi::{CStr, c_char},
    ptr::NonNull,
};

use crate::failure::Failure;

/// Bytes by pointer and length. A null pointer with length 0 is no bytes.
///
/// # Safety
/// `pointer` is null or points to `length` bytes that are valid for `'a`.
pub(crate) unsafe fn bytes<'a>(pointer: *const u8, length: usize, name: &'static str) -> Result<&'a [u8], Failure> {
    match (pointer.is_null(), isize::try_from(length)) {
        (true, Ok(0)) => Ok(&[]),
        (true, _) => Err(Failure::Null { name }),
        (false, Err(_)) => Err(Failure::TooLong { name, length }),
        // SAFETY: the caller's promise; the length is at most `isize::MAX`.
        (false, Ok(_)) => Ok(unsafe { std::slice::from_raw_parts(pointer, length) }),
    }
}

/// A text that ends with NUL.
///
/// # Safety
/// `pointer` is null or points to a NUL-terminated text that is valid for `'a`.
pub(crate) unsafe fn text<'a>(pointer: *const c_char, name: &'static str) -> Result<&'a str, Failure> {
    // SAFETY: the caller's promise.
    unsafe { text_or_none(pointer, name) }?.ok_or(Failure::Null { name })
}

/// A text that ends with NUL, or none.
///
/// # Safety
/// As for [`text`].
pub(crate) unsafe fn text_or_none<'a>(pointer: *const c_char, name: &'static str) -> Result<Option<&'a str>, Failure> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str()
        .map(Some)
        .map_err(|source| Failure::NotUtf8 { name, source })
}

/// A pointer of the caller to write to. Its content is never read, and may be uninitialised.
pub(crate) struct OutParameter<T>(NonNull<T>);

impl<T> OutParameter<T> {
    /// # Safety
    /// `pointer` is null or can be written for as long as this exists.
    pub(crate) unsafe fn new(pointer: *mut T, name: &'static str) -> Result<Self, Failure> {
        NonNull::new(pointer).map(Self).ok_or(Failure::Null { name })
    }

    pub(crate) fn write(&self, value: T) {
        // SAFETY: what `new` was promised.
        unsafe { self.0.write(value) }
    }
}
