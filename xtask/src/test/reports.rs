//! Runs a command that tests and counts what its runner reports.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result};

use super::{junit, tally::Tally};

/// Runs tests to their end, with their output where ours goes, and reads every report in a folder, which is emptied first.
pub(super) fn run(command: &mut Command, folder: &Path) -> Result<Tally> {
    empty(folder).with_context(|| folder.display().to_string())?;
    let program = command.get_program().display().to_string();
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("{program} cannot be run"))?;
    let mut tally = Tally::default();
    for report in reports(folder).with_context(|| folder.display().to_string())? {
        let read = fs::read_to_string(&report)
            .map_err(anyhow::Error::from)
            .and_then(|xml| junit::read(&xml));
        tally.add(&read.with_context(|| report.display().to_string())?);
    }
    if !status.success() && !tally.failed() {
        // It did not compile, or it ended before it could report.
        tally.fail(format!("{program} failed ({status})"));
    } else if tally == Tally::default() {
        tally.fail(format!("{program} ran no test"));
    }
    Ok(tally)
}

fn empty(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    reports(folder)?.iter().try_for_each(fs::remove_file)
}

fn reports(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths.collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| path.extension() == Some(OsStr::new("xml")));
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::PathBuf, process::Command};

    use super::run;

    fn folder(name: &str) -> PathBuf {
        env::temp_dir().join(format!("xtask-reports-{name}-{}", std::process::id()))
    }

    #[track_caller]
    fn counts(name: &str, script: &str, expected: &str) {
        let folder = folder(name);
        let tally = run(Command::new("sh").args(["-c", script, "sh"]).arg(&folder), &folder);
        fs::remove_dir_all(&folder).expect("a folder");
        assert_eq!(tally.expect("it runs").counts(), expected);
    }

    #[test]
    fn all_reports_of_a_run_are_counted() {
        let script = r#"for name in a b; do echo "<testsuite><testcase name='t'/></testsuite>" > "$1/$name.xml"; done; echo no > "$1/c.txt""#;
        counts("all", script, "2 passed, 0 failed, 0 skipped");
    }

    #[test]
    fn a_run_without_reports_fails() {
        counts("crashed", "exit 3", "0 passed, 1 failed, 0 skipped");
        counts("silent", "exit 0", "0 passed, 1 failed, 0 skipped");
    }

    #[test]
    fn reports_of_an_earlier_run_do_not_count() {
        let folder = folder("earlier");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("old.xml"), "<testsuite><testcase/></testsuite>").expect("a file");
        let tally = run(&mut Command::new("false"), &folder).expect("it runs");
        fs::remove_dir_all(&folder).expect("a folder");
        assert_eq!(tally.failures(), ["false failed (exit status: 1)"]);
    }
}
