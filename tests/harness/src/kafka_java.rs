//! How the programs of Kafka are run: the runtime, the options, the properties. Knows no running broker.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::step;

const CLUSTER_ID: &str = "tidegate-e2e-cluster-0";
const HEAP: &str = "-Xmx512m";
/// A broker of a test lives for seconds: the quick compiler starts it sooner.
const JAVA: [&str; 4] = [HEAP, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"];

/// Kafka as it is installed.
#[derive(Debug, Clone)]
pub(crate) struct Installation {
    /// The Java runtime.
    pub(crate) java: PathBuf,
    /// The directory with Kafka's jars.
    pub(crate) lib: PathBuf,
    /// A freshly formatted log directory, to be copied for each broker.
    pub(crate) formatted: PathBuf,
}

impl Installation {
    /// The arguments of Java that run a class of Kafka.
    pub(crate) fn arguments(&self, class: &str, args: &[&str]) -> Vec<String> {
        let classpath = format!("{}/*", self.lib.display());
        let fixed =
            JAVA.iter()
                .copied()
                .chain(["-Dlog4j2.configurationFile=log4j2.properties", "-cp", &classpath, class]);
        fixed.chain(args.iter().copied()).map(str::to_owned).collect()
    }

    /// Formats the log directory that every broker starts with a copy of.
    pub(crate) fn format(&self, progress: &mut dyn FnMut(&str)) -> Result<()> {
        let config = tempfile::NamedTempFile::new()?;
        std::fs::write(config.path(), properties(&self.formatted, 9092, 9093))?;
        let path = config.path().display().to_string();
        let args = self.arguments("kafka.tools.StorageTool", &["format", "-t", CLUSTER_ID, "-c", &path]);
        step::run(
            "formatting Kafka's log directory",
            std::process::Command::new(&self.java).args(args),
            progress,
        )
    }
}

/// The configuration of a broker of one node.
pub(crate) fn properties(data: &Path, port: u16, controller: u16) -> String {
    format!(
        "node.id=1\n\
         process.roles=broker,controller\n\
         controller.quorum.voters=1@127.0.0.1:{controller}\n\
         controller.listener.names=CONTROLLER\n\
         listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
         log.dirs={}\n\
         auto.create.topics.enable=false\n\
         offsets.topic.num.partitions=1\n\
         offsets.topic.replication.factor=1\n\
         transaction.state.log.num.partitions=1\n\
         transaction.state.log.replication.factor=1\n\
         transaction.state.log.min.isr=1\n\
         group.initial.rebalance.delay.ms=0\n\
         broker.heartbeat.interval.ms=500\n\
         broker.session.timeout.ms=3000\n",
        data.display()
    )
}
