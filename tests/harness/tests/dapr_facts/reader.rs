//! An app behind a sidecar, subscribed to one topic that no other test uses.

use anyhow::Result;
use tidegate_harness::{App, Cluster, Daprd, Record, RunningDaprd, Stored, Test, component, subscription};

/// The name of the pub/sub component.
pub(crate) const PUBSUB: &str = "kafka-pubsub";

/// Where the app is delivered to.
pub(crate) const PATH: &str = "/events";

/// The parts, in the order of their end: the sidecar before its app.
pub(crate) struct Reader {
    pub(crate) daprd: RunningDaprd,
    pub(crate) app: App,
    pub(crate) topic: String,
}

/// Starts a reader of a new topic with one partition.
pub(crate) async fn start(test: &Test<Cluster>, raw: bool) -> Result<Reader> {
    start_with(test, raw, |daprd| daprd, &[]).await
}

/// The same with changes to the sidecar and with more metadata of the pub/sub component.
pub(crate) async fn start_with(
    test: &Test<Cluster>,
    raw: bool,
    change: impl FnOnce(Daprd) -> Daprd,
    metadata: &[(&str, &str)],
) -> Result<Reader> {
    let topic = test.id.clone();
    test.shared.kafka.create_topic(&topic, 1).await?;
    let subscribed = subscription(PUBSUB, &topic, PATH);
    let app = App::start([if raw { subscribed.raw() } else { subscribed }]).await?;
    let pubsub = component::kafka(PUBSUB, &test.shared.kafka, &test.id);
    let pubsub = metadata
        .iter()
        .fold(pubsub, |pubsub, (name, value)| pubsub.with(name, value));
    let daprd = change(Daprd::new(&test.id).app(&app).component(pubsub))
        .start(&test.services, &test.dir)
        .await?;
    Ok(Reader { daprd, app, topic })
}

/// A sidecar that only publishes, and a new topic with one partition.
pub(crate) async fn writer(test: &Test<Cluster>) -> Result<RunningDaprd> {
    test.shared.kafka.create_topic(&test.id, 1).await?;
    let pubsub = component::kafka(PUBSUB, &test.shared.kafka, &test.id);
    Daprd::new(&test.id)
        .component(pubsub)
        .start(&test.services, &test.dir)
        .await
}

/// The one record of a topic.
pub(crate) async fn only_record(test: &Test<Cluster>) -> Result<Stored> {
    let mut records = test.shared.kafka.read(&test.id).await?;
    anyhow::ensure!(records.len() == 1, "one record, not {}", records.len());
    Ok(records.remove(0))
}

/// A `CloudEvent` with an id.
pub(crate) fn event(id: &str) -> Record {
    Record::new(format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"test","type":"t","data":{{"of":"{id}"}}}}"#
    ))
}
