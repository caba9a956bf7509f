//! A rule that is code: what must be true of an event and neither a schema nor an expression can say. It is asked whether or not the
//! event is valid otherwise. Knows no schema.

use crate::contract::Violation;
use crate::steps::Members;

/// What must be true of an event.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its id: the code of its violations too.
    pub id: &'static str,
    /// What is wrong with an event, if it breaks the rule: where, and why.
    pub check: fn(&Members) -> Option<(&'static str, &'static str)>,
}

impl Rule {
    /// The violation, if an event breaks the rule.
    pub(crate) fn violation(&self, event: &Members) -> Option<Violation> {
        let (path, message) = (self.check)(event)?;
        Some(Violation::of_rule(self.id, path, message))
    }
}
