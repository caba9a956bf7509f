//! Ends the program that it takes itself for.

use tidegate_guests::Verdict;

tidegate_guests::harm!(exit);

fn exit(_event: &str) -> Verdict {
    std::process::exit(0)
}
