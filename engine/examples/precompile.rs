//! `precompile COMPONENT CODE`: compiles a prebuilt component for a program that carries its code. Run by `cargo xtask build`.

use std::{env, error::Error, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let [component, code] = &arguments[..] else {
        return Err("usage: precompile COMPONENT CODE".into());
    };
    Ok(fs::write(code, tidegate_engine::precompile(&fs::read(component)?)?)?)
}
