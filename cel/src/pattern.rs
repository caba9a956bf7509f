//! Patterns of `matches`: regular expressions of linear time, compiled once and bounded.

use regex_automata::meta::Regex;
use regex_automata::nfa::thompson::NFA;
use regex_automata::{Anchored, Input};

use crate::budget::Budget;
use crate::error::Stop;

/// The largest compiled pattern, in bytes.
pub const MAX_PATTERN_BYTES: usize = 1 << 20;

/// The longest pattern, in bytes.
const MAX_TEXT_BYTES: usize = 64 << 10;

/// What a pattern may use to remember what it has seen, in bytes.
const CACHE_BYTES: usize = 256 << 10;

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Pattern {
    regex: Regex,
    /// How much there is to do for each byte, at worst.
    states: u64,
}

impl Pattern {
    /// Compiles a pattern. Fails with what is wrong with it.
    pub(crate) fn compile(text: &str) -> Result<Self, String> {
        let too_large = || format!("the pattern is too large: compiled, it may have {MAX_PATTERN_BYTES} bytes");
        if text.len() > MAX_TEXT_BYTES {
            return Err(too_large());
        }
        let nfa = NFA::compiler()
            .configure(NFA::config().nfa_size_limit(Some(MAX_PATTERN_BYTES)))
            .build(text)
            .map_err(|error| match error.size_limit() {
                Some(_) => too_large(),
                None => format!("the pattern is not a regular expression: {}", reason(&error)),
            })?;
        let config = Regex::config()
            .nfa_size_limit(Some(MAX_PATTERN_BYTES))
            .onepass_size_limit(Some(MAX_PATTERN_BYTES))
            .dfa_size_limit(Some(CACHE_BYTES))
            .hybrid_cache_capacity(CACHE_BYTES);
        let regex = Regex::builder()
            .configure(config)
            .build(text)
            .map_err(|_| too_large())?;
        Ok(Self {
            regex,
            states: nfa.states().len() as u64,
        })
    }

    /// Whether some part of a text matches.
    pub(crate) fn matches(&self, text: &str, budget: &mut Budget) -> Result<bool, Stop> {
        budget.spend(1 + (text.len() as u64).saturating_mul(16 + self.states) / 128)?;
        Ok(self
            .regex
            .search_half(&Input::new(text).earliest(true).anchored(Anchored::No))
            .is_some())
    }
}

/// The reason of a syntax error, in one line.
fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}
