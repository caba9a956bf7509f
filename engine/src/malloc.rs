//! Returns freed memory to the system. Loading a policy allocates far more than a loaded policy needs, each time on other
//! threads. glibc keeps freed memory for each thread, which would add up to hundreds of megabytes after some swaps.
//!
//! Does nothing where the allocator is not glibc's. Knows nothing of policies.

/// From now on, allocations as large as a policy's file come from the system and go back to it as soon as they are freed.
/// Called once; applies to the whole process.
pub(crate) fn map_large_allocations() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        const M_MMAP_THRESHOLD: std::ffi::c_int = -3;
        glibc::mallopt(M_MMAP_THRESHOLD, 1 << 20);
    }
}

/// Returns memory that was freed in small pieces, as a compiler does.
pub(crate) fn trim() {
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
