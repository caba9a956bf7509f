//! How the answers of two policies for one event differ: the shadow comparison of a gate, and `tidegate diff`. Counts nothing.

mod answer;
mod change;
mod compare;
mod json;
mod outputs;

pub(crate) use self::change::cut;
pub use self::{
    answer::Answer,
    change::{Change, Detail, Values, ViolationSummary},
    compare::compare,
};
