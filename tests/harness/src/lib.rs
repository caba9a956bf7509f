//! Real services for end-to-end tests: Kafka, Redis, Dapr's sidecar and scheduler, and the gate itself.
//!
//! Every service listens on a free port of 127.0.0.1, writes its log into the directory of its test, and is killed, with everything it
//! started, when its guard goes away, even when the test process itself is killed. A directory is removed when its
//! test passes and stays when it fails.
//!
//! ```no_run
//! use tidegate_harness::{App, Cluster, Daprd, Record, Suite, Test, component, subscription};
//!
//! async fn an_event_reaches_the_app(test: Test<Cluster>) -> anyhow::Result<()> {
//!     let kafka = &test.shared.kafka;
//!     kafka.create_topic("orders", 1).await?;
//!     let app = App::start([subscription("pubsub", "orders", "/orders").raw()]).await?;
//!     let daprd = Daprd::new("reader").app(&app).component(component::kafka("pubsub", kafka, "readers"));
//!     let _daprd = daprd.start(&test.services, &test.dir).await?;
//!
//!     kafka.produce("orders", Record::new("one event").key("user-1")).await?;
//!     app.wait_for("/orders", 1).await?;
//!     Ok(())
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     Suite::new("orders", Cluster::start).test("an event reaches the app", an_event_reaches_the_app).run()
//! }
//! ```

mod admin;
mod app;
mod cluster;
pub mod component;
mod consumer;
mod copy;
mod daprd;
mod dir;
mod exchange;
mod gate;
mod kafka;
mod kafka_java;
mod luck;
mod offsets;
mod port;
mod process;
mod proxy;
mod reaper;
mod record;
mod redis;
mod scheduler;
mod server;
mod services;
pub mod shipped;
mod stamp;
mod step;
mod suite;
mod tool;
mod topics;
mod usage;
pub mod wait;

pub use app::{App, Subscription, subscription};
pub use cluster::Cluster;
pub use component::Component;
pub use consumer::Consumer;
pub use copy::copy_dir;
pub use daprd::{Daprd, RunningDaprd};
pub use dir::Dir;
pub use exchange::{Received, Reply};
pub use gate::Gate;
pub use kafka::Kafka;
pub use luck::unlucky;
pub use port::free_port;
pub use process::{Command, Process, Ready};
pub use proxy::Proxy;
pub use record::{Record, Stored};
pub use redis::Redis;
pub use scheduler::Scheduler;
pub use server::Server;
pub use services::{Availability, Services, repository};
pub use suite::{Suite, Test, skip};
pub use topics::{Environment, Topic, Topics};
pub use usage::{open_files, resident_bytes, thread_names};
