//! The books themselves: each thing that can be wrong is found.

use super::{Arrived, Balance, Ledger, Output};
use crate::{
    letter::Letter,
    workload::{Fate, Workload},
};

/// Books of fifty records, and what arrives when all goes well.
fn all_well(load: &Workload) -> (Ledger<'_>, Arrived) {
    let sources: Vec<String> = (0..load.order.len()).map(|offset| format!("t/0@{offset}")).collect();
    let mut arrived = Arrived::default();
    for (event, source) in load.order.iter().zip(&sources) {
        let event = &load.events[*event];
        match &event.fate {
            Fate::Outputs { id, data, recurs } => {
                let output = |id: String, event_type: &str, data: Vec<u8>| Output {
                    id,
                    event_type: event_type.to_owned(),
                    key: event.key.clone(),
                    data,
                };
                arrived.outputs.push(output(id.clone(), "any", data.clone()));
                if *recurs {
                    let follower = output(format!("{id}+"), "task.occurrence-requested", data.clone());
                    arrived.outputs.push(follower);
                }
            }
            Fate::DeadLetter(code) => {
                arrived.letters.push(Letter {
                    id: format!("dead {source}"),
                    original: event.bytes.clone(),
                    code: Some((*code).to_owned()),
                    source: source.clone(),
                    error: String::new(),
                    retry_count: 0,
                });
                arrived.ops.push(format!("dead {source}"));
                if super::concerns_user(&event.bytes) {
                    arrived.users.push(format!("dead {source}"));
                }
            }
        }
    }
    (Ledger::new(load, sources), arrived)
}

fn after(change: impl FnOnce(&mut Arrived)) -> Balance {
    let load = Workload::new("w", 200);
    let (ledger, mut arrived) = all_well(&load);
    change(&mut arrived);
    ledger.balance(&arrived)
}

#[test]
fn books_of_what_went_well_are_right() {
    let balance = after(|_| ());
    assert!(balance.is_right(), "{balance}");
    assert!(balance.dead_letters > 15 && balance.outputs > 150, "{balance}");
    let load = Workload::new("w", 200);
    assert_eq!(balance.outputs, load.outputs());
}

#[test]
fn a_repeat_is_counted_and_must_be_the_same() {
    let same = after(|arrived| arrived.outputs.push(arrived.outputs[0].clone()));
    assert!(same.is_right(), "{same}");
    let before = after(|_| ()).repeats;
    assert_eq!(same.repeats, before + 1);
    let other = after(|arrived| {
        let mut other = arrived.outputs[0].clone();
        other.data.push(b' ');
        arrived.outputs.push(other);
    });
    assert!(!other.is_right(), "{other}");
}

#[test]
fn whatever_is_missing_is_lost() {
    let missing: [fn(&mut Arrived); 5] = [
        |arrived| {
            let id = arrived.outputs[0].id.clone();
            arrived.outputs.retain(|output| output.id != id);
        },
        |arrived| arrived.outputs.retain(|output| !output.id.ends_with('+')),
        |arrived| drop(arrived.letters.pop()),
        |arrived| drop(arrived.ops.pop()),
        |arrived| drop(arrived.users.pop()),
    ];
    for (number, missing) in missing.into_iter().enumerate() {
        let balance = after(missing);
        assert!(!balance.lost.is_empty(), "{number}: {balance}");
    }
}

#[test]
fn a_valid_event_that_is_dead_lettered_is_wrong_whatever_its_dead_letter_says() {
    let codes = [None, Some("id-conflict"), Some("policy-fault")];
    for code in codes {
        let load = Workload::new("w", 200);
        let (ledger, mut arrived) = all_well(&load);
        let Fate::Outputs { id, .. } = &load.events[0].fate else {
            panic!("the first event is valid");
        };
        arrived
            .outputs
            .retain(|output| output.id != *id && output.id != format!("{id}+"));
        arrived.letters.push(Letter {
            id: "dead".to_owned(),
            original: load.events[0].bytes.clone(),
            code: code.map(str::to_owned),
            source: "t/0@0".to_owned(),
            error: "the answer was 503".to_owned(),
            retry_count: 3,
        });
        arrived.ops.push("dead".to_owned());
        let balance = ledger.balance(&arrived);
        assert!(!balance.is_right() && balance.lost.is_empty(), "{balance}");
        assert!(balance.to_string().contains("dead-lettered"), "{balance}");
    }
}

#[test]
fn whatever_nobody_sent_is_wrong() {
    let wrong: [fn(&mut Arrived); 6] = [
        |arrived| arrived.outputs[0].id.push('x'),
        |arrived| arrived.outputs[0].key.push('x'),
        |arrived| arrived.letters[0].original.push(b'x'),
        |arrived| arrived.letters[0].code = None,
        |arrived| arrived.ops.push("of nothing".to_owned()),
        |arrived| arrived.letters[0].source = "t/0@0".to_owned(),
    ];
    for (number, wrong) in wrong.into_iter().enumerate() {
        let balance = after(wrong);
        assert!(!balance.wrong.is_empty(), "{number}: {balance}");
    }
}
