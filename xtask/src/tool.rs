//! Programs that must be installed, and the oldest version of each that will do.

use std::{
    env, fs,
    process::{Command, Stdio},
};

/// A program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tool {
    program: &'static str,
    least: Option<Least>,
}

#[derive(Debug, Clone, Copy)]
struct Least {
    version: Version,
    /// What makes the program print its version.
    argument: &'static str,
}

/// Major and minor.
type Version = (u32, u32);

pub(crate) const CARGO: Tool = Tool::of_any_version("cargo");
pub(crate) const CC: Tool = Tool::of_any_version("cc");
pub(crate) const GO: Tool = Tool::at_least("go", (1, 24), "version");
pub(crate) const JAVA: Tool = Tool::at_least("java", (17, 0), "--version");
pub(crate) const MVN: Tool = Tool::of_any_version("mvn");
pub(crate) const NODE: Tool = Tool::at_least("node", (20, 0), "--version");
pub(crate) const NPM: Tool = Tool::of_any_version("npm");
pub(crate) const PKG_CONFIG: Tool = Tool::of_any_version("pkg-config");
pub(crate) const PYTHON: Tool = Tool::at_least("python3", (3, 11), "--version");
pub(crate) const TAR: Tool = Tool::of_any_version("tar");

/// Why some of the tools will not do; `None`: all do.
pub(crate) fn lacking(tools: &[Tool]) -> Option<String> {
    let lacking: Vec<_> = tools.iter().filter_map(Tool::lacking).collect();
    (!lacking.is_empty()).then(|| lacking.join("; "))
}

impl Tool {
    const fn of_any_version(program: &'static str) -> Self {
        Self { program, least: None }
    }

    const fn at_least(program: &'static str, version: Version, argument: &'static str) -> Self {
        let least = Some(Least { version, argument });
        Self { program, least }
    }

    fn lacking(&self) -> Option<String> {
        let program = self.program;
        if !self.is_in_path() {
            return Some(format!("{program} is not in PATH"));
        }
        let Least { version, argument } = self.least?;
        let output = Command::new(program).arg(argument).stdin(Stdio::null()).output();
        let printed = match output {
            Ok(output) if output.status.success() => output.stdout,
            Ok(output) => return Some(format!("{program} {argument} ends with {}", output.status)),
            Err(error) => return Some(format!("{program} cannot be run: {error}")),
        };
        let (least_major, least_minor) = version;
        match version_in(&String::from_utf8_lossy(&printed)) {
            Some(found) if found >= version => None,
            Some((major, minor)) => Some(format!(
                "{program} is {major}.{minor}, and {least_major}.{least_minor} is needed"
            )),
            None => Some(format!("{program} {argument} names no version")),
        }
    }

    fn is_in_path(&self) -> bool {
        let path = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&path).any(|folder| fs::metadata(folder.join(self.program)).is_ok_and(|file| file.is_file()))
    }
}

/// The first version that a text names.
fn version_in(text: &str) -> Option<Version> {
    let text = &text[text.find(|char: char| char.is_ascii_digit())?..];
    let end = text.find(|char: char| !char.is_ascii_digit() && char != '.');
    let mut numbers = text[..end.unwrap_or(text.len())].split('.');
    let major = numbers.next()?.parse().ok()?;
    let minor = numbers.next().and_then(|minor| minor.parse().ok()).unwrap_or(0);
    Some((major, minor))
}

#[cfg(test)]
mod tests {
    use super::{CC, Tool, lacking, version_in};

    #[test]
    fn every_program_is_understood() {
        for (printed, expected) in [
            ("v20.20.0\n", Some((20, 20))),
            ("Python 3.11.2\n", Some((3, 11))),
            ("go version go1.26.1 linux/amd64\n", Some((1, 26))),
            ("openjdk 17 2021-09-14\n", Some((17, 0))),
            ("java 21.0.2 2024-01-16 LTS\n", Some((21, 0))),
            ("nothing\n", None),
        ] {
            assert_eq!(version_in(printed), expected, "{printed}");
        }
    }

    #[test]
    fn what_is_lacking_is_reported() {
        let old = Tool::at_least("cc", (1000, 0), "--version");
        let none = Tool::of_any_version("no-such-program");
        let reasons = lacking(&[CC, none, old]).expect("two will not do");
        let (absent, too_old) = reasons.split_once("; ").expect("two");
        assert_eq!(absent, "no-such-program is not in PATH");
        assert!(
            too_old.starts_with("cc is ") && too_old.ends_with(", and 1000.0 is needed"),
            "{too_old}"
        );
        let silent = lacking(&[Tool::at_least("true", (1, 0), "--quiet")]);
        assert_eq!(silent.as_deref(), Some("true --quiet names no version"));
        let fails = lacking(&[Tool::at_least("false", (1, 0), "1.0")]);
        assert_eq!(fails.as_deref(), Some("false 1.0 ends with exit status: 1"));
        assert_eq!(lacking(&[CC]), None);
    }
}
