//! The code blocks of a page, and what each is there for.

/// A code block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// A file: where it is, and its text.
    File(String, String),
    /// Commands for a shell, and what they print when the page says it; `…` stands for any text.
    Shell(String, Option<String>),
    /// A language that its own tests run, and the code.
    Code(String, String),
}

/// Reads all blocks of a page of Markdown, in order.
///
/// A block says after its language which file it is (`json src/a.json`); `sh` is run; `text` is what the `sh` before it
/// prints, or the program before it. A `text` before all others is a picture.
pub(crate) fn of(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            assert!(
                !line.trim_start().starts_with("```"),
                "not at the beginning of a line: {line}"
            );
            continue;
        };
        let text: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        let text = text.join("\n") + "\n";
        match (info.split_once(' '), info) {
            (Some((_, file)), _) => blocks.push(Block::File(file.to_owned(), text)),
            (None, "sh") => blocks.push(Block::Shell(text, None)),
            (None, "text") => match blocks.last_mut() {
                Some(Block::Shell(_, printed @ None)) => *printed = Some(text),
                // Compared by the tests of the language; or a picture.
                Some(Block::Code(..)) | None => {}
                Some(_) => panic!("nothing that would print:\n{text}"),
            },
            (None, "") => panic!("a block in no language:\n{text}"),
            (None, language) => blocks.push(Block::Code(language.to_owned(), text)),
        }
    }
    blocks
}

/// A pattern of the shell for what the page says.
pub(crate) fn pattern(said: &str) -> String {
    let mut pattern = String::new();
    for char in said.chars() {
        match char {
            '…' => pattern.push('*'),
            char => {
                if char.is_ascii_punctuation() {
                    pattern.push('\\');
                }
                pattern.push(char);
            }
        }
    }
    pattern
}

#[test]
fn blocks_are_read_with_what_they_are_for() {
    let page = "a\n```toml Cargo.toml\n[package]\n```\nb\n```sh\nls\n```\n\n```text\na…\n```\n```sh\npwd\n```\n```go\nx\n```\n```text\ny\n```\n";
    let expected = [
        Block::File("Cargo.toml".to_owned(), "[package]\n".to_owned()),
        Block::Shell("ls\n".to_owned(), Some("a…\n".to_owned())),
        Block::Shell("pwd\n".to_owned(), None),
        Block::Code("go".to_owned(), "x\n".to_owned()),
    ];
    assert_eq!(of(page), expected);
}

#[test]
#[should_panic(expected = "nothing that would print")]
fn a_text_that_nothing_prints_is_refused() {
    of("```json a.json\n{}\n```\n```text\na\n```\n");
}

#[test]
fn an_ellipsis_stands_for_any_text() {
    assert_eq!(pattern("a…[b]*\n"), "a*\\[b\\]\\*\n");
}
