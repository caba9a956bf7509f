//! Its catalog lists a hundred thousand types, each with a name of a megabyte.
#![allow(unsafe_code, reason = "the harm")]

use tidegate_guests::{Guest, PolicyCatalog};

struct FloodsCatalog;

impl Guest for FloodsCatalog {
    fn catalog() -> PolicyCatalog {
        struct Calm;
        impl Guest for Calm {}
        let mut catalog = Calm::catalog();
        let text = String::leak(" ".repeat(1 << 20));
        // SAFETY: as in `floods`.
        let shared = || unsafe { String::from_raw_parts(text.as_ptr().cast_mut(), text.len(), text.len()) };
        catalog.channels = (0..100_000).map(|_| shared()).collect();
        catalog
    }
}

tidegate_guests::export!(FloodsCatalog);
