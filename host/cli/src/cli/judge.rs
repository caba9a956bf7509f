//! What becomes of an event that is out of its envelope: the policy's decision, or a rejection where the envelope cannot be read, as in
//! a gate. Knows no output of the command line.

use tidegate_engine::{Attribute, CallError, Context, Decided, Decision, Policy};
use tidegate_model::envelope::Flaw;

pub(super) async fn judge(
    policy: &Policy,
    event: &[u8],
    attributes: &[Attribute],
    flaw: Option<&Flaw>,
    context: &Context,
) -> Result<Decided, CallError> {
    let Some(flaw) = flaw else {
        return policy.process(event, attributes, context).await;
    };
    Ok(Decided {
        decision: Decision::Reject,
        rule: None,
        claim: None,
        event_id: None,
        event_type: None,
        event_version: None,
        key: None,
        outputs: Vec::new(),
        violations: vec![flaw.violation()],
    })
}
