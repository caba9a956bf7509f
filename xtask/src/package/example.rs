//! An example of a README, and what it prints.

use anyhow::{Context, Result};

/// A program that a README shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Example {
    pub(super) code: String,
    /// What the README shows below it.
    pub(super) prints: String,
}

impl Example {
    /// The first block of a language that has `mark` in it, and the block of text that follows it.
    pub(super) fn find(page: &str, language: &str, mark: &str) -> Result<Self> {
        let (code, rest) = blocks(page, language)
            .find(|(code, _)| code.contains(mark))
            .with_context(|| format!("no block of {language} with «{mark}»"))?;
        let (prints, _) = blocks(rest, "text")
            .next()
            .with_context(|| format!("nothing shows what the block of {language} with «{mark}» prints"))?;
        Ok(Self {
            code: code.to_owned(),
            prints: prints.to_owned(),
        })
    }
}

/// The blocks of a language, each with what follows it.
pub(super) fn blocks<'a>(page: &'a str, language: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let begin = format!("```{language}\n");
    let mut rest = page;
    std::iter::from_fn(move || {
        let (_, block) = rest.split_once(&begin)?;
        let (code, after) = block.split_once("```")?;
        rest = after;
        Some((code, after))
    })
}

#[cfg(test)]
mod tests {
    use super::Example;

    const PAGE: &str = "```js\none\n```\n\n```text\n1\n```\nand\n```js\ntwo\n```\n\n```text\n2\n```\n";

    #[test]
    fn a_block_is_found_by_what_is_in_it() {
        let example = Example::find(PAGE, "js", "two").expect("it is there");
        assert_eq!((example.code.as_str(), example.prints.as_str()), ("two\n", "2\n"));
    }

    #[test]
    fn a_block_that_is_not_there_is_named() {
        let error = Example::find(PAGE, "js", "three").expect_err("it is not there");
        assert_eq!(error.to_string(), "no block of js with «three»");
    }
}
