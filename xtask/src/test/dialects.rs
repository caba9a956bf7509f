//! How test runners of other languages say what they counted, a line at a time.

/// What one line says.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) skipped: usize,
}

/// Reads a line; `None` where it counts nothing.
pub(super) fn read(line: &str) -> Option<Counts> {
    pytest(line)
        .or_else(|| node(line))
        .or_else(|| go(line))
        .or_else(|| maven(line))
}

/// `===== 30 passed, 2 failed, 1 skipped in 3.21s =====`
fn pytest(line: &str) -> Option<Counts> {
    let inner = line.strip_prefix('=')?.strip_suffix('=')?.trim_matches(['=', ' ']);
    let (counts, _) = inner.rsplit_once(" in ")?;
    let mut sum = Counts::default();
    for part in counts.split(", ") {
        let (number, what) = part.split_once(' ')?;
        let number = number.parse::<usize>().ok()?;
        match what {
            "passed" | "xfailed" => sum.passed += number,
            "failed" | "error" | "errors" | "xpassed" => sum.failed += number,
            "skipped" => sum.skipped += number,
            _ => {}
        }
    }
    Some(sum)
}

/// `# pass 12`, in TAP, or `ℹ pass 12`.
fn node(line: &str) -> Option<Counts> {
    let rest = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ "))?;
    let (what, number) = rest.split_once(' ')?;
    let number = number.parse().ok()?;
    let mut counts = Counts::default();
    *match what {
        "pass" => &mut counts.passed,
        "fail" | "cancelled" => &mut counts.failed,
        "skipped" | "todo" => &mut counts.skipped,
        _ => return None,
    } = number;
    Some(counts)
}

/// `--- PASS: TestName (0.00s)`; those of parts of a test stand further in.
fn go(line: &str) -> Option<Counts> {
    let (what, _) = line.strip_prefix("--- ")?.split_once(": ")?;
    let mut counts = Counts::default();
    *match what {
        "PASS" => &mut counts.passed,
        "FAIL" => &mut counts.failed,
        "SKIP" => &mut counts.skipped,
        _ => return None,
    } = 1;
    Some(counts)
}

/// `[INFO] Tests run: 12, Failures: 0, Errors: 0, Skipped: 0`; those of a class also say how long it took.
fn maven(line: &str) -> Option<Counts> {
    let (_, rest) = line.split_once("] Tests run: ")?;
    if rest.contains("Time elapsed") {
        return None;
    }
    let mut numbers = rest
        .split(", ")
        .map(|part| part.rsplit(' ').next().unwrap_or(part).parse::<usize>());
    let mut next = || numbers.next()?.ok();
    let (run, failures, errors, skipped) = (next()?, next()?, next()?, next()?);
    let failed = failures + errors;
    Some(Counts {
        passed: run.saturating_sub(failed + skipped),
        failed,
        skipped,
    })
}

#[cfg(test)]
mod tests {
    use super::{Counts, read};

    #[track_caller]
    fn says(line: &str, passed: usize, failed: usize, skipped: usize) {
        let counts = Counts {
            passed,
            failed,
            skipped,
        };
        assert_eq!(read(line), Some(counts), "{line}");
    }

    #[test]
    fn every_runner_is_understood() {
        says(
            "======== 2 failed, 30 passed, 1 skipped, 3 warnings in 3.21s ========",
            30,
            2,
            1,
        );
        says("===== 30 passed in 83.21s (0:01:23) =====", 30, 0, 0);
        says("===== 1 error in 0.10s =====", 0, 1, 0);
        says("# pass 12", 12, 0, 0);
        says("ℹ fail 3", 0, 3, 0);
        says("# skipped 1", 0, 0, 1);
        says("--- PASS: TestVectors (2.31s)", 1, 0, 0);
        says("--- FAIL: TestVectors (2.31s)", 0, 1, 0);
        says("--- SKIP: TestVectors (0.00s)", 0, 0, 1);
        says("[INFO] Tests run: 12, Failures: 0, Errors: 0, Skipped: 0", 12, 0, 0);
        says("[ERROR] Tests run: 12, Failures: 1, Errors: 2, Skipped: 3", 6, 3, 3);
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in [
            "",
            "=== RUN   TestVectors",
            "    --- PASS: TestVectors/catalog (0.00s)",
            "======= test session starts =======",
            "# tests 12",
            "[INFO] Tests run: 3, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.4 s -- in dev.tidegate.PolicyTest",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
