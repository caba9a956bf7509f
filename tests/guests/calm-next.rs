//! The version after `calm`: accepts 1.1 as well.

struct CalmNext;

impl tidegate_guests::Guest for CalmNext {
    const VERSION: &'static str = "1.1.0";
    const VERSIONS: &'static [&'static str] = &["1.0", "1.1"];
}

tidegate_guests::export!(CalmNext);
