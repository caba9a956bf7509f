//! Embeds the prebuilt policy, `dist/prebuilt.wasm`, and its compiled code, `dist/prebuilt.code`, which `cargo xtask build` makes first.
//! Without the policy the program works, but cannot build policies; without its code it compiles the policy once.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let dist = Path::new(&manifest_dir()?).join("../../dist");
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    for name in ["prebuilt.wasm", "prebuilt.code"] {
        let file = dist.join(name);
        println!("cargo::rerun-if-changed={}", file.display());
        let bytes = match fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        fs::write(Path::new(&out).join(name), bytes)?;
    }
    Ok(())
}

/// Read when the script runs: a build directory may have been moved since it was compiled.
fn manifest_dir() -> io::Result<String> {
    env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)
}
