//! What no lint checks: each file is short and says what it is for, no modules depend on each other in a circle, crates depend
//! downward, and texts use the project's words.

mod circles;
mod files;
mod layers;
mod tree;
mod words;
