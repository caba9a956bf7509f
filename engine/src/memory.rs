//! Giving memory back to the system. Loading a policy takes far more than is kept, on threads of its own; an allocator
//! that keeps it for each of them would hold hundreds of megabytes after some swaps.

/// Gives back what the allocator holds and nobody uses. Does nothing where the allocator is not glibc's.
pub(crate) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        #[allow(unsafe_code)]
        unsafe extern "C" {
            /// glibc: releases free memory of all its arenas, and keeps `pad` bytes at the end of the first.
            safe fn malloc_trim(pad: usize) -> std::ffi::c_int;
        }
        malloc_trim(0);
    }
}
