//! What becomes of an event that is out of its envelope: the policy's decision, or a rejection where the envelope cannot be read, as in
//! a gate. Knows no output of the command line.

use tidegate_engine::{Attribute, CallError, Context, Decided, Policy};
use tidegate_model::envelope::Flaw;

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
