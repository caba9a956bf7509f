//! The policy of plain files: a component without data of its own. Its bundle comes as data: to each instance by `configure`, or in
//! its memory, where `tidegate build` has put it. Knows no folder.

use std::sync::{Mutex, PoisonError};

use tidegate_policy::{Policy, PolicyError, export_policy};

/// What `configure` has made.
static CONFIGURED: Mutex<Option<Policy>> = Mutex::new(None);

/// The policy of the bundle: the one that was configured, or that of the memory.
pub fn policy() -> Result<Policy, PolicyError> {
    let configured = CONFIGURED.lock().unwrap_or_else(PoisonError::into_inner).take();
    configured.map_or_else(|| Policy::of_files(embedded::bundle()), Ok)
}

export_policy!(policy);

/// The bundle that lies in the memory. The engine of the gate puts it there, and knows this layout.
mod embedded {
    use std::hint::black_box;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[repr(C)]
    struct Place {
        mark: [u8; 16],
        at: AtomicU32,
        bytes: AtomicU32,
    }

    static PLACE: Place = Place {
        mark: *b"tidegate/bundle:",
        at: AtomicU32::new(0),
        bytes: AtomicU32::new(0),
    };

    /// The bundle as one document; empty: there is none.
    pub(super) fn bundle() -> &'static str {
        // Else the compiler would take for zero what is written into the file later.
        let place = black_box(&PLACE);
        black_box(&place.mark);
        let [at, bytes] = [&place.at, &place.bytes].map(|number| number.load(Ordering::Relaxed) as usize);
        if bytes == 0 {
            return "";
        }
        // SAFETY: whoever writes the numbers writes the bytes, at the end of the memory that the component starts with. Nothing else
        // knows them: the heap ends where the linker ended the memory, and grows behind it.
        #[allow(unsafe_code)]
        let bundle = unsafe { std::slice::from_raw_parts(std::ptr::with_exposed_provenance::<u8>(at), bytes) };
        std::str::from_utf8(bundle).unwrap_or_default()
    }
}

/// The export `configure`.
#[cfg(target_family = "wasm")]
#[allow(unsafe_code, unreachable_pub, clippy::pedantic, reason = "generated code")]
mod configurable {
    use tidegate_policy::{Policy, component::reason};

    wit_bindgen::generate!({ path: "../wit", world: "configurable" });

    struct Configurable;

    impl Guest for Configurable {
        fn configure(bundle: String, is_proven: bool) -> Result<(), String> {
            let make = if is_proven {
                Policy::of_proven_files
            } else {
                Policy::of_files
            };
            let policy = make(&bundle).map_err(|error| reason(&error))?;
            *super::CONFIGURED.lock().unwrap_or_else(super::PoisonError::into_inner) = Some(policy);
            Ok(())
        }
    }

    export!(Configurable);
}
