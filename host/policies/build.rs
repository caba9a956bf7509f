//! Embeds the prebuilt policy, `dist/prebuilt.wasm`, which `cargo xtask build` makes first. Without it the program works, but cannot
//! build policies.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let prebuilt = Path::new(&manifest_dir()?).join("../../dist/prebuilt.wasm");
    println!("cargo::rerun-if-changed={}", prebuilt.display());
    let bytes = match fs::read(&prebuilt) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&out).join("prebuilt.wasm"), bytes)
}

/// Read when the script runs: a build directory may have been moved since it was compiled.
fn manifest_dir() -> io::Result<String> {
    env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)
}
