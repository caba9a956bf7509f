//! Writes what a policy answers into a file of cases: the values that differ, and nothing else. Comments stay. Knows no policy.

use std::{iter, ops::Range};

use anyhow::ensure;
use serde_json::{Map, Value};
use tidegate_folder::yaml::{self, Document, Kind, Member, Node};

use super::{
    answer::Answer,
    cases::{Case, CaseFile},
    compare::Difference,
    write::{self, Format},
};

/// What a case shall expect from now on.
#[derive(Debug)]
pub(super) struct Update<'a> {
    pub(super) case: &'a Case,
    pub(super) expect: Value,
}

impl<'a> Update<'a> {
    /// The expectation with what the policy answers where it differs; the whole answer where nothing is expected.
    pub(super) fn new(case: &'a Case, differences: &[Difference], answer: &Answer) -> Self {
        let mut expect = match case.node.child("expect").map(Node::value) {
            Some(Value::Object(expected)) if !expected.is_empty() => Value::Object(expected),
            _ => serde_json::to_value(answer.in_short()).unwrap_or_default(),
        };
        for difference in differences {
            set(&mut expect, &difference.place, difference.actual.as_ref());
        }
        Self { case, expect }
    }
}

/// Sets the value at a place, or removes it.
fn set(value: &mut Value, place: &[String], new: Option<&Value>) {
    match (value, place) {
        (Value::Object(members), [name]) => {
            match new {
                Some(new) => members.insert(name.clone(), new.clone()),
                None => members.shift_remove(name),
            };
        }
        (Value::Object(members), [name, rest @ ..]) => {
            let member = members.entry(name).or_insert_with(|| Value::Object(Map::new()));
            set(member, rest, new);
        }
        (Value::Array(items), [at, rest @ ..]) => {
            let item = at.parse::<usize>().ok().and_then(|at| items.get_mut(at));
            match (item, new, rest) {
                (Some(item), Some(new), []) => *item = new.clone(),
                (Some(item), _, rest) => set(item, rest, new),
                (None, ..) => {}
            }
        }
        _ => {}
    }
}

/// The text of the file with the expectations of these cases. Fails if it cannot be done without losing something.
pub(super) fn text(file: &CaseFile, updates: &[Update<'_>]) -> anyhow::Result<String> {
    let is_json = file.path.extension().is_some_and(|extension| extension == "json");
    let mut edits = Edits {
        text: &file.text,
        comments: &file.comments,
        format: if is_json { Format::Json } else { Format::Yaml },
        all: Vec::new(),
    };
    for update in updates {
        edits.case(&update.case.node, &update.expect);
    }
    let text = edits.applied();
    ensure!(
        is_as_wanted(&text, file, updates),
        "{} cannot be rewritten, such as where anchors stand in an expectation: write it by hand",
        file.path.display()
    );
    Ok(text)
}

/// Whether a text says of each case what it shall, and nothing else has changed.
fn is_as_wanted(text: &str, file: &CaseFile, updates: &[Update<'_>]) -> bool {
    let Ok(Document {
        root: Some(root),
        comments,
    }) = yaml::read(text)
    else {
        return false;
    };
    let Kind::List(items) = root.kind else { return false };
    let wanted = file.cases.iter().map(|case| {
        let mut wanted = case.node.value();
        let mut updates = updates.iter();
        if let Some(update) = updates.find(|update| std::ptr::eq(update.case, case)) {
            set(&mut wanted, &["expect".to_owned()], Some(&update.expect));
        }
        wanted
    });
    comments.len() == file.comments.len() && items.iter().map(Node::value).eq(wanted)
}

struct Edits<'a> {
    text: &'a str,
    comments: &'a [Range<usize>],
    format: Format,
    all: Vec<(Range<usize>, String)>,
}

/// Where a value stands.
#[derive(Clone, Copy)]
enum Slot<'a> {
    Member(&'a Member),
    Item,
}

impl Edits<'_> {
    fn case(&mut self, case: &Node, expect: &Value) {
        if let Some(member) = case.member("expect") {
            return self.value(Slot::Member(member), &member.value, case.is_flow, expect);
        }
        let Kind::Map(members) = &case.kind else { return };
        let Some(last) = members.last() else { return };
        if case.is_flow {
            let name = write::line(&"expect".into(), self.format);
            let end = last.value.span.end.max(last.span.end);
            return self
                .all
                .push((end..end, format!(", {name}: {}", write::line(expect, self.format))));
        }
        let end = self.end_of_line(case.span.end);
        let indent = " ".repeat(case.column);
        let block = write::block(expect, case.column + 2);
        self.all
            .push((end..end, format!("\n{indent}expect:\n{indent}  {block}")));
    }

    /// Where the line ends on which a value does.
    fn end_of_line(&self, end: usize) -> usize {
        // The text of a block ends with the line break.
        let end = if self.text[..end].ends_with('\n') { end - 1 } else { end };
        self.text[end..].find('\n').map_or(self.text.len(), |at| end + at)
    }

    fn value(&mut self, slot: Slot<'_>, node: &Node, is_in_flow: bool, new: &Value) {
        match (&node.kind, new) {
            // The order of members counts where an event is exact.
            (_, new) if node.is(new) => {}
            (Kind::Map(members), Value::Object(wanted)) if is_alike(members, wanted) => {
                for (member, new) in members.iter().zip(wanted.values()) {
                    self.value(Slot::Member(member), &member.value, node.is_flow, new);
                }
            }
            (Kind::List(items), Value::Array(wanted)) if items.len() == wanted.len() && !items.is_empty() => {
                for (item, new) in items.iter().zip(wanted) {
                    self.value(Slot::Item, item, node.is_flow, new);
                }
            }
            _ => self.replace(slot, node, is_in_flow, new),
        }
    }

    fn replace(&mut self, slot: Slot<'_>, node: &Node, is_in_flow: bool, new: &Value) {
        let (range, text) = match slot {
            Slot::Member(member) => {
                let range = member.span.end..node.span.end.max(member.span.end);
                let text = if is_in_flow || self.format == Format::Json {
                    format!(": {}", write::line(new, self.format))
                } else {
                    write::after_name(new, member.column, member.span.len())
                };
                (range, text)
            }
            Slot::Item if is_in_flow => (node.span.clone(), write::line(new, self.format)),
            Slot::Item => (node.span.clone(), write::in_place(new, node.column)),
        };
        let is_inside = |comment: &&Range<usize>| range.start <= comment.start && comment.end <= range.end;
        let comments: Vec<&str> = self
            .comments
            .iter()
            .filter(is_inside)
            .map(|comment| &self.text[comment.clone()])
            .collect();
        if !comments.is_empty() {
            let start = self.text[..range.start].rfind('\n').map_or(0, |at| at + 1);
            let before = &self.text[start..range.start];
            let indent = &before[..before.len() - before.trim_start().len()];
            let lines: Vec<String> = comments.iter().map(|comment| format!("{indent}{comment}\n")).collect();
            self.all.push((start..start, lines.concat()));
        }
        // The text of a block has a line break of its own.
        let end = iter::repeat_n('\n', usize::from(self.text[range.clone()].ends_with('\n'))).collect::<String>();
        self.all.push((range, text + &end));
    }

    fn applied(mut self) -> String {
        self.all.sort_by_key(|(range, _)| (range.start, range.end));
        let mut text = String::with_capacity(self.text.len());
        let mut at = 0;
        for (range, new) in self.all {
            text.push_str(&self.text[at..range.start]);
            text.push_str(&new);
            at = range.end;
        }
        text.push_str(&self.text[at..]);
        text
    }
}

/// Whether the members have the same names in the same order.
fn is_alike(members: &[Member], wanted: &Map<String, Value>) -> bool {
    !members.is_empty() && members.iter().map(|member| &member.name).eq(wanted.keys())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::{Value, json};

    use super::{Update, text};
    use crate::cli::test::cases;

    /// The text of a file whose first case shall expect this.
    fn updated(name: &str, before: &str, expect: &Value) -> anyhow::Result<String> {
        let dir = tempfile::tempdir().expect("a directory");
        fs::create_dir(dir.path().join("tests")).expect("made");
        fs::write(dir.path().join("tests").join(name), before).expect("written");
        let files = cases::read(dir.path()).expect("cases");
        let update = Update {
            case: &files[0].cases[0],
            expect: expect.clone(),
        };
        text(&files[0], &[update])
    }

    #[test]
    fn only_the_values_that_differ_are_written() {
        let long = "x".repeat(150);
        let outputs = json!([{ "channel": "a", "id": long, "event": { "total": "24.90" } }]);
        let block = format!("- channel: a\n        id: {long}\n        event: {{ total: \"24.90\" }}");
        for (before, expect, after) in [
            (
                "- name: a # one\n  event: {}\n  expect:\n    decision: forward # why\n    # the key\n    key: c-1\n# end\n",
                json!({ "decision": "reject", "key": "c-1" }),
                "- name: a # one\n  event: {}\n  expect:\n    decision: reject # why\n    # the key\n    key: c-1\n# end\n",
            ),
            (
                "- name: a\n  event: {}\n  expect: { decision: forward, violations: [] }\n",
                json!({ "decision": "reject", "violations": [{ "code": "type", "path": "/a" }] }),
                "- name: a\n  event: {}\n  expect: { decision: reject, violations: [{ code: type, path: /a }] }\n",
            ),
            (
                "- name: a\n  event: {}\n  expect:\n    violations:\n    - { code: type, path: /a } # wrong\n    # missing\n    - { code: required, path: /b }\n",
                json!({ "violations": [] }),
                "- name: a\n  event: {}\n  expect:\n    # wrong\n    # missing\n    violations: []\n",
            ),
            (
                "- name: a\n  event: {}\n  expect:\n    outputs: []\n\n- name: b\n  event: {}\n",
                json!({ "outputs": outputs }),
                &format!(
                    "- name: a\n  event: {{}}\n  expect:\n    outputs:\n      {block}\n\n- name: b\n  event: {{}}\n"
                ),
            ),
            (
                "- name: a\n  event: {} # none\n\n# next\n- name: b\n  event: {}\n",
                json!({ "decision": "drop" }),
                "- name: a\n  event: {} # none\n  expect:\n    decision: drop\n\n# next\n- name: b\n  event: {}\n",
            ),
            (
                "- name: a\n  event: |\n    text\n",
                json!({ "decision": "drop" }),
                "- name: a\n  event: |\n    text\n  expect:\n    decision: drop\n",
            ),
            (
                "- { name: a, event: {} }\n",
                json!({ "id": "1" }),
                "- { name: a, event: {}, expect: { id: \"1\" } }\n",
            ),
            (
                "- name: a\n  event: {}\n  expect:\n    outputs:\n      - exact: true\n        event: { b: 1, a: 2 }\n",
                json!({ "outputs": [{ "exact": true, "event": { "a": 2, "b": 1 } }] }),
                "- name: a\n  event: {}\n  expect:\n    outputs:\n      - exact: true\n        event: { a: 2, b: 1 }\n",
            ),
            (
                "- name: a\n  event: {}\n  expect:\n    migrate:\n      to: 1\n      # older\n      event: { a: 1 }\n    key: k\n",
                json!({ "migrate": { "to": 1, "fails": "no-path" }, "key": "k" }),
                "- name: a\n  event: {}\n  expect:\n    # older\n    migrate: { to: 1, fails: no-path }\n    key: k\n",
            ),
            (
                "- name: a\n  event: {}\n  expect:\n",
                json!({ "key": null, "rule": "no" }),
                "- name: a\n  event: {}\n  expect: { key: null, rule: no }\n",
            ),
        ] {
            assert_eq!(updated("a.yaml", before, &expect).expect(before), after, "{before}");
        }
    }

    #[test]
    fn json_stays_json() {
        let before = "[\n  {\n    \"name\": \"a\",\n    \"event\": {},\n    \"expect\": { \"decision\": \"drop\" }\n  },\n  { \"name\": \"b\", \"event\": {} }\n]\n";
        let after = updated(
            "a.json",
            before,
            &json!({ "decision": "forward", "outputs": [{ "id": "1" }] }),
        )
        .expect("written");
        let read: Value = serde_json::from_str(&after).expect("JSON");
        assert_eq!(read[0]["expect"]["outputs"][0]["id"], "1");
        assert!(
            after.starts_with("[\n  {\n    \"name\": \"a\",\n    \"event\": {},\n    \"expect\": {"),
            "{after}"
        );
        let before = before.replace(",\n    \"expect\": { \"decision\": \"drop\" }", "");
        let after = updated("a.json", &before, &json!({ "decision": "forward" })).expect("written");
        assert_eq!(
            serde_json::from_str::<Value>(&after).expect("JSON")[0]["expect"]["decision"],
            "forward"
        );
    }

    #[test]
    fn a_file_that_would_lose_something_is_left_alone() {
        let before = "- name: a\n  event: {}\n  expect:\n    outputs:\n      - event: &x { a: 1 }\n- name: b\n  event: {}\n  expect:\n    outputs:\n      - event: *x\n";
        let lost = updated("a.yaml", before, &json!({ "outputs": [] })).expect_err("the anchor is used");
        assert!(lost.to_string().contains("by hand"), "{lost}");
    }
}
