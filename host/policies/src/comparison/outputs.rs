//! Compares the outputs of two policies for one event: which correspond, and how they differ. Knows nothing of decisions.

use serde_json::Value;

use super::{
    change::{Change, Detail, Values, cut},
    json::{self, Difference, How, Place},
};
use crate::output::UsableOutput;

/// Outputs of one event that are compared.
const COMPARED: usize = 64;
/// Pointers and values that are kept of one change.
const KEPT: usize = 16;

/// How the shadow policy's outputs differ from the live ones. `own_type`: the type of the event that they are made of.
pub(super) fn compare(
    own_type: Option<&str>,
    live: &[UsableOutput],
    shadow: &[UsableOutput],
    show_values: bool,
) -> Vec<Change> {
    let mut changes = Changes {
        all: Vec::new(),
        show_values,
    };
    if live.len().max(shadow.len()) > COMPARED {
        if live.len() != shadow.len() {
            changes.kind("another number of outputs");
        }
        changes.kind("more outputs than are compared");
        return changes.all;
    }
    let partners = partners(live, shadow);
    if !partners.iter().flatten().is_sorted() {
        changes.kind("outputs in another order");
    }
    for (output, partner) in live.iter().zip(&partners) {
        match partner {
            Some(at) => changes.pair(&name(own_type, output), output, &shadow[*at]),
            None => {
                changes.kind(&format!("output lost: {} on {}", output.event_type, output.channel));
            }
        }
    }
    for (at, output) in shadow.iter().enumerate() {
        if !partners.contains(&Some(at)) {
            changes.kind(&format!("output gained: {} on {}", output.event_type, output.channel));
        }
    }
    changes.all
}

/// For each live output the shadow policy's: the one of the same id, or else of the same type.
fn partners(live: &[UsableOutput], shadow: &[UsableOutput]) -> Vec<Option<usize>> {
    let mut partners: Vec<Option<usize>> = vec![None; live.len()];
    let alike: [fn(&UsableOutput, &UsableOutput) -> bool; 3] = [
        |one, other| one.id == other.id && one.channel == other.channel,
        |one, other| one.id == other.id,
        |one, other| one.event_type == other.event_type,
    ];
    for alike in alike {
        for (index, output) in live.iter().enumerate() {
            if partners[index].is_none() {
                let is_free = |at: &usize| !partners.contains(&Some(*at)) && alike(output, &shadow[*at]);
                partners[index] = (0..shadow.len()).find(is_free);
            }
        }
    }
    partners
}

/// The name of an output in the kind of a change.
fn name(own_type: Option<&str>, output: &UsableOutput) -> String {
    if own_type == Some(&output.event_type) {
        "output".to_owned()
    } else {
        format!("output {}", output.event_type)
    }
}

struct Changes {
    all: Vec<Change>,
    show_values: bool,
}

impl Changes {
    /// The details of the change of this kind: there is one for an event.
    fn kind(&mut self, kind: &str) -> &mut Detail {
        let kind = cut(kind);
        let at = self
            .all
            .iter()
            .position(|change| change.kind == kind)
            .unwrap_or_else(|| {
                let detail = Detail::default();
                self.all.push(Change { kind, detail });
                self.all.len() - 1
            });
        &mut self.all[at].detail
    }

    fn pair(&mut self, name: &str, live: &UsableOutput, shadow: &UsableOutput) {
        for (what, one, other) in [
            ("channel", &live.channel, &shadow.channel),
            ("type", &live.event_type, &shadow.event_type),
        ] {
            if one != other {
                self.kind(&format!("{name} has another {what}: {one} → {other}"));
            }
        }
        // Keys and ids may be personal data.
        for (what, one, other) in [
            ("key", live.key.as_deref(), shadow.key.as_deref()),
            ("id", Some(&*live.id), Some(&*shadow.id)),
        ] {
            if one != other {
                let show = self.show_values;
                let detail = self.kind(&format!("{name} has another {what}"));
                if show {
                    detail.values.push(Values {
                        path: what.to_owned(),
                        live: one.map(cut),
                        shadow: other.map(cut),
                    });
                }
            }
        }
        if live.not_before != shadow.not_before {
            self.kind(&format!("{name} leaves at another time"));
        }
        if live.attributes != shadow.attributes {
            self.kind(&format!("{name} has other attributes"));
        }
        match json::compare(&live.event, &shadow.event) {
            Difference::None => {}
            Difference::Form => {
                self.kind(&format!("{name} has another form, and the same values"));
            }
            Difference::TooLarge => {
                self.kind(&format!("{name} changed, too large to say where"));
            }
            Difference::TooDeep => {
                self.kind(&format!("{name} changed, nested too deeply to say where"));
            }
            Difference::Value { places, more } => {
                for place in places {
                    self.place(name, place);
                }
                if more {
                    self.kind(&format!("{name} changed in more places"));
                }
            }
        }
    }

    fn place(&mut self, name: &str, place: Place) {
        let show = self.show_values;
        let at = if place.pattern.is_empty() {
            "as a whole".to_owned()
        } else {
            format!("at {}", place.pattern)
        };
        let detail = self.kind(&match place.how {
            How::Changed => format!("{name} changed {at}"),
            How::Gained => format!("{name} gains something {at}"),
            How::Lost => format!("{name} loses what is {at}"),
        });
        if detail.pointers.len() == KEPT {
            return;
        }
        let pointer = cut(&place.pointer);
        if show {
            let text = |value: Option<Value>| value.map(|value| cut(&value.to_string()));
            let (live, shadow) = place.values;
            detail.values.push(Values {
                path: pointer.clone(),
                live: text(live),
                shadow: text(shadow),
            });
        }
        detail.pointers.push(pointer);
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, UsableOutput, compare};

    fn sent(channel: &str, id: &str, event: &str) -> UsableOutput {
        UsableOutput {
            channel: channel.to_owned(),
            key: Some("user-1".to_owned()),
            id: id.to_owned(),
            event_type: "task.created".to_owned(),
            event: event.to_owned().into(),
            attributes: Vec::new(),
            is_itself: true,
            is_changed: true,
            not_before: None,
        }
    }

    fn kinds(live: &[UsableOutput], shadow: &[UsableOutput]) -> Vec<String> {
        let changes = compare(Some("task.created"), live, shadow, false);
        assert!(changes.iter().all(|change| change.detail.values.is_empty()));
        changes.into_iter().map(|change| change.kind).collect()
    }

    #[test]
    fn the_same_outputs_are_no_change() {
        let outputs = || [sent("a", "1", "{}"), sent("b", "1", "{}")];
        assert_eq!(kinds(&outputs(), &outputs()), [""; 0]);
    }

    #[test]
    fn outputs_correspond_by_id_then_by_type() {
        let live = [sent("a", "1", "{}"), sent("a", "2", "{}")];
        assert_eq!(
            kinds(&live, &[sent("a", "2", "{}"), sent("a", "1", "{}")]),
            ["outputs in another order"]
        );
        assert_eq!(
            kinds(&live, &[sent("a", "1", "{}"), sent("b", "2", "{}")]),
            ["output has another channel: a → b"]
        );
        assert_eq!(
            kinds(&live, &[sent("a", "1", "{}"), sent("a", "3", "{}")]),
            ["output has another id"]
        );
        let later = UsableOutput {
            not_before: Some(1),
            ..sent("a", "1", "{}")
        };
        assert_eq!(kinds(&live[..1], &[later]), ["output leaves at another time"]);
        assert_eq!(kinds(&live, &live[..1]), ["output lost: task.created on a"]);
        assert_eq!(kinds(&live[..1], &live), ["output gained: task.created on a"]);
    }

    #[test]
    fn a_change_is_named_by_its_place_and_counts_once_for_an_event() {
        let live = [sent("a", "1", r#"{"payload":{"tags":[1,2],"old":0}}"#)];
        let shadow = [sent("a", "1", r#"{"payload":{"tags":[3,4],"new":0}}"#)];
        let changes = compare(Some("task.created"), &live, &shadow, true);
        let [tags, lost, gained] = &changes[..] else {
            panic!("{changes:?}")
        };
        assert_eq!(tags.kind, "output changed at /payload/tags/*");
        assert_eq!(tags.detail.pointers, ["/payload/tags/0", "/payload/tags/1"]);
        assert_eq!(lost.kind, "output loses what is at /payload/old");
        assert_eq!(gained.kind, "output gains something at /payload/new");
        let shown = format!("{:?}", gained.detail.values);
        assert!(shown.contains("live: None, shadow: Some(\"0\")"), "{shown}");
    }

    #[test]
    fn keys_are_shown_only_where_values_are() {
        let other = UsableOutput {
            key: Some("user-2".to_owned()),
            ..sent("a", "1", "{ }")
        };
        let shown =
            |show| -> Vec<Change> { compare(None, &[sent("a", "1", "{}")], std::slice::from_ref(&other), show) };
        assert!(!format!("{:?}", shown(false)).contains("user-"));
        assert!(format!("{:?}", shown(true)).contains("user-2"));
        let kinds: Vec<_> = shown(false).into_iter().map(|change| change.kind).collect();
        let name = "output task.created has another";
        assert_eq!(
            kinds,
            [format!("{name} key"), format!("{name} form, and the same values")]
        );
    }

    #[test]
    fn too_many_outputs_are_not_compared_one_by_one() {
        let flood: Vec<_> = (0..10_000).map(|id| sent("a", &id.to_string(), "{}")).collect();
        assert_eq!(
            kinds(&[sent("a", "1", "{}")], &flood),
            ["another number of outputs", "more outputs than are compared"]
        );
    }
}
