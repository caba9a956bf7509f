//! What becomes of an event that is out of its envelope: the policy's decision, or a rejection where the envelope cannot be read, as in
//! a gate. Knows no output of the command line.

use bytes::Bytes;
use tidegate_engine::{Attribute, CallError, Context, Decided, Policy};
use tidegate_model::envelope::Flaw;
use tidegate_policies::output::Expected;

pub(super) async fn judge(
    policy: &Policy,
    event: &[u8],
    attributes: &[Attribute],
    flaw: Option<&Flaw>,
    context: &Context,
) -> Result<Decided, CallError> {
    match flaw {
        Some(flaw) => Ok(Decided::reject(flaw.violation())),
        None => policy.process(event, attributes, context).await,
    }
}

/// Checks a decision as a gate does that has a sink for each channel of the policy.
pub(super) fn checked<T>(policy: &Policy, event: &Bytes, now: &str, check: impl FnOnce(Expected<'_>) -> T) -> T {
    let catalog = policy.catalog();
    check(Expected {
        event,
        catalog,
        now,
        is_bound: &|channel| catalog.channels.iter().any(|known| known == channel),
    })
}
