//! The code blocks of a page, and what each is there for.

/// A code block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// A file: where it is, and its text.
    File(String, String),
    /// Commands for a shell, and what they print when the page says it; `…` stands for any text.
    Shell(String, Option<String>),
}

/// Reads all blocks of a page of Markdown, in order.
///
/// A block says after its language which file it is (`json src/a.json`); `sh` is run; `text` is what the `sh` before it
/// prints. There are no others: nothing on the page is left untried.
pub(crate) fn of(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        let text: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        let text = text.join("\n") + "\n";
        match (info.split_once(' '), info) {
            (Some((_, file)), _) => blocks.push(Block::File(file.to_owned(), text)),
            (None, "sh") => blocks.push(Block::Shell(text, None)),
            (None, "text") => match blocks.last_mut() {
                Some(Block::Shell(_, printed @ None)) => *printed = Some(text),
                _ => panic!("no commands that would print:\n{text}"),
            },
            _ => panic!("a block that is neither a file, nor sh, nor text: {info}"),
        }
    }
    blocks
}

/// Whether a text is what the page says.
pub(crate) fn is_as_said(said: &str, text: &str) -> bool {
    let mut rest = text;
    let mut pieces = said.split('…');
    let Some(after) = pieces.next().and_then(|first| rest.strip_prefix(first)) else {
        return false;
    };
    rest = after;
    let mut last = None;
    for piece in pieces {
        let Some(at) = rest.find(piece) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
        last = Some(piece);
    }
    rest.is_empty() || last.is_some_and(|last| text.ends_with(last))
}

#[test]
fn blocks_are_read_with_what_they_are_for() {
    let page = "a\n```toml Cargo.toml\n[package]\n```\nb\n```sh\nls\n```\n\n```text\na…\n```\n```sh\npwd\n```\n";
    let expected = [
        Block::File("Cargo.toml".to_owned(), "[package]\n".to_owned()),
        Block::Shell("ls\n".to_owned(), Some("a…\n".to_owned())),
        Block::Shell("pwd\n".to_owned(), None),
    ];
    assert_eq!(of(page), expected);
}

#[test]
#[should_panic(expected = "neither a file")]
fn a_block_that_would_not_be_tried_is_refused() {
    of("```rust\nfn main() {}\n```\n");
}

#[test]
fn an_ellipsis_stands_for_any_text() {
    for (said, text) in [
        ("a\n", "a\n"),
        ("a…c\n", "a b\nb c\n"),
        ("…c\n", "c\nc\n"),
        ("a\n…\n", "a\nb\n"),
        ("a…\n", "a\n\n"),
    ] {
        assert!(is_as_said(said, text), "{said:?} {text:?}");
    }
    for (said, text) in [
        ("a\n", "a\nb\n"),
        ("a…c\n", "a b\n"),
        ("…c\n", "cd\n"),
        ("a…b…c", "a c b"),
        ("", "a"),
    ] {
        assert!(!is_as_said(said, text), "{said:?} {text:?}");
    }
}
