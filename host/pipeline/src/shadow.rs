//! A copy of what was decided, for the shadow policy.

use tidegate_policies::shadow::Answer;

use super::{
    Pipeline, Run,
    judge::{Judgement, PolicyError},
};

impl Pipeline {
    /// Offers a delivery to the shadow policy, where there is one. Never waits.
    pub(super) fn offer_to_shadow(&self, run: Run<'_>, judged: &Result<Judgement<'_>, PolicyError>) {
        if let Some(shadow) = &self.shadow {
            shadow.offer(run.delivery, run.revision, || match judged {
                // The bytes of its outputs are shared.
                Ok(judgement) => Answer::Decided(judgement.decision.clone()),
                Err(error) => Answer::Fault(error.kind().unwrap_or("misuse")),
            });
        }
    }
}
