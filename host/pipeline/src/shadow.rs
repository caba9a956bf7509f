//! Offers a copy of each decision to the shadow policy. Knows nothing of what comes of it.

use tidegate_policies::comparison::Answer;

use crate::{
    judge::{AddressedDecision, PolicyError},
    pipeline::Pipeline,
    run::Run,
};

impl Pipeline {
    /// Offers a delivery to the shadow policy, where there is one. Never waits.
    pub(super) fn offer_to_shadow(&self, run: Run<'_>, decided: &Result<AddressedDecision<'_>, PolicyError>) {
        if let Some(shadow) = &self.shadow {
            shadow.offer(run.delivery, run.revision, || match decided {
                // The bytes of its outputs are shared.
                Ok(addressed) => Answer::Decided(Box::new(addressed.decision.clone())),
                Err(error) => Answer::Fault(error.kind().unwrap_or("misuse")),
            });
        }
    }
}
