//! What an event is claimed by. An id is unique among the events of a source or of a type, rarely among all of a company: so a
//! claim names its scope too. Knows no state store.

use crate::document::Form;
use crate::envelope::IdScope;
use crate::names::escaped;
use crate::policy::Policy;

impl Policy {
    /// The claim of an event; `None`: idempotency is off.
    pub(crate) fn claim(&self, id: &str, event_type: &str, form: &Form<'_>) -> Option<String> {
        let is_attribute = || self.envelope.id_place().is_some_and(|place| form.states(place));
        let scope = match self.id_scope {
            Some(scope) => scope,
            None if is_attribute() => IdScope::Source,
            None => IdScope::Type,
        };
        let claim = match (scope, &form.source) {
            (IdScope::Global, _) => id.to_owned(),
            (IdScope::Source, Some(source)) => format!("source:{}:{id}", escaped(source)),
            (IdScope::Source, None) | (IdScope::Type, _) => format!("type:{}:{id}", escaped(event_type)),
        };
        self.is_idempotent.then_some(claim)
    }
}
