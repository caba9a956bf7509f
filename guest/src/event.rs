//! A valid event: its document, its type and its version. Knows how to read members and how the event leaves, not how to judge it.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::contract::{Change, Violation};
use crate::document::Form;
use crate::expressions::Subject;
use crate::known::{KnownType, KnownVersion};
use crate::policy::Policy;

/// A valid event.
#[derive(Debug)]
pub(crate) struct Event<'p> {
    /// The policy that judged it.
    pub(crate) policy: &'p Policy,
    /// Its document; always a `Value::Object`.
    pub(crate) value: Value,
    /// How it came.
    pub(crate) form: Form<'p>,
    /// Its type.
    pub(crate) kind: &'p KnownType,
    /// The index of its version among those of its type.
    pub(crate) version: usize,
    /// The document in the latest version, where conditions are about that one and it came in another.
    pub(crate) latest: Option<Value>,
}

/// An event as it leaves.
#[derive(Debug)]
pub(crate) struct Leaving {
    /// Its text.
    pub(crate) event: String,
    /// The changes to its attributes.
    pub(crate) attributes: Vec<Change>,
}

impl<'p> Event<'p> {
    /// Its id; judging rules out that there is none.
    pub(crate) fn id(&self) -> Cow<'_, str> {
        self.policy.id_of(&self.value, &self.kind.name).unwrap_or_default()
    }

    /// Its partition key.
    pub(crate) fn key(&self) -> Option<String> {
        self.policy.key_of(&self.value).map(Cow::into_owned)
    }

    /// Its version.
    pub(crate) fn known_version(&self) -> &'p KnownVersion {
        &self.kind.versions[self.version]
    }

    /// What conditions on drops and channels are about.
    pub(crate) fn subject(&self) -> Subject<'_> {
        Subject {
            document: self.latest.as_ref().unwrap_or(&self.value),
            attributes: self.form.attributes,
        }
    }

    /// Its members, to change them.
    pub(crate) fn members(&mut self) -> Option<&mut Map<String, Value>> {
        self.value.as_object_mut()
    }

    /// The event as it leaves. Fails with a member that has no place in it.
    pub(crate) fn leaving(&self) -> Result<Leaving, Violation> {
        self.policy.leaving(&self.value, &self.form)
    }
}

impl Policy {
    /// A document as it leaves.
    pub(crate) fn leaving(&self, document: &Value, form: &Form<'_>) -> Result<Leaving, Violation> {
        if form.is_bare() {
            return Ok(Leaving {
                event: to_text(document),
                attributes: Vec::new(),
            });
        }
        let (event, attributes) = self.take_apart(document, form)?;
        Ok(Leaving {
            event: to_text(&event),
            attributes,
        })
    }
}

/// The compact text of a value. `serde_json::to_string` takes half the time of `Value`'s own `to_string`, and cannot fail for a
/// value with string keys.
fn to_text(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| value.to_string())
}
