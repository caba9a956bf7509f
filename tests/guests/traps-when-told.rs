//! Traps on events that hold `"trap":true`, and on no others.

use tidegate_guests::{
    Guest,
    bindings::exports::tidegate::policy::gate::{Context, Misuse, Verdict},
    forward,
};

struct TrapsWhenTold;

impl Guest for TrapsWhenTold {
    fn process(event: &str, _context: Context) -> Result<Verdict, Misuse> {
        if event.contains(r#""trap":true"#) {
            core::arch::wasm32::unreachable()
        }
        Ok(forward::<Self>(event))
    }
}

tidegate_guests::export!(TrapsWhenTold);
