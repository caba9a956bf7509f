//! Handing an event to an app: the sidecar calls a method of it and passes its answer on.

use super::Sidecar;
use crate::{
    sink::{CLOUD_EVENT, Message, PublishError, answered, envelope},
    untrusted::Untrusted,
};

impl Sidecar {
    /// Calls `method` of `app` with the message in its envelope. The app's answer says whether it has taken it.
    pub(crate) async fn invoke(&self, app: &str, method: &str, message: &Message) -> Result<(), PublishError> {
        let action = format!("handing {:?} to {app}/{method}", Untrusted(&message.id));
        let path: Vec<&str> = ["v1.0", "invoke", app, "method"]
            .into_iter()
            .chain(method.split('/'))
            .collect();
        let request = self
            .post_to(&path)
            .header("content-type", CLOUD_EVENT)
            .body(envelope(message)?);
        answered(&action, self.send(&action, request).await?).await
    }
}
