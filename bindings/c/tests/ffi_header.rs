//! The header is generated from the source by cbindgen. `UPDATE_HEADER=1` writes it; review the changes, since programs depend
//! on it.

use std::{fs, path::Path};

#[test]
fn the_header_is_that_of_the_source() {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let header = crate_dir.join("include/tidegate.h");
    let config = cbindgen::Config::from_root_or_default(crate_dir);
    let bindings = cbindgen::generate_with_config(crate_dir, config).expect("the source is read");
    let mut made = Vec::new();
    bindings.write(&mut made);
    let made = String::from_utf8(made).expect("UTF-8");
    if std::env::var_os("UPDATE_HEADER").is_some() {
        fs::write(&header, &made).expect("a file that can be written");
    }
    let committed = fs::read_to_string(&header).unwrap_or_default();
    assert_eq!(
        committed, made,
        "run `UPDATE_HEADER=1 cargo test -p tidegate-ffi --test ffi_header`"
    );
}
