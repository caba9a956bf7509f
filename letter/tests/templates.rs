//! What a template is, and what of one that is none its author is told.

use serde::Deserialize;
use serde_json::Value;
use tidegate_letter::Template;
use tidegate_text::pointer;

#[derive(Deserialize)]
struct Case {
    template: Value,
    /// The pointer to what is wrong; absent: nothing is.
    #[serde(default)]
    wrong: Option<String>,
    #[serde(default)]
    problem: String,
}

#[test]
fn a_template_says_once_where_the_event_stands() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("templates.json")).expect("cases");
    for case in cases {
        let text = case.template.to_string();
        match (Template::parse(&case.template), case.wrong) {
            (Ok(_), None) => {}
            (Err(bad), Some(at)) => {
                let mut path = String::new();
                bad.path.iter().for_each(|step| pointer::push(&mut path, step));
                assert_eq!(path, at, "{text}: {bad}");
                assert!(bad.to_string().contains(&case.problem), "{text}: {bad}");
            }
            (found, _) => panic!("{text}: {found:?} should say {:?}", case.problem),
        }
    }
    let error = Template::of(Some("{")).expect_err("no JSON").to_string();
    assert!(error.contains("is not JSON"), "{error}");
}
