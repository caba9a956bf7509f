//! Kafka's own commands, for what has no method here and for scripts that call them.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{Kafka, wait};

/// Warnings go to the standard error: the standard output is the command's.
const LOGGING: &str = "rootLogger.level=WARN\n\
    rootLogger.appenderRef.err.ref=err\n\
    appender.err.type=Console\n\
    appender.err.name=err\n\
    appender.err.target=SYSTEM_ERR\n\
    appender.err.layout.type=PatternLayout\n\
    appender.err.layout.pattern=%-5p %c{1} %m%n\n";

impl Kafka {
    /// Runs a command in a virtual machine of its own (a second or two) and returns what it prints, as `kafka.admin.ConfigCommand`.
    /// `--bootstrap-server` is given to it.
    pub async fn tool(&self, class: &str, args: &[&str]) -> Result<String> {
        let broker = self.address();
        let args = self
            .services
            .kafka
            .arguments(class, &[&["--bootstrap-server", &broker], args].concat());
        let run = tokio::process::Command::new(&self.services.kafka.java)
            .args(args)
            .current_dir(self.tool_dir()?)
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(wait::PATIENCE, run)
            .await
            .with_context(|| format!("{class} hangs"))??;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            bail!(
                "{class}: {}\n{text}{}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(text)
    }

    /// A directory with `kafka-topics.sh` and `kafka-configs.sh`, as Kafka's own distribution has it.
    pub fn commands(&self) -> Result<PathBuf> {
        let dir = self.tool_dir()?;
        let commands = [
            ("kafka-topics.sh", "org.apache.kafka.tools.TopicCommand"),
            ("kafka-configs.sh", "kafka.admin.ConfigCommand"),
        ];
        for (name, class) in commands {
            let java = [
                vec![self.services.kafka.java.display().to_string()],
                self.services.kafka.arguments(class, &[]),
            ]
            .concat();
            let quoted: Vec<_> = java.iter().map(|word| format!("'{word}'")).collect();
            let script = format!(
                "#!/bin/sh\ncd '{}' && exec {} \"$@\"\n",
                dir.display(),
                quoted.join(" ")
            );
            write_executable(&dir.join(name), &script)?;
        }
        Ok(dir)
    }

    fn tool_dir(&self) -> Result<PathBuf> {
        let dir = self.process().dir().join("tool");
        std::fs::create_dir_all(&dir)?;
        std::fs::write(dir.join("log4j2.properties"), LOGGING)?;
        Ok(dir)
    }
}

fn write_executable(path: &Path, script: &str) -> Result<()> {
    std::fs::write(path, script)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).with_context(|| path.display().to_string())
}
