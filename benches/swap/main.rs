//! What replacing a policy costs, and how long it takes. `cargo xtask bench swap` runs it: policies that are made of files, with `--json`
//! as one JSON object; with `--components` those that are compiled.
#![allow(clippy::print_stdout, reason = "the tables are what it is for")]

mod calls;
mod components;
mod figures;
mod files;
mod gate;
mod many;
mod policies;
mod rounds;
mod table;

use std::env;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let is_given = |flag: &str| env::args().any(|argument| argument == flag);
    if is_given("--components") {
        components::run().await
    } else {
        Box::pin(files::run(is_given("--json"))).await
    }
}
