//! The document of an event: the event as it looks bare. Attributes that stand for members are laid at the places of those members,
//! and taken out again when the event leaves. Knows no event type, and nothing of what is valid.

use chrono::DateTime;
use serde_json::{Map, Value};

use crate::contract::{Attribute, Change, Violation};
use crate::envelope::Mapped;
use crate::parse::{Bounds, read_object, read_value};
use crate::place::{Place, name};
use crate::policy::Policy;
use crate::violation::{code, under};

/// The attribute that names where an event comes from.
const SOURCE: &str = "source";

/// The attribute that names the schema of the data.
const DATA_SCHEMA: &str = "dataschema";

/// How an event came, and so how it leaves.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form<'p> {
    /// The attributes that stand at places, and follow what becomes of them.
    laid: Vec<Laid<'p>>,
    /// Where the data stands, when the document is more than the data.
    payload: Option<&'p Place>,
    /// The attribute `source`.
    pub(crate) source: Option<String>,
    /// The attribute `dataschema`, unless it stands for a member.
    data_schema: Option<DataSchema>,
    /// The attributes that it came with.
    pub(crate) attributes: &'p [Attribute],
}

/// An attribute that was laid at a place which the event left empty, or that states what stands there.
#[derive(Debug, Clone)]
struct Laid<'p> {
    mapped: &'p Mapped,
    /// What stands at the place.
    value: String,
    /// The attribute as a whole.
    attribute: String,
    /// Whether the event states it too, so that the member stays.
    is_member: bool,
    /// Whether objects had to be made for it.
    makes_objects: bool,
}

/// The attribute `dataschema`.
#[derive(Debug, Clone)]
struct DataSchema {
    /// Whether the event leaves without it.
    is_removed: bool,
}

/// The value of an attribute.
fn value_of<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a str> {
    let named = attributes.iter().find(|attribute| attribute.name == name);
    named.map(|attribute| &*attribute.value)
}

impl Policy {
    /// The document of an event, and its form.
    pub(crate) fn document<'p>(
        &'p self,
        event: &[u8],
        attributes: &'p [Attribute],
        bounds: Bounds,
    ) -> Result<(Map<String, Value>, Form<'p>), Vec<Violation>> {
        let states_type = |mapped: &Mapped| {
            mapped.place == self.envelope.event_type && value_of(attributes, &mapped.attribute).is_some()
        };
        let payload = self.payload.as_ref().filter(|_| self.mapped.iter().any(states_type));
        let mut members = match payload {
            Some(place) => around(place, event, bounds)?,
            None => read_object(event, bounds)?,
        };
        let agree = |mapped: &Mapped, (stated, value): (&Value, &str)| {
            let agrees = mapped.agrees(stated, value);
            if agrees { Ok(()) } else { Err(mapped.ambiguous()) }
        };
        let form = self
            .lay(attributes, &mut members, agree)
            .map_err(|violation| vec![violation])?;
        Ok((members, Form { payload, ..form }))
    }

    /// Lays the attributes that stand for members at their places. `agree` judges one that is a member too.
    pub(crate) fn lay<'p>(
        &'p self,
        attributes: &'p [Attribute],
        members: &mut Map<String, Value>,
        agree: impl Fn(&Mapped, (&Value, &str)) -> Result<(), Violation>,
    ) -> Result<Form<'p>, Violation> {
        let mut form = Form {
            source: value_of(attributes, SOURCE).map(str::to_owned),
            data_schema: self.data_schema(attributes),
            attributes,
            ..Form::default()
        };
        for mapped in &self.mapped {
            let Some(attribute) = value_of(attributes, &mapped.attribute) else {
                continue;
            };
            let value = if mapped.is_end {
                &attribute[self.last_part(attribute)]
            } else {
                attribute
            };
            if let Some(stated) = mapped.place.find(members) {
                agree(mapped, (stated, value))?;
                form.laid.extend(name(stated).map(|stated| Laid {
                    mapped,
                    value: stated.to_owned(),
                    attribute: attribute.to_owned(),
                    is_member: true,
                    makes_objects: false,
                }));
                continue;
            }
            let makes_objects = matches!(mapped.place.parent(members), Ok(None));
            let neighbour = &self.envelope.event_type;
            mapped.place.set(members, neighbour, value.into())?;
            form.laid.push(Laid {
                mapped,
                value: value.to_owned(),
                attribute: attribute.to_owned(),
                is_member: false,
                makes_objects,
            });
        }
        Ok(form)
    }

    fn data_schema(&self, attributes: &[Attribute]) -> Option<DataSchema> {
        let is_mapped = self.mapped.iter().any(|mapped| mapped.attribute == DATA_SCHEMA);
        value_of(attributes, DATA_SCHEMA).filter(|_| !is_mapped)?;
        Some(DataSchema { is_removed: false })
    }

    /// Takes a document apart into the event and the changes to its attributes. Fails with a member that has no place in either.
    pub(crate) fn take_apart(&self, document: &Value, form: &Form<'_>) -> Result<(Value, Vec<Change>), Violation> {
        let mut members = document.as_object().cloned().unwrap_or_default();
        let mut changes = Vec::new();
        for mapped in &self.mapped {
            let laid = form.laid.iter().find(|laid| laid.mapped == mapped);
            if laid.is_none() && form.payload.is_none_or(|payload| payload.contains(&mapped.place)) {
                continue;
            }
            let stated = match laid {
                Some(laid) if laid.is_member => mapped.place.find(&members).cloned(),
                _ => mapped.place.take(&mut members),
            };
            let value = match stated {
                None => None,
                Some(Value::Bool(value)) => Some(value.to_string()),
                Some(value) => Some(name(&value).ok_or_else(|| mapped.not_a_name())?.to_owned()),
            };
            if value.as_ref() != laid.map(|laid| &laid.value) {
                let value = match (mapped.is_end, value, laid) {
                    (true, Some(version), Some(laid)) => Some(self.with_last_part(&laid.attribute, &version)),
                    (true, Some(_), None) => return Err(mapped.no_end()),
                    (_, value, _) => value,
                };
                changes.push(Change {
                    name: mapped.attribute.clone(),
                    value,
                });
            }
        }
        if form
            .data_schema
            .as_ref()
            .is_some_and(|data_schema| data_schema.is_removed)
        {
            changes.push(Change {
                name: DATA_SCHEMA.to_owned(),
                value: None,
            });
        }
        for laid in form.laid.iter().filter(|laid| laid.makes_objects) {
            laid.mapped.place.remove_empty_parents(&mut members);
        }
        let Some(payload) = form.payload else {
            return Ok((Value::Object(members), changes));
        };
        let data = payload.take(&mut members).unwrap_or_default();
        for place in self.mapped.iter().map(|mapped| &mapped.place).chain([payload]) {
            place.remove_empty_parents(&mut members);
        }
        match first_member(&members) {
            None => Ok((data, changes)),
            Some(path) => Err(Violation::new(
                code::MIGRATION_FAILED,
                path,
                "it is outside of the payload, and no attribute stands for it",
            )),
        }
    }
}

impl<'p> Form<'p> {
    /// Attributes, of which none was laid anywhere.
    pub(crate) fn only(attributes: &'p [Attribute]) -> Self {
        Self {
            attributes,
            ..Self::default()
        }
    }

    /// Whether an attribute states what stands at a place.
    pub(crate) fn states(&self, place: &Place) -> bool {
        self.laid.iter().any(|laid| laid.mapped.place == *place)
    }

    /// Whether the document is the event.
    pub(crate) fn is_bare(&self) -> bool {
        self.laid.is_empty() && self.payload.is_none() && self.data_schema.is_none()
    }

    /// The event leaves without a `dataschema`, unless that stands for a member.
    pub(crate) fn remove_data_schema(&mut self) {
        if let Some(data_schema) = &mut self.data_schema {
            data_schema.is_removed = true;
        }
    }
}

impl Mapped {
    /// Whether a member and the attribute state the same.
    fn agrees(&self, stated: &Value, value: &str) -> bool {
        let same_time = |text: &str| {
            let read = |text| DateTime::parse_from_rfc3339(text).ok();
            self.is_time && read(text).is_some() && read(text) == read(value)
        };
        name(stated).is_some_and(|text| text == value || same_time(text))
    }

    fn ambiguous(&self) -> Violation {
        let message = format!("the attribute {} states it differently", self.attribute);
        Violation::new(code::AMBIGUOUS, self.place.pointer(), message)
    }

    fn no_end(&self) -> Violation {
        let message = format!(
            "it would leave at the end of the attribute {}, which the event does not have",
            self.attribute
        );
        Violation::new(code::MIGRATION_FAILED, self.place.pointer(), message)
    }

    fn not_a_name(&self) -> Violation {
        let message = format!("it leaves as the attribute {}, and must be a text", self.attribute);
        Violation::new(code::TYPE, self.place.pointer(), message)
    }
}

/// A document with some data at a place.
fn around(place: &Place, data: &[u8], bounds: Bounds) -> Result<Map<String, Value>, Vec<Violation>> {
    let inside = Bounds {
        depth: bounds.depth.saturating_sub(place.depth() + 1),
        ..bounds
    };
    let data = read_value(data, inside).map_err(|mut violations| {
        for violation in &mut violations {
            violation.path = place
                .names()
                .rev()
                .fold(violation.path.clone(), |path, name| under(name, &path));
        }
        violations
    })?;
    let mut members = Map::new();
    place
        .set(&mut members, place, data)
        .map_err(|violation| vec![violation])?;
    Ok(members)
}

/// The place of the first member, of an object the first inside of it.
fn first_member(members: &Map<String, Value>) -> Option<String> {
    let (name, value) = members.iter().next()?;
    let inside = value.as_object().and_then(first_member).unwrap_or_default();
    Some(under(name, &inside))
}
