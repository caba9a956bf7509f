//! How a dead letter looks: JSON in which some objects stand for something else. Gates build dead letters by it, and authors are told
//! what is wrong with it, and where. Knows no event.

mod bad_template;
mod reader;
mod template;

pub use self::bad_template::{BadTemplate, Problem};
pub use self::template::{BASE64, DEPTH, Given, METADATA, Node, Scalar, Template};
