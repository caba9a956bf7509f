//! What authors are told of a mistake: the file, the line, what is wrong, and what to do.

use std::{fmt::Write as _, fs, path::Path};

use serde::Deserialize;

/// A mistake in a folder that makes a policy otherwise.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mistake {
    name: String,
    file: String,
    from: String,
    to: String,
}

const FILES: [(&str, &str); 3] = [
    ("policy.yaml", include_str!("wrong-folders.base.yaml")),
    (
        "placed.json",
        "{\n  \"$ref\": \"common.json#/$defs/event\",\n  \"examples\": [{ \"id\": \"o-1\", \"type\": \"order.placed\", \"customer\": \"c-1\" }]\n}",
    ),
    (
        "common.json",
        "{ \"$defs\":\n  { \"event\":\n    { \"required\": [\"id\", \"type\", \"customer\"] } } }",
    ),
];

/// What is said of a folder, with its path left out.
fn said(folder: &Path) -> String {
    match tidegate_folder::check(folder) {
        Ok(_) => "nothing".to_owned(),
        Err(error) => format!("{:#}", anyhow::Error::from(error)).replace(&format!("{}/", folder.display()), ""),
    }
}

#[test]
fn each_mistake_is_told_with_its_place() {
    let mistakes: Vec<Mistake> = serde_saphyr::from_str(include_str!("wrong-folders.yaml")).expect("mistakes");
    let mut all = String::new();
    for Mistake { name, file, from, to } in mistakes {
        let dir = tempfile::tempdir().expect("a directory");
        for (file, text) in FILES {
            fs::write(dir.path().join(file), text).expect("written");
        }
        assert_eq!(said(dir.path()), "nothing");
        let path = dir.path().join(&file);
        let text = fs::read_to_string(&path).expect("readable");
        assert!(text.contains(&from), "{name}: {from} is not in {file}");
        fs::write(&path, text.replacen(&from, &to, 1)).expect("written");
        let said = said(dir.path());
        assert!(
            said.contains(".json: line ") || said.contains(".yaml: line "),
            "{name}: {said}"
        );
        writeln!(all, "# {name}\n{said}\n").expect("written");
    }
    insta::assert_snapshot!(all);
}
