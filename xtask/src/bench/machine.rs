//! The machine that figures were measured on.

use std::fs;

use crate::places::Places;

/// What it was measured on, and what was measured, as far as this machine shows it.
pub(super) fn machine(places: &Places) -> Vec<String> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let cpu = fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|info| after(&info, "model name", ':'))
        .unwrap_or_else(|| "unknown processor".to_owned());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let lock = fs::read_to_string(places.root.join("Cargo.lock")).unwrap_or_default();
    let wasmtime = lock
        .split("[[package]]")
        .find(|package| package.contains("name = \"wasmtime\"\n"))
        .and_then(|package| after(package, "version", '='))
        .unwrap_or_default();
    vec![
        format!("{cpu}, {cores} threads"),
        format!("{} {}", std::env::consts::OS, major_minor(&kernel)),
        format!("wasmtime {}", wasmtime.trim_matches('"')),
    ]
}

/// `6.18` of `6.18.44-any`: what follows has nothing to do with figures.
fn major_minor(release: &str) -> String {
    let numbers: Vec<_> = release.trim().split(['.', '-']).take(2).collect();
    numbers.join(".")
}

/// What stands behind a name and a sign, on the first line that has them.
fn after(text: &str, name: &str, sign: char) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    let (_, value) = line.split_once(sign)?;
    Some(value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_kernel_is_named_by_two_numbers() {
        for release in ["6.18.44-any-1\n", "6.18-rc1", "6.18"] {
            assert_eq!(super::major_minor(release), "6.18", "{release}");
        }
        assert_eq!(super::major_minor(""), "");
    }

    #[test]
    fn a_value_is_found_behind_its_name() {
        let text = "processor\t: 0\nmodel name\t: Some CPU: 3 GHz\nmodel name\t: Other\n";
        assert_eq!(
            super::after(text, "model name", ':').as_deref(),
            Some("Some CPU: 3 GHz")
        );
        assert_eq!(super::after(text, "cores", ':'), None);
    }
}
