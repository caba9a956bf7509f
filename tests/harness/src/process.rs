//! One service process: started, watched, killed, and started again as it was.

use std::fs::{File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::{dir::tail, reaper, usage, wait};

/// What to run, and how to see that it is ready.
#[derive(Debug, Clone)]
pub struct Command {
    /// Shown in errors.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables added to the environment.
    pub env: Vec<(String, String)>,
    /// The working directory; the output goes to the file `log` in it.
    pub dir: PathBuf,
    /// When it counts as started.
    pub ready: Ready,
    /// How long it may take to start.
    pub patience: Duration,
}

/// How to see that a service is ready.
#[derive(Debug, Clone)]
pub enum Ready {
    /// It accepts connections on a port.
    Port(u16),
    /// `GET` answers with a 2xx status.
    Http(String),
    /// A line of its log, written since it was last started, contains a text.
    Log(String),
}

impl Command {
    /// A program without arguments, in a directory of its own.
    pub fn new(name: &str, program: &Path, dir: PathBuf, ready: Ready) -> Self {
        Self {
            name: name.to_owned(),
            program: program.to_owned(),
            args: vec![],
            env: vec![],
            dir,
            ready,
            patience: wait::PATIENCE,
        }
    }

    /// With more arguments.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// With more variables.
    #[must_use]
    pub fn env(mut self, variables: &[(impl AsRef<str>, impl AsRef<str>)]) -> Self {
        let variables = variables
            .iter()
            .map(|(name, value)| (name.as_ref().to_owned(), value.as_ref().to_owned()));
        self.env.extend(variables);
        self
    }

    /// With another limit of the time it may take to start.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

/// A running process in a group of its own; the whole group is killed on drop.
#[derive(Debug)]
pub struct Process {
    command: Command,
    child: Mutex<Option<Child>>,
}

impl Process {
    /// Starts it and waits until it is ready.
    pub async fn start(command: Command) -> Result<Self> {
        let process = Self {
            command,
            child: Mutex::new(None),
        };
        process.restart().await?;
        Ok(process)
    }

    /// Starts it again as it was, with the same arguments, ports and directory, and waits until it is ready. A process
    /// that still runs is killed first.
    pub async fn restart(&self) -> Result<()> {
        self.kill9();
        let log_start = std::fs::metadata(self.log()).map_or(0, |log| log.len());
        self.spawn()?;
        self.wait_ready(log_start).await
    }

    /// Kills the whole group, at once (SIGKILL).
    pub fn kill9(&self) {
        if let Some(mut child) = self.child().take() {
            kill(&mut child);
        }
    }

    /// Kills the whole group, leaves it dead for a while and starts it again; says how long the start took.
    pub async fn down_for(&self, pause: Duration) -> Result<Duration> {
        self.kill9();
        tokio::time::sleep(pause).await;
        let start = Instant::now();
        self.restart().await?;
        Ok(start.elapsed())
    }

    /// Asks it to stop (SIGTERM) and waits; fails when it has not ended within `limit`, and kills it then.
    pub async fn terminate(&self, limit: Duration) -> Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        let ended = wait::until("the process to end", limit, async || self.exit_status()).await;
        self.kill9();
        ended.with_context(|| format!("{} did not stop on SIGTERM", self.command.name))
    }

    /// Stops the process where it is (SIGSTOP): it keeps its connections and answers nothing.
    pub fn freeze(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets a frozen process go on.
    pub fn thaw(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// Sends SIGHUP.
    pub fn hang_up(&self) -> Result<()> {
        self.signal(Signal::HUP)
    }

    /// The process id, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child().as_ref().map(Child::id)
    }

    /// The memory that it holds now, without that of its children.
    pub fn resident_bytes(&self) -> Result<u64> {
        usage::resident_bytes(self.running()?)
    }

    /// The processor time that it has used since it was last started, without that of its children.
    pub fn cpu_seconds(&self) -> Result<f64> {
        usage::cpu_seconds(self.running()?)
    }

    /// The names of its threads now, sorted.
    pub fn threads(&self) -> Result<Vec<String>> {
        usage::thread_names(self.running()?)
    }

    /// How many files and sockets it has open now.
    pub fn open_files(&self) -> Result<usize> {
        usage::open_files(self.running()?)
    }

    fn running(&self) -> Result<u32> {
        self.id().with_context(|| format!("{} does not run", self.command.name))
    }

    /// How it ended, if it has ended by itself since it was started.
    pub fn exit_status(&self) -> Option<ExitStatus> {
        self.child().as_mut().and_then(|child| child.try_wait().ok().flatten())
    }

    /// The file with everything it has written.
    pub fn log(&self) -> PathBuf {
        self.command.dir.join("log")
    }

    /// Its directory.
    pub fn dir(&self) -> &Path {
        &self.command.dir
    }

    /// Waits until its log contains a text, written at any time.
    pub async fn wait_for_log(&self, text: &str, limit: Duration) -> Result<()> {
        self.wait(&format!("{text:?} in its log"), limit, async || {
            self.log_contains(text, 0)
        })
        .await
    }

    fn spawn(&self) -> Result<()> {
        let Command {
            name,
            program,
            args,
            env,
            dir,
            ..
        } = &self.command;
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log())
            .context("a log file")?;
        let child = std::process::Command::new(program)
            .args(args)
            .envs(env.iter().map(|(key, value)| (key, value)))
            .current_dir(dir)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("{name}: cannot run {}", program.display()))?;
        reaper::started(child.id());
        *self.child() = Some(child);
        Ok(())
    }

    async fn wait_ready(&self, log_start: u64) -> Result<()> {
        let client = reqwest::Client::new();
        let ready = &self.command.ready;
        self.wait(
            &format!("it to be ready ({ready:?})"),
            self.command.patience,
            async || match ready {
                Ready::Port(port) => accepts(*port),
                Ready::Http(url) => client
                    .get(url)
                    .send()
                    .await
                    .is_ok_and(|answer| answer.status().is_success()),
                Ready::Log(text) => self.log_contains(text, log_start),
            },
        )
        .await
    }

    /// Waits for a condition, and no longer than the process lives.
    async fn wait(&self, what: &str, limit: Duration, mut condition: impl AsyncFnMut() -> bool) -> Result<()> {
        let name = &self.command.name;
        let outcome = wait::until(what, limit, async || {
            // Looked at before: what a process does last is seen all the same.
            let ended = self.exit_status();
            if condition().await {
                return Some(Ok(()));
            }
            ended
                .map(|status| anyhow::anyhow!("it ended by itself: {status}"))
                .map(Err)
        });
        match outcome.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) | Err(error) => {
                bail!(
                    "{name}: {error:#}\nthe end of {}:\n{}",
                    self.log().display(),
                    tail(&self.log())
                )
            }
        }
    }

    fn log_contains(&self, text: &str, start: u64) -> bool {
        use std::io::{Read as _, Seek as _, SeekFrom};
        let mut bytes = Vec::new();
        let read = File::open(self.log()).and_then(|mut log| {
            log.seek(SeekFrom::Start(start))?;
            log.read_to_end(&mut bytes)
        });
        read.is_ok() && String::from_utf8_lossy(&bytes).contains(text)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let group = self
            .child()
            .as_ref()
            .and_then(group)
            .with_context(|| format!("{} does not run", self.command.name))?;
        kill_process_group(group, signal).with_context(|| format!("{}: {signal:?}", self.command.name))
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill9();
    }
}

fn group(child: &Child) -> Option<Pid> {
    Pid::from_raw(child.id().try_into().ok()?)
}

fn kill(child: &mut Child) {
    // The group lives on while any process in it does, so this is right even when its leader has ended.
    if let Some(group) = group(child) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
    reaper::ended(child.id());
}

fn accepts(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok()
}
