//! Requests to the admin listener of a gate.

use std::{
    io::{Write, stdout},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use reqwest::{Method, StatusCode, Url};
use serde::de::DeserializeOwned;
use tidegate_gate::config::{self, Environment};

use super::super::{
    client::{Token, client},
    exit, notice,
    problem::Problem,
    words::visible,
};

/// Time for an answer: the gate may have to compile a policy first.
const TIMEOUT: Duration = Duration::from_mins(2);

/// The gate to talk to.
#[derive(Debug, Args)]
pub(in super::super) struct Admin {
    /// The gate's admin listener [default: `admin.listen` of the configuration, which is 127.0.0.1:8081 unless set]
    #[arg(long = "admin", value_name = "URL", env = config::TIDEGATE_ADMIN)]
    url: Option<Url>,
    /// The gate's configuration, to find its admin listener.
    #[arg(long, value_name = "FILE", env = config::TIDEGATE_CONFIG)]
    config: Option<PathBuf>,
    /// Print the answer of the gate: one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

/// The answer of the gate to a command.
pub(super) enum Answer<T> {
    /// The gate did what was requested.
    Accepted(T),
    /// The gate refused. The reason is printed.
    Refused,
    /// Like `Accepted`, and the answer is printed as JSON.
    Printed(T),
}

/// One reading of the state of the gate.
pub(super) enum Reading<T> {
    State(T),
    /// The gate does not have what was requested.
    Absent,
    /// The gate does not answer, and may answer later.
    Unavailable(anyhow::Error),
}

/// An HTTP answer.
struct Received {
    base: Url,
    status: StatusCode,
    text: String,
}

impl Admin {
    /// The gate at an address.
    pub(in super::super) fn at(url: Url) -> Self {
        Self {
            url: Some(url),
            config: None,
            json: false,
        }
    }

    /// Requests a change and prints nothing: the answer, or why the gate refuses.
    pub(in super::super) async fn change<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let received = self.exchange(Method::POST, path, String::new()).await?;
        if received.status.is_success() {
            return received.answer();
        }
        Err(if received.is_refusal() {
            anyhow!("{}", received.problem())
        } else {
            received.error()
        })
    }

    /// Requests something.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<Answer<T>> {
        self.request(Method::GET, path, String::new()).await
    }

    /// Requests something and prints nothing.
    pub(super) async fn read<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<Reading<T>> {
        let received = match self.exchange(Method::GET, path, String::new()).await {
            Ok(received) => received,
            Err(error) if is_network_error(&error) => return Ok(Reading::Unavailable(error)),
            Err(error) => return Err(error),
        };
        match received.status {
            status if status.is_success() => received.answer().map(Reading::State),
            status if status.is_server_error() => Ok(Reading::Unavailable(received.error())),
            _ if received.is_refusal() => Ok(Reading::Absent),
            _ => Err(received.error()),
        }
    }

    /// Requests a change.
    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, body: String) -> anyhow::Result<Answer<T>> {
        self.request(Method::POST, path, body).await
    }

    async fn request<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: String,
    ) -> anyhow::Result<Answer<T>> {
        let received = self.exchange(method, path, body).await?;
        if received.status.is_success() {
            let answer = received.answer()?;
            if !self.json {
                return Ok(Answer::Accepted(answer));
            }
            writeln!(stdout(), "{}", received.text.trim_end())?;
            return Ok(Answer::Printed(answer));
        }
        if !received.is_refusal() {
            return Err(received.error());
        }
        if self.json {
            writeln!(stdout(), "{}", received.text.trim_end())?;
        }
        notice::print(received.problem());
        Ok(Answer::Refused)
    }

    async fn exchange(&self, method: Method, path: &str, body: String) -> anyhow::Result<Received> {
        let base = self.base()?;
        let url = base
            .join(path)
            .with_context(|| format!("{base} must be an address such as http://127.0.0.1:8081"))?;
        let request = Token::from_environment()?.show(client(TIMEOUT)?.request(method, url).body(body));
        let response = request.send().await.map_err(|error| {
            let hint = "is it running, and is this its `admin.listen`?";
            anyhow!(error.without_url()).context(format!("no gate answers at {base}; {hint}"))
        })?;
        let status = response.status();
        let text = response.text().await.map_err(reqwest::Error::without_url);
        let text = text.with_context(|| format!("the answer from {base} is not complete"))?;
        Ok(Received { base, status, text })
    }

    fn base(&self) -> anyhow::Result<Url> {
        if let Some(url) = &self.url {
            if url.cannot_be_a_base() || !url.has_host() {
                bail!("--admin {url} must be like http://127.0.0.1:8081");
            }
            return Ok(url.clone());
        }
        let config = config::read(self.config.as_deref(), &Environment::of_process())?;
        let Some(address) = config.admin else {
            bail!("`admin.listen` is null in the configuration: the gate has no admin listener");
        };
        let url = format!("http://{}", reachable(address));
        Ok(url.parse()?)
    }
}

impl Received {
    fn answer<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        let answer = serde_json::from_str(&self.text);
        answer.with_context(|| {
            format!(
                "the answer from {} does not come from a gate of this version",
                self.base
            )
        })
    }

    fn problem(&self) -> Problem {
        Problem::read(&self.text)
    }

    /// Whether the gate refused. The admin listener knows all requested paths, so "not found" comes from another server.
    fn is_refusal(&self) -> bool {
        match self.status {
            StatusCode::NOT_FOUND => !matches!(&*visible(&self.problem().title), "" | "not found"),
            status => status == StatusCode::CONFLICT,
        }
    }

    fn error(&self) -> anyhow::Error {
        let base = &self.base;
        match self.status {
            StatusCode::UNAUTHORIZED => anyhow!("the gate at {base} needs a token: set APP_API_TOKEN"),
            StatusCode::NOT_FOUND => {
                anyhow!("the server at {base} is not the admin listener of a gate (`admin.listen`)")
            }
            status => anyhow!("{base} answers {status}: {}", self.problem()),
        }
    }
}

impl<T> Answer<T> {
    /// Prints the answer as text, unless it is printed already. A refusal becomes an exit code.
    pub(super) fn show(
        self,
        text: impl FnOnce(&T) -> Result<String, std::fmt::Error>,
    ) -> anyhow::Result<Result<T, ExitCode>> {
        match self {
            Self::Refused => Ok(Err(ExitCode::from(exit::NO))),
            Self::Printed(answer) => Ok(Ok(answer)),
            Self::Accepted(answer) => {
                write!(anstream::stdout(), "{}", text(&answer)?)?;
                Ok(Ok(answer))
            }
        }
    }
}

/// Whether the request got no answer: nothing listens there, or the connection broke.
fn is_network_error(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<reqwest::Error>()
        .is_some_and(|error| !error.is_builder())
}

/// The address to connect to for a listener: `0.0.0.0` is every address of the machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
