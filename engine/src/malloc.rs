//! Giving memory back to the system. Loading a policy takes far more than is kept, each time on other threads; glibc keeps
//! what was freed for each of them, which would be hundreds of megabytes after some swaps.
//!
//! Does nothing where the allocator is not glibc's.

/// What is as large as the bytes of a policy is asked of the system, and given back as soon as it is freed. To be called
/// once; holds for the whole process.
pub(crate) fn borrow_large_pieces() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        const M_MMAP_THRESHOLD: std::ffi::c_int = -3;
        glibc::mallopt(M_MMAP_THRESHOLD, 1 << 20);
    }
}

/// Gives back what was freed in small pieces, as the compiler takes them.
pub(crate) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    glibc::malloc_trim(0);
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod glibc {
    use std::ffi::c_int;

    // SAFETY: both are of glibc's <malloc.h>, take numbers alone, and may be called by any thread at any time.
    #[allow(unsafe_code)]
    unsafe extern "C" {
        pub(super) safe fn mallopt(param: c_int, value: c_int) -> c_int;
        pub(super) safe fn malloc_trim(pad: usize) -> c_int;
    }
}
