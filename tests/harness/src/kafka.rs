//! A Kafka broker of one node (`KRaft`, no other service), and what tests do with it: topics, records in, records out.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::time::Duration;

use anyhow::{Context, Result};
use rskafka::client::partition::{Compression, OffsetAt, PartitionClient, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder};

use crate::{Command, Dir, Ready, Record, Server, Services, Stored, copy_dir, free_port, kafka_java::properties, wait};

const MAX_FETCH: i32 = 16 << 20;

/// A running broker.
#[derive(Debug)]
pub struct Kafka {
    server: Server,
    pub(crate) services: Services,
    client: Client,
}

impl Kafka {
    /// Starts a broker with no topics.
    pub async fn start(services: &Services, dir: &Dir) -> Result<Self> {
        let home = dir.service("kafka")?;
        let (port, controller) = (free_port(), free_port());
        let data = home.join("data");
        copy_dir(&services.kafka.formatted, &data).context("a formatted log directory")?;
        let config = home.join("server.properties");
        std::fs::write(&config, properties(&data, port, controller))?;
        std::fs::write(home.join("log4j2.properties"), LOGGING)?;
        let args = services
            .kafka
            .arguments("kafka.Kafka", &[&config.display().to_string()]);
        let ready = Ready::Log("Kafka Server started".into());
        let command = Command::new("kafka", &services.kafka.java, home, ready)
            .args(args)
            .patience(Duration::from_mins(1));
        let server = Server::start(port, command).await?;
        let client = ClientBuilder::new(vec![format!("127.0.0.1:{port}")])
            .build()
            .await
            .context("a client of kafka")?;
        Ok(Self {
            server,
            services: services.clone(),
            client,
        })
    }

    /// Creates a topic.
    pub async fn create_topic(&self, topic: &str, partitions: i32) -> Result<()> {
        let controller = self.client.controller_client()?;
        bounded(
            "creating a topic",
            controller.create_topic(topic, partitions, 1, 10_000),
        )
        .await?;
        self.wait_known(topic).await
    }

    pub(crate) async fn wait_known(&self, topic: &str) -> Result<()> {
        wait::until("the topic to be known", wait::PATIENCE, async || {
            self.partitions(topic).await.ok().map(drop)
        })
        .await
    }

    /// Writes a record; says where it went.
    pub async fn produce(&self, topic: &str, record: Record) -> Result<(i32, i64)> {
        Ok(self.produce_all(topic, vec![record]).await?[0])
    }

    /// Writes records, in order within a partition; says where each went.
    pub async fn produce_all(&self, topic: &str, records: Vec<Record>) -> Result<Vec<(i32, i64)>> {
        let partitions = self.partitions(topic).await?;
        let mut batches: BTreeMap<i32, Vec<(usize, rskafka::record::Record)>> = BTreeMap::new();
        let mut places = vec![(0, 0); records.len()];
        for (index, record) in records.into_iter().enumerate() {
            let partition = record
                .partition
                .unwrap_or_else(|| by_key(record.key.as_deref(), partitions));
            let Record {
                key, headers, value, ..
            } = record;
            let record = rskafka::record::Record {
                key,
                value,
                headers,
                timestamp: chrono::DateTime::from(std::time::SystemTime::now()),
            };
            batches.entry(partition).or_default().push((index, record));
        }
        for (partition, batch) in batches {
            let client = self.partition(topic, partition).await?;
            for part in batch.chunks(500) {
                let records = part.iter().map(|(_, record)| record.clone()).collect();
                let offsets = bounded("producing", client.produce(records, Compression::NoCompression)).await?;
                for ((index, _), offset) in part.iter().zip(offsets) {
                    places[*index] = (partition, offset);
                }
            }
        }
        Ok(places)
    }

    /// Everything a topic holds, ordered by partition and offset.
    pub async fn read(&self, topic: &str) -> Result<Vec<Stored>> {
        let mut all = Vec::new();
        for partition in 0..self.partitions(topic).await? {
            all.extend(read_all(&self.partition(topic, partition).await?).await?);
        }
        Ok(all)
    }

    /// How many records have been written to a topic.
    pub async fn count(&self, topic: &str) -> Result<usize> {
        let mut count = 0;
        for partition in 0..self.partitions(topic).await? {
            let client = self.partition(topic, partition).await?;
            count += bounded("the last offset", client.get_offset(OffsetAt::Latest)).await?;
        }
        Ok(usize::try_from(count)?)
    }

    /// Waits until a topic holds at least `count` records, and reads them all.
    pub async fn wait_for(&self, topic: &str, count: usize, limit: Duration) -> Result<Vec<Stored>> {
        let what = format!("{count} records in {topic}");
        let enough = wait::until(&what, limit, async || {
            self.count(topic).await.is_ok_and(|n| n >= count).then_some(())
        })
        .await;
        enough.with_context(|| format!("kafka has fewer than {count} records in {topic}"))?;
        self.read(topic).await
    }

    /// The offsets a consumer group has committed for a topic, by partition: the next record it will be given.
    pub async fn committed(&self, group: &str, topic: &str) -> Result<BTreeMap<i32, i64>> {
        // Listing leaves this topic out. It has one partition, once a group has committed anything.
        let offsets = self
            .client
            .partition_client(crate::offsets::TOPIC, 0, UnknownTopicHandling::Error);
        match offsets.await {
            Ok(offsets) => Ok(crate::offsets::committed(&read_all(&offsets).await?, group, topic)),
            Err(_) => Ok(BTreeMap::new()),
        }
    }

    async fn partitions(&self, topic: &str) -> Result<i32> {
        let topics = bounded("listing topics", self.client.list_topics()).await?;
        let found = topics
            .iter()
            .find(|known| known.name == topic)
            .with_context(|| format!("no topic {topic}"))?;
        Ok(i32::try_from(found.partitions.len())?)
    }

    async fn partition(&self, topic: &str, partition: i32) -> Result<PartitionClient> {
        bounded(
            "a partition",
            self.client
                .partition_client(topic, partition, UnknownTopicHandling::Retry),
        )
        .await
    }
}

impl Deref for Kafka {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

async fn read_all(client: &PartitionClient) -> Result<Vec<Stored>> {
    let partition = client.partition();
    let mut all = Vec::new();
    let mut next = bounded("the first offset", client.get_offset(OffsetAt::Earliest)).await?;
    let end = bounded("the last offset", client.get_offset(OffsetAt::Latest)).await?;
    while next < end {
        let fetch = client.fetch_records(next, 1..MAX_FETCH, 1_000);
        for found in bounded("reading", fetch).await?.0 {
            if found.offset < next {
                continue; // a batch comes whole, even when it begins before
            }
            next = found.offset + 1;
            let rskafka::record::Record {
                key, value, headers, ..
            } = found.record;
            all.push(Stored {
                partition,
                offset: found.offset,
                key,
                headers,
                value,
            });
        }
    }
    Ok(all)
}

/// To the standard output, which is the log.
const LOGGING: &str = "rootLogger.level=INFO\n\
    rootLogger.appenderRef.out.ref=out\n\
    appender.out.type=Console\n\
    appender.out.name=out\n\
    appender.out.layout.type=PatternLayout\n\
    appender.out.layout.pattern=%d{ISO8601} %-5p %c{1} %m%n\n";

/// Equal keys, equal partition. (Not Kafka's own hash, and it need not be.)
fn by_key(key: Option<&[u8]>, partitions: i32) -> i32 {
    let hash = key
        .unwrap_or_default()
        .iter()
        .fold(0_i32, |hash, byte| hash.wrapping_mul(31).wrapping_add(i32::from(*byte)));
    hash.rem_euclid(partitions.max(1))
}

/// The client tries again for ever; a test does not.
async fn bounded<T, E>(what: &str, call: impl Future<Output = Result<T, E>>) -> Result<T>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let done = tokio::time::timeout(wait::PATIENCE, call).await;
    done.with_context(|| format!("kafka: {what} hangs"))?
        .with_context(|| format!("kafka: {what}"))
}
