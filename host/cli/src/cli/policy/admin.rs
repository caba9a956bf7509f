//! The admin listener of a gate, as its commands reach it.

use std::{
    fmt,
    io::{Write, stdout},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use reqwest::{Client, Method, StatusCode, Url};
use serde::{Deserialize, de::DeserializeOwned};
use tidegate_gate::config::{self, Environment};

use super::super::{
    exit,
    words::{cut, visible},
};

/// Time for an answer: a shadow policy that is promoted may have to be compiled before it.
const PATIENCE: Duration = Duration::from_mins(2);

/// Which gate.
#[derive(Debug, Args)]
pub(super) struct Admin {
    /// The gate's admin listener [default: `admin.listen` of the configuration, which is 127.0.0.1:8081 unless set]
    #[arg(long = "admin", value_name = "URL", env = config::TIDEGATE_ADMIN)]
    url: Option<Url>,
    /// The gate's configuration, to find its admin listener.
    #[arg(long, value_name = "FILE", env = config::TIDEGATE_CONFIG)]
    config: Option<PathBuf>,
    /// Print the gate's answer as it comes: one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

/// What the gate answers.
pub(super) enum Answer<T> {
    /// What was asked for.
    Yes(T),
    /// It does not do it, and has said why; so it is with the exit code.
    No,
    /// It was printed as it came, and so is the answer in it.
    Printed(T),
}

/// What a look at the gate shows.
pub(super) enum Looked<T> {
    Told(T),
    /// It does not have what is asked for.
    No,
    /// It does not answer, and may do so later.
    Later(anyhow::Error),
}

/// What came back from there.
struct Said {
    base: Url,
    status: StatusCode,
    text: String,
}

/// A problem document (RFC 9457), as far as it matters here.
#[derive(Default, Deserialize)]
struct Problem {
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: String,
}

impl Admin {
    /// Asks for something.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<Answer<T>> {
        self.ask(Method::GET, path, String::new()).await
    }

    /// Asks for something and prints nothing.
    pub(super) async fn look<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<Looked<T>> {
        let said = match self.exchange(Method::GET, path, String::new()).await {
            Ok(said) => said,
            Err(error) if is_on_the_way(&error) => return Ok(Looked::Later(error)),
            Err(error) => return Err(error),
        };
        match said.status {
            status if status.is_success() => said.answer().map(Looked::Told),
            status if status.is_server_error() => Ok(Looked::Later(said.refusal())),
            _ if said.is_no() => Ok(Looked::No),
            _ => Err(said.refusal()),
        }
    }

    /// Asks for something to be done.
    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, body: String) -> anyhow::Result<Answer<T>> {
        self.ask(Method::POST, path, body).await
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, body: String) -> anyhow::Result<Answer<T>> {
        let said = self.exchange(method, path, body).await?;
        if said.status.is_success() {
            let answer = said.answer()?;
            if !self.json {
                return Ok(Answer::Yes(answer));
            }
            writeln!(stdout(), "{}", said.text.trim_end())?;
            return Ok(Answer::Printed(answer));
        }
        if !said.is_no() {
            return Err(said.refusal());
        }
        if self.json {
            writeln!(stdout(), "{}", said.text.trim_end())?;
        }
        eprintln!("tidegate: {}", said.problem());
        Ok(Answer::No)
    }

    async fn exchange(&self, method: Method, path: &str, body: String) -> anyhow::Result<Said> {
        let base = self.base()?;
        let client = Client::builder()
            .timeout(PATIENCE)
            .connect_timeout(Duration::from_secs(5))
            .no_proxy()
            // It would carry the token away.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .context("the HTTP client does not start")?;
        let url = base
            .join(path)
            .with_context(|| format!("{base} has no place for a path"))?;
        let mut request = client.request(method, url).body(body);
        if let Some(token) = std::env::var("APP_API_TOKEN").ok().filter(|token| !token.is_empty()) {
            request = request.header("dapr-api-token", token);
        }
        let response = request.send().await.map_err(|error| {
            let hint = "is it running, and is this its `admin.listen`?";
            anyhow!(error.without_url()).context(format!("no gate answers at {base}; {hint}"))
        })?;
        let status = response.status();
        let text = response.text().await.map_err(reqwest::Error::without_url);
        let text = text.with_context(|| format!("the answer from {base} breaks off"))?;
        Ok(Said { base, status, text })
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
            bail!("`admin.listen` is null in the configuration: a gate that runs on it cannot be asked");
        };
        let url = format!("http://{}", reachable(address));
        Ok(url.parse()?)
    }
}

impl Said {
    fn answer<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        let answer = serde_json::from_str(&self.text);
        answer.with_context(|| format!("what answers at {} is no gate that this program knows", self.base))
    }

    fn problem(&self) -> Problem {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The admin listener knows all paths that are asked for, so one that does not is another server.
    fn is_no(&self) -> bool {
        match self.status {
            StatusCode::NOT_FOUND => !matches!(&*visible(&self.problem().title), "" | "not found"),
            status => status == StatusCode::CONFLICT,
        }
    }

    fn refusal(&self) -> anyhow::Error {
        let base = &self.base;
        match self.status {
            StatusCode::UNAUTHORIZED => anyhow!("the gate at {base} asks for a token: set APP_API_TOKEN to it"),
            StatusCode::NOT_FOUND => {
                anyhow!("what answers at {base} is not the admin listener of a gate (`admin.listen`)")
            }
            status => anyhow!("{base} answers {status}: {}", self.problem()),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", visible(&self.title), cut(&self.detail, 2000))
    }
}

impl<T> Answer<T> {
    /// Prints what `text` makes of it, unless it was printed as it came, and says whether it is the answer yes.
    pub(super) fn show(
        self,
        text: impl FnOnce(&T) -> Result<String, std::fmt::Error>,
    ) -> anyhow::Result<Result<T, ExitCode>> {
        match self {
            Self::No => Ok(Err(ExitCode::from(exit::NO))),
            Self::Printed(answer) => Ok(Ok(answer)),
            Self::Yes(answer) => {
                write!(stdout(), "{}", text(&answer)?)?;
                Ok(Ok(answer))
            }
        }
    }
}

/// Nobody listens there, or whoever did has gone: not what was asked is at fault.
fn is_on_the_way(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<reqwest::Error>()
        .is_some_and(|error| !error.is_builder())
}

/// An address to connect to, for one that is listened on: `0.0.0.0` is every address of the machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
