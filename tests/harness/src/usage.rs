//! What a process has used of the machine, read from `/proc`.

use std::path::PathBuf;

use anyhow::{Context, Result};

/// The memory of a process that is in RAM now.
pub fn resident_bytes(process: u32) -> Result<u64> {
    let status = read(process, "status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kilobytes: u64 = kilobytes.context("no VmRSS: the process has ended")?.parse()?;
    Ok(kilobytes * 1024)
}

/// The processor time that a process has used, in its own code and in the kernel.
#[allow(clippy::cast_precision_loss, reason = "a test runs for less than 2^53 ticks")]
pub(crate) fn cpu_seconds(process: u32) -> Result<f64> {
    let stat = read(process, "stat")?;
    let ticks = ticks(&stat).with_context(|| format!("/proc/{process}/stat reads {stat:?}"))?;
    Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// The names of the threads of a process, sorted.
pub fn thread_names(process: u32) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for thread in entries(process, "task")? {
        // One that has just ended is none.
        if let Ok(name) = std::fs::read_to_string(thread.join("comm")) {
            names.push(name.trim().to_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// How many files and sockets a process has open.
pub fn open_files(process: u32) -> Result<usize> {
    Ok(entries(process, "fd")?.len())
}

fn entries(process: u32, folder: &str) -> Result<Vec<PathBuf>> {
    let path = format!("/proc/{process}/{folder}");
    let entries = std::fs::read_dir(&path).context(path)?;
    entries.map(|entry| Ok(entry?.path())).collect()
}

fn read(process: u32, file: &str) -> Result<String> {
    let path = format!("/proc/{process}/{file}");
    std::fs::read_to_string(&path).context(path)
}

/// The sum of fields 14 and 15. The name in field 2 may hold spaces and brackets; nothing after it does.
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{cpu_seconds, open_files, resident_bytes, thread_names, ticks};
    use crate::wait::PATIENCE;

    #[test]
    fn a_name_with_brackets_is_skipped() {
        assert_eq!(ticks("7 (a) b) S 1 2 3 4 5 6 7 8 9 10 40 2 0"), Some(42));
        assert_eq!(ticks("7 (a"), None);
    }

    #[test]
    fn threads_and_files_are_counted() {
        let own = std::process::id();
        let before = open_files(own).expect("files");
        let held: Vec<_> = (0..50)
            .map(|_| std::fs::File::open("/dev/null").expect("a file"))
            .collect();
        assert!(
            open_files(own).expect("files") >= before + 25,
            "others may close theirs"
        );
        drop(held);
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::Builder::new().name("counted".to_owned());
        let thread = thread.spawn(move || ended.recv()).expect("a thread");
        let counted = || {
            thread_names(own)
                .expect("threads")
                .iter()
                .filter(|name| *name == "counted")
                .count()
        };
        while counted() == 0 {
            std::thread::yield_now();
        }
        drop(end);
        let _ = thread.join();
        while counted() > 0 {
            std::thread::yield_now();
        }
    }

    #[test]
    fn memory_and_time_grow_with_use() {
        let own = std::process::id();
        let before = resident_bytes(own).expect("memory");
        let held = vec![1_u8; 64 << 20];
        assert!(resident_bytes(own).expect("memory") > before + (32 << 20), "{before}");
        let used = cpu_seconds(own).expect("time");
        let start = Instant::now();
        while cpu_seconds(own).expect("time") <= used {
            assert!(start.elapsed() < PATIENCE, "it does not grow");
            std::hint::black_box(held.iter().step_by(4096).count());
        }
    }
}
