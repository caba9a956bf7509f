//! Shows everything that it can see of the system: variables, arguments, input, clocks, randomness.

use std::{
    collections::BTreeMap,
    env,
    io::{Read, stdin},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use tidegate_guests::{Decided, calmly};
use wasip2::random::{insecure::get_insecure_random_u64, insecure_seed::insecure_seed, random::get_random_u64};

tidegate_guests::harm!(look);

fn look(event: &str) -> Decided {
    let mut decided = calmly(event);
    let variables: BTreeMap<_, _> = env::vars().collect();
    let arguments: Vec<_> = env::args().collect();
    let mut input = String::new();
    let read = stdin().read_to_string(&mut input).ok();
    let started = Instant::now();
    let elapsed = started.elapsed();
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    let random = (get_random_u64(), get_insecure_random_u64(), insecure_seed());
    decided.key = Some(format!(
        "{variables:?} {arguments:?} {read:?} {input:?} {elapsed:?} {clock:?} {random:?}"
    ));
    decided
}
