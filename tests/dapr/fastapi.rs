//! The two versions of the service on `docs/fastapi.md`: alone, and behind a gate. Both get the same events through a real daprd and
//! Kafka, and must tell the users the same.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tidegate_harness::{
    App, Cluster, Command, Daprd, Gate, Process, Ready, Received, Record, Reply, Test, component, free_port,
    repository, skip,
};
use tidegate_tests::missing;
use tokio::process;

use super::stack::topic_of;

const PAGE: &str = "docs/fastapi.md";

/// What each version must tell the users, in any order.
const TOLD: [&str; 3] = [
    "task.completed: Water the plants (high)",
    "task.created: Call home (normal)",
    "task.created: Water the plants (normal)",
];

pub(crate) async fn before_and_after(test: Test<Cluster>) -> Result<()> {
    let service = Service::of_page(&test).await?;
    service.alone(&test).await.context("before.py")?;
    service.behind_a_gate(&test).await.context("after.py")
}

/// The files of the page, and a Python that has what they need.
struct Service {
    dir: PathBuf,
}

impl Service {
    async fn of_page(test: &Test<Cluster>) -> Result<Self> {
        if missing("python3", PAGE) {
            return Err(skip("python3 is not in PATH"));
        }
        let dir = test.dir.service("page")?;
        fs::create_dir(dir.join("policy"))?;
        for (file, text) in files()? {
            fs::write(dir.join(file), text)?;
        }
        run("python3", &["-m", "venv", "venv"], &dir).await?;
        let install = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
            "requirements.txt",
        ];
        run("venv/bin/python", &install, &dir).await?;
        Ok(Self { dir })
    }

    async fn alone(&self, test: &Test<Cluster>) -> Result<()> {
        let (port, mailer) = (free_port(), mailer().await?);
        let topics = Topics::create(test, "before").await?;
        let id = format!("{}-before", test.id);
        let daprd = Daprd::new(&id)
            .app_port(port)
            .component(component::kafka("kafka-pubsub", &test.shared.kafka, &id))
            .component(component::memory_state("statestore"));
        let daprd = daprd.start(&test.services, &test.dir).await?;
        let env = [
            ("DAPR_HTTP_PORT", daprd.port().to_string()),
            ("TOPIC", topics.events.clone()),
            ("DEAD_LETTERS", topics.dead_letters.clone()),
        ];
        let _service = self.start("before", port, &mailer, &env).await?;
        daprd.wait_subscribed().await?;
        topics.tell_the_users(test, &mailer).await
    }

    async fn behind_a_gate(&self, test: &Test<Cluster>) -> Result<()> {
        let (port, listen, mailer) = (free_port(), free_port(), mailer().await?);
        let topics = Topics::create(test, "after").await?;
        let app_id = format!("{}-after", test.id);
        let _service = self.start("after", port, &mailer, &[]).await?;
        let _sidecar = Daprd::new(&app_id)
            .app_port(port)
            .start(&test.services, &test.dir)
            .await?;
        let daprd = Daprd::new(&test.id)
            .app_port(listen)
            .scheduler(&test.shared.scheduler)
            .component(component::kafka("kafka-pubsub", &test.shared.kafka, &test.id))
            .component(component::memory_state("statestore"));
        let daprd = daprd.start(&test.services, &test.dir).await?;
        let config = fs::read_to_string(self.dir.join("gate.yaml"))?
            .replace(
                "path: policy",
                &format!("path: \"{}\"", self.dir.join("policy").display()),
            )
            .replace(
                "name: task-events",
                &format!("name: task-events\n    topic: {}", topics.events),
            )
            .replace("app: notifications", &format!("app: {app_id}"))
            .replace("topic: dlq", &format!("topic: {}", topics.dead_letters));
        let config = format!("listen: 127.0.0.1:{listen}\nadmin: {{ listen: \"127.0.0.1:0\" }}\n{config}");
        let env = [("DAPR_HTTP_PORT", &*daprd.port().to_string())];
        let _gate = Gate::start(&test.dir, listen, &config, &env).await?;
        daprd.wait_subscribed().await?;
        topics.tell_the_users(test, &mailer).await
    }

    async fn start(&self, module: &str, port: u16, mailer: &App, env: &[(&str, String)]) -> Result<Process> {
        let app = format!("{module}:app");
        let python = self.dir.join("venv/bin/python");
        let command = Command::new(module, &python, self.dir.clone(), Ready::Port(port))
            .args(["-m", "uvicorn", &app, "--port", &port.to_string()])
            .env(&[("MAILER", format!("http://127.0.0.1:{}/", mailer.port()))])
            .env(env);
        Process::start(command).await
    }
}

struct Topics {
    events: String,
    dead_letters: String,
}

impl Topics {
    async fn create(test: &Test<Cluster>, version: &str) -> Result<Self> {
        let topics = Self {
            events: topic_of(test, version),
            dead_letters: topic_of(test, &format!("{version}-dlq")),
        };
        test.shared.kafka.create_topic(&topics.events, 1).await?;
        test.shared.kafka.create_topic(&topics.dead_letters, 1).await?;
        Ok(topics)
    }

    /// Sends the events, and waits until the users are told and the invalid event is a dead letter.
    async fn tell_the_users(&self, test: &Test<Cluster>, mailer: &App) -> Result<()> {
        let event = |id: &str, event_type: &str, version: &str, payload: Value| {
            json!({
                "event_id": id, "event_type": event_type, "event_version": version, "task_id": 9_007_199_254_740_993_u64,
                "user_id": "user-1", "timestamp": "2026-03-01T09:30:00Z", "payload": payload,
            })
        };
        let created = event("e-1", "task.created", "1.0", json!({ "title": "Water the plants" }));
        let completed = json!({ "title": "Water the plants", "priority": "high" });
        let events = [
            created.clone(),
            event("bad", "task.created", "1.0", json!({})),
            event("e-2", "task.completed", "1.1", completed),
            created,
            event("e-3", "task.created", "1.0", json!({ "title": "Call home" })),
        ];
        for (index, event) in events.iter().enumerate() {
            let envelope = json!({
                "specversion": "1.0", "id": format!("p-{index}"), "source": "api", "type": "com.dapr.event.sent",
                "datacontenttype": "application/json", "data": event,
            });
            let record = Record::new(envelope.to_string()).key("user-1");
            test.shared.kafka.produce(&self.events, record).await?;
        }
        // The three, and the one that the mailer refused at first.
        let mails = mailer.wait_for("/", TOLD.len() + 1).await?;
        let texts = mails.iter().map(text).collect::<Result<BTreeSet<_>>>()?;
        ensure!(texts == TOLD.map(str::to_owned).into(), "{texts:?}");
        let dead = test
            .shared
            .kafka
            .wait_for(&self.dead_letters, 1, Duration::from_mins(1))
            .await?;
        ensure!(
            dead.len() == 1 && String::from_utf8_lossy(dead[0].value.as_deref().unwrap_or_default()).contains("bad"),
            "{dead:?}"
        );
        ensure!(mailer.count("/") == TOLD.len() + 1, "the repeat tells nobody anything");
        Ok(())
    }
}

fn text(mail: &Received) -> Result<String> {
    let mail = mail.json()?;
    ensure!(mail["to"] == "user-1", "{mail}");
    Ok(mail["text"].as_str().context("a text")?.to_owned())
}

/// Refuses the first mail that it gets on a call.
async fn mailer() -> Result<App> {
    let app = App::start([]).await?;
    let mut was_refused = false;
    app.answer_with("/", move |mail| {
        let refuses = !was_refused && text(mail).is_ok_and(|text| text.contains("Call home"));
        was_refused |= refuses;
        Reply::status(if refuses { 503 } else { 200 })
    });
    Ok(app)
}

/// The files of the page.
fn files() -> Result<Vec<(String, String)>> {
    let page = fs::read_to_string(repository().join(PAGE)).context(PAGE)?;
    let mut files = Vec::new();
    for block in page.split("\n```").skip(1).step_by(2) {
        let (info, text) = block.split_once('\n').context("a block")?;
        let (_, file) = info.split_once(' ').with_context(|| format!("{info} names no file"))?;
        files.push((file.to_owned(), format!("{text}\n")));
    }
    Ok(files)
}

async fn run(program: &str, args: &[&str], dir: &Path) -> Result<()> {
    let mut command = process::Command::new(if program.contains('/') {
        dir.join(program)
    } else {
        program.into()
    });
    let output = command
        .args(args)
        .current_dir(dir)
        .output()
        .await
        .with_context(|| program.to_owned())?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {args:?}: {said}");
    Ok(())
}
