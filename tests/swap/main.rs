//! Another policy while the gate is at work: whichever way the file is replaced, it takes over as a whole or not at all.

mod denylist;
mod files;
mod folders;
mod hostile;
mod leaks;
mod load;
mod races;
mod refusals;
mod reload;
mod requests;
mod rig;
mod rollback;
mod ways;
