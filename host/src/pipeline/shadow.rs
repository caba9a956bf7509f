//! A copy of what was judged, for the candidate.

use super::{
    Pipeline, Run,
    judge::{Judgement, Misjudged},
};
use crate::shadow::{Judged, Said, Sent};

impl Pipeline {
    /// Offers a delivery to the candidate, where there is one. Never waits.
    pub(super) fn offer_to_candidate(&self, run: Run<'_>, judged: &Result<Judgement<'_>, Misjudged>) {
        if let Some(shadow) = &self.shadow {
            shadow.offer(run.delivery, run.generation, || match judged {
                Ok(judgement) => Said::Verdict(copy(judgement)),
                Err(error) => Said::Fault(error.kind().unwrap_or("misuse")),
            });
        }
    }
}

/// The verdict, with the bytes of its outputs shared.
fn copy(judgement: &Judgement<'_>) -> Judged {
    let verdict = &judgement.verdict;
    let outputs = judgement.outputs.iter().map(|output| Sent {
        channel: output.channel.clone(),
        key: output.message.key.clone(),
        id: output.message.id.clone(),
        event_type: output.message.event_type.clone(),
        event: output.message.event.clone(),
    });
    Judged {
        outcome: verdict.outcome,
        event_id: verdict.event_id.clone(),
        event_type: verdict.event_type.clone(),
        event_version: verdict.event_version.clone(),
        violations: verdict.violations.clone(),
        outputs: outputs.collect(),
    }
}
