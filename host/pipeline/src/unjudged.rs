//! A record that holds no event to be judged: its envelope cannot be read, or it is a tombstone. No policy is asked.

use tidegate_model::{dead_letter::Names, delivery::Unjudged, disposition::Disposition, scheduled_retry::Failure};

use crate::{
    ack::{NotAcknowledged, Report},
    pipeline::Pipeline,
    run::Run,
};

impl Pipeline {
    /// Dead-letters it or drops it.
    pub(super) async fn unjudged(&self, run: Run<'_>, unjudged: &Unjudged) -> Result<Report, NotAcknowledged> {
        match unjudged {
            Unjudged::Dropped { reason } => {
                if let Some(suppressed) = self.unjudged_log.allow() {
                    tracing::info!(source = %run.delivery.source, reason, suppressed, "a record was dropped");
                }
                Ok(run.report(Disposition::Dropped, reason))
            }
            Unjudged::Rejected { violation, key } => {
                let error = format!("{}: {}", violation.code, violation.message);
                let names = run.names();
                let failure = Failure {
                    names: Names {
                        key: names.key.or_else(|| key.clone()),
                        ..names
                    },
                    ..run.rejected(error, vec![violation.clone()])
                };
                self.dead_letter(run, &failure, None).await
            }
        }
    }
}
