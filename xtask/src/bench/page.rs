//! The place of figures in a page: between a mark of the command that writes them and one of their end.

use std::fs;

use anyhow::{Context, Result};

use crate::{places::Places, steps::Steps};

const END: &str = "<!-- end of figures -->";

/// Puts the tables of a command into the page that shows them.
pub(super) fn write(places: &Places, steps: &Steps, page: &str, command: &str, text: &str) -> Result<()> {
    let file = places.root.join(page);
    let old = fs::read_to_string(&file).with_context(|| page.to_owned())?;
    let new = replace(&old, command, text).with_context(|| page.to_owned())?;
    fs::write(&file, new).with_context(|| page.to_owned())?;
    steps.say(format!("written to {page}"));
    Ok(())
}

/// Puts the tables where the old ones of the same command were.
fn replace(readme: &str, command: &str, text: &str) -> Result<String> {
    let begin = begin(command);
    let (before, rest) = readme
        .split_once(&begin)
        .with_context(|| format!("there is no place for the figures: {begin}"))?;
    let (_, after) = rest
        .split_once(END)
        .with_context(|| format!("the figures have no end: {END}"))?;
    Ok(format!("{before}{begin}\n{text}{END}{after}"))
}

fn begin(command: &str) -> String {
    format!("<!-- figures: written by `{command}` -->")
}

#[cfg(test)]
mod tests {
    use super::{END, begin, replace};

    #[test]
    fn only_the_figures_are_replaced() {
        let page = |figures: &str| format!("# A\n{}\n{figures}\n{END}\nend\n", begin("measure"));
        let replaced = |page: &str| replace(page, "measure", "new\n");
        assert_eq!(replaced(&page("old")).expect("a place for figures"), page("new"));
        assert_eq!(replaced(&page("new")).expect("a place for figures"), page("new"));
        assert!(replaced("# A\n").is_err());
        assert!(replace(&page("old"), "measure more", "new\n").is_err());
    }
}
