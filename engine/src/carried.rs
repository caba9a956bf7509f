//! Compiled code of a prebuilt component that a program carries with it, so that its first start compiles nothing. It is made when the
//! program is built, and runs on every machine of its architecture. Knows no policy.
//!
//! It is bound to the component by the digest, and to the engine by wasmtime, which refuses code of another version, of other settings
//! or for a processor that can do more than this one.

use wasmtime::{Config, component::Component};

use crate::digest::Digest;

/// The target that this program is built for, written out: wasmtime then uses nothing that only the processor here can do.
const TARGET: &str = env!("TIDEGATE_TARGET");

/// What processors have had for many years (x86-64-v2). On other architectures, nothing beyond the least.
const COMMON: &[&str] = if cfg!(target_arch = "x86_64") {
    &["has_sse3", "has_ssse3", "has_sse41", "has_sse42", "has_popcnt"]
} else {
    &[]
};

/// Compiles a component with the settings of the engine that will run it. `digest` tells its code from that of all others.
pub(crate) fn make(mut config: Config, component: &[u8], digest: &Digest) -> wasmtime::Result<Vec<u8>> {
    config.target(TARGET)?;
    for flag in COMMON {
        // SAFETY: the flags say what a processor can do, and wasmtime checks that this is so before it runs the code.
        #[allow(unsafe_code)]
        unsafe {
            config.cranelift_flag_enable(flag);
        }
    }
    let mut carried = digest.as_str().as_bytes().to_vec();
    carried.extend(wasmtime::Engine::new(&config)?.precompile_component(component)?);
    Ok(carried)
}

/// The code of the component of this digest; `None`: there is none, it is that of another one, or it does not fit the engine.
///
/// # Safety
/// `carried` is empty, or what [`make`] has made.
#[allow(unsafe_code)]
pub(crate) unsafe fn open(engine: &wasmtime::Engine, carried: &[u8], digest: &Digest) -> Option<Component> {
    let code = carried.strip_prefix(digest.as_str().as_bytes())?;
    // SAFETY: as the caller says.
    match unsafe { Component::deserialize(engine, code) } {
        Ok(component) => Some(component),
        Err(error) => {
            tracing::info!(%error, "the compiled code that this program carries does not fit; it is compiled");
            None
        }
    }
}
