//! The services that most tests share.

use anyhow::Result;

use crate::{Dir, Kafka, Redis, Scheduler, Services};

/// Kafka, the scheduler, and Redis where it is installed. Sidecars, apps and gates are cheap: each test starts its own.
#[derive(Debug)]
pub struct Cluster {
    /// The broker.
    pub kafka: Kafka,
    /// The keeper of jobs.
    pub scheduler: Scheduler,
    redis: Option<Redis>,
}

impl Cluster {
    /// Starts them side by side.
    pub async fn start(services: &Services, dir: &Dir) -> Result<Self> {
        let redis = async {
            match services.redis {
                Some(_) => Redis::start(services, dir).await.map(Some),
                None => Ok(None),
            }
        };
        let (kafka, scheduler, redis) =
            tokio::try_join!(Kafka::start(services, dir), Scheduler::start(services, dir), redis)?;
        Ok(Self {
            kafka,
            scheduler,
            redis,
        })
    }

    /// The Redis server; the test is skipped where there is none.
    pub fn redis(&self) -> Result<&Redis> {
        self.redis
            .as_ref()
            .ok_or_else(|| crate::suite::skip("redis-server is not in PATH"))
    }
}
