//! Arguments as they come from C, made into Rust's. The only module that reads pointers.

use std::{
    ffi::{CStr, c_char},
    ptr::NonNull,
};

use crate::failure::Failure;

/// Bytes by pointer and length. A null pointer with length 0 is no bytes.
///
/// # Safety
/// `pointer` is null or points to `length` bytes that stay for `'a`.
pub(crate) unsafe fn bytes<'a>(pointer: *const u8, length: usize, name: &'static str) -> Result<&'a [u8], Failure> {
    match (pointer.is_null(), isize::try_from(length)) {
        (true, Ok(0)) => Ok(&[]),
        (true, _) => Err(Failure::Null { name }),
        (false, Err(_)) => Err(Failure::TooLong { name, length }),
        // SAFETY: the caller's promise, and no longer than anything can be.
        (false, Ok(_)) => Ok(unsafe { std::slice::from_raw_parts(pointer, length) }),
    }
}

/// A text that ends with NUL.
///
/// # Safety
/// `pointer` is null or points to a NUL-terminated text that stays for `'a`.
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

/// A place that the caller gave to write to. What is in it is never read: it may be anything.
pub(crate) struct Place<T>(NonNull<T>);

impl<T> Place<T> {
    /// # Safety
    /// `pointer` is null or can be written for as long as the place is there.
    pub(crate) unsafe fn new(pointer: *mut T, name: &'static str) -> Result<Self, Failure> {
        NonNull::new(pointer).map(Self).ok_or(Failure::Null { name })
    }

    pub(crate) fn write(&self, value: T) {
        // SAFETY: what `new` was promised.
        unsafe { self.0.write(value) }
    }
}
