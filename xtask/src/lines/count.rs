//! Counts lines, those of tests by themselves: what stands behind `#[cfg(test)]`.

use std::{collections::BTreeSet, ops::AddAssign};

use anyhow::{Result, anyhow};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use serde::Serialize;

use super::source::Files;

/// Lines of files.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Lines {
    pub(super) files: usize,
    /// Without the lines of tests.
    pub(super) code: usize,
    pub(super) with_tests: usize,
}

impl AddAssign for Lines {
    fn add_assign(&mut self, other: Self) {
        self.files += other.files;
        self.code += other.code;
        self.with_tests += other.with_tests;
    }
}

/// What is for tests in one file.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tests {
    /// How many lines.
    lines: usize,
    /// The names of modules that stand in files of their own.
    modules: BTreeSet<String>,
}

/// Counts each file.
pub(super) fn by_file(files: &Files) -> Result<Vec<(String, Lines)>> {
    let tests = files
        .iter()
        .map(|(path, text)| {
            let tests = Tests::find(text).map_err(|error| anyhow!("{path}: {error}"))?;
            Ok((path, text, tests))
        })
        .collect::<Result<Vec<_>>>()?;
    // The files of a module: `tests.rs` and all in the folder `tests`.
    let modules = tests.iter().flat_map(|(path, _, tests)| {
        let folder = children(path);
        tests.modules.iter().map(move |name| format!("{folder}/{name}"))
    });
    let modules: Vec<_> = modules.collect();
    let is_for_tests = |path: &str| {
        modules.iter().any(|module| {
            let rest = path.strip_prefix(module.as_str());
            rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        })
    };
    let counted = tests.iter().map(|(path, text, tests)| {
        let all = text.lines().count();
        let code = if is_for_tests(path) { 0 } else { all - tests.lines };
        let lines = Lines {
            files: usize::from(code > 0),
            code,
            with_tests: all,
        };
        ((*path).clone(), lines)
    });
    Ok(counted.collect())
}

/// Where the modules of a file stand.
fn children(path: &str) -> String {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    match file {
        "lib.rs" | "main.rs" | "mod.rs" => folder.to_owned(),
        _ => path.trim_end_matches(".rs").to_owned(),
    }
}

impl Tests {
    fn find(text: &str) -> Result<Self, proc_macro2::LexError> {
        let mut tests = Self::default();
        tests.search(text.parse::<TokenStream>()?);
        Ok(tests)
    }

    fn search(&mut self, tokens: TokenStream) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            if is_for_tests(&tokens[at..]) {
                let end = at + item(&tokens[at..]);
                let (first, last) = (&tokens[at], &tokens[end - 1]);
                self.lines += last.span().end().line - first.span().start().line + 1;
                if let [
                    ..,
                    TokenTree::Ident(keyword),
                    TokenTree::Ident(name),
                    TokenTree::Punct(_),
                ] = &tokens[at..end]
                    && keyword == "mod"
                {
                    self.modules.insert(name.to_string());
                }
                at = end;
            } else {
                if let TokenTree::Group(group) = &tokens[at] {
                    self.search(group.stream());
                }
                at += 1;
            }
        }
    }
}

/// `#[cfg(test)]`
fn is_for_tests(tokens: &[TokenTree]) -> bool {
    let [TokenTree::Punct(hash), TokenTree::Group(attribute), ..] = tokens else {
        return false;
    };
    hash.as_char() == '#' && attribute.stream().to_string().replace(' ', "") == "cfg(test)"
}

/// How many tokens an item has: to its `;`, or to its `{ … }` where it does not have to end with a `;`.
fn item(tokens: &[TokenTree]) -> usize {
    let ends_with_semicolon = tokens.iter().find_map(|token| match token {
        TokenTree::Ident(keyword) => match keyword.to_string().as_str() {
            "use" | "static" | "type" | "let" => Some(true),
            "mod" | "fn" | "struct" | "enum" | "impl" | "trait" | "macro_rules" => Some(false),
            _ => None,
        },
        _ => None,
    });
    let last = tokens.iter().position(|token| match token {
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace && ends_with_semicolon != Some(true),
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    });
    last.map_or(tokens.len(), |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::{Files, Lines, Tests, by_file};

    #[track_caller]
    fn found(text: &str) -> Tests {
        Tests::find(text).expect("Rust")
    }

    #[test]
    fn a_module_of_tests_ends_at_its_own_brace() {
        let text = "\
fn one() {}

#[cfg(test)]
mod tests {
    const TEXT: &str = \"
}
\";
    #[test]
    fn two() {}
}

fn three() {}
";
        assert_eq!(found(text).lines, 8);
    }

    #[test]
    fn single_items_are_found_where_they_stand() {
        let text = "\
#[cfg(test)]
use std::{fs, io};
impl A {
    #[cfg(test)]
    #[must_use]
    fn only_in_tests(&self) -> [u8; 2] {
        [1, 2]
    }
    #[cfg(not(test))]
    fn other(&self) {}
}
";
        // `;` in `[u8; 2]` stands in a group of its own.
        assert_eq!(found(text).lines, 2 + 5);
    }

    #[test]
    fn files_of_a_module_of_tests_are_tests() {
        let files = [
            ("host/src/claim.rs", "fn a() {}\n#[cfg(test)]\nmod tests;\n"),
            ("host/src/claim/tests.rs", "mod more;\n"),
            ("host/src/claim/tests/more.rs", "\n\n"),
            ("host/src/tests.rs", "fn b() {}\n"),
        ];
        let files: Files = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
        let counted = by_file(&files).expect("Rust");
        let code: Vec<_> = counted.iter().map(|(_, lines)| lines.code).collect();
        assert_eq!(code, [1, 0, 0, 1]);
        let mut total = Lines::default();
        for (_, lines) in counted {
            total += lines;
        }
        assert_eq!((total.files, total.with_tests), (2, 7));
    }
}
