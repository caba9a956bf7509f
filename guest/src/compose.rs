//! Completes an event of a publisher: gives it the id and the time that it does not state. Sends nothing; the result is judged like any
//! other event.

use serde_json::{Map, Value};

use crate::contract::{Attribute, Composed, Rejection, RejectionCause, Violation};
use crate::policy::Policy;
use crate::time::is_date_time;
use crate::violation::code;

impl Policy {
    /// Completes an event. Fails with its violations, as they are once id and time are added.
    pub fn compose(&self, event: &[u8], attributes: &[Attribute], id: &str, now: &str) -> Result<Composed, Rejection> {
        let unfit = |violation| self.unreadable(vec![violation], attributes).rejection;
        let document = self.document(event, attributes, self.bounds());
        let (mut members, form) = document.map_err(|violations| self.unreadable(violations, attributes).rejection)?;
        let before = self.leaving(&Value::Object(members.clone()), &form).map_err(unfit)?;
        let is_complete = !self.add_names(&mut members, id, now).map_err(unfit)?;

        let event = self.judge(members, form).map_err(|rejected| rejected.rejection)?;
        let event_id = event.id().into_owned();
        if is_complete {
            return Ok(Composed {
                event_id,
                event: None,
                attributes: Vec::new(),
            });
        }
        let unfit = |violation| Rejection {
            cause: RejectionCause::Unreadable,
            event_id: Some(event_id.clone()),
            event_type: Some(event.kind.name.clone()),
            violations: vec![violation],
        };
        let leaving = event.leaving().map_err(unfit)?;
        if let Some(violation) = self.too_large(&leaving.event) {
            return Err(unfit(violation));
        }
        Ok(Composed {
            event: Some(leaving.event).filter(|text| *text != before.event),
            attributes: leaving.attributes,
            event_id,
        })
    }

    /// Adds the id and the time where they are absent. True: one of them was.
    fn add_names(&self, members: &mut Map<String, Value>, id: &str, now: &str) -> Result<bool, Violation> {
        let event_type = &self.envelope.event_type;
        let mut is_added = false;
        if let Some(place) = self.envelope.id_place().filter(|place| place.find(members).is_none()) {
            place.set(members, event_type, id.into())?;
            is_added = true;
        }
        let time = self.envelope.time.as_ref();
        if let Some(place) = time.filter(|place| place.find(members).is_none()) {
            if !is_date_time(now) {
                return Err(Violation::new(code::FORMAT, place.pointer(), "the time to add is none"));
            }
            place.set(members, self.envelope.key_place().unwrap_or(event_type), now.into())?;
            is_added = true;
        }
        Ok(is_added)
    }
}
