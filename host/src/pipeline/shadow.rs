//! A copy of what was judged, for the candidate.

use super::{
    Pipeline, Run,
    judge::{Judgement, PolicyError},
};
use crate::shadow::{Judged, Said, Sent};

impl Pipeline {
    /// Offers a delivery to the candidate, where there is one. Never waits.
    pub(super) fn offer_to_shadow(&self, run: Run<'_>, judged: &Result<Judgement<'_>, PolicyError>) {
        if let Some(shadow) = &self.shadow {
            shadow.offer(run.delivery, run.revision, || match judged {
                Ok(judgement) => Said::Decided(copy(judgement)),
                Err(error) => Said::Fault(error.kind().unwrap_or("misuse")),
            });
        }
    }
}

/// The decision, with the bytes of its outputs shared.
fn copy(judgement: &Judgement<'_>) -> Judged {
    let decided = &judgement.decided;
    let outputs = judgement.outputs.iter().map(|output| Sent {
        channel: output.channel.clone(),
        key: output.message.key.clone(),
        id: output.message.id.clone(),
        event_type: output.message.event_type.clone(),
        event: output.message.event.clone(),
    });
    Judged {
        decision: decided.decision,
        event_id: decided.event_id.clone(),
        event_type: decided.event_type.clone(),
        event_version: decided.event_version.clone(),
        violations: decided.violations.clone(),
        outputs: outputs.collect(),
    }
}
