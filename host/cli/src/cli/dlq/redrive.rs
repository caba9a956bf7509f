//! `tidegate dlq redrive`: dead letters back into a gate, one at a time.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    io::{Write, stdout},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use bytes::Bytes;
use clap::Args;
use reqwest::{Client, Response, StatusCode, Url, header};
use serde::Deserialize;
use tidegate_gate::config;

use super::{
    super::{
        exit,
        paint::Paint,
        progress,
        words::{cut, visible},
    },
    Filter,
    letters::Source,
};

/// Bring dead letters back in: the gate judges their events anew, from the first attempt.
///
/// With --revision those of one policy, once another is in its place.
///
/// One after another, with a line for each: the id of the dead letter, what became of it, and why. The exit code is 1
/// when some were not taken. The token of the gate, when it asks for one, is taken from APP_API_TOKEN.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate dlq redrive 59c60f08-6df2-50e8-aad1-f6137ef63be1
  tidegate dlq redrive --all --type reminder.due
  tidegate dlq redrive --all --revision sha256:9f86d081
  kcat -C -b localhost -t dlq -e | tidegate dlq redrive --all --from - --url http://gate:8080")]
pub(super) struct Redrive {
    /// Ids of dead letters.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    ids: Vec<String>,
    /// Redrive all of them, as far as --type, --error, --revision and --limit allow.
    #[arg(long)]
    all: bool,
    /// Where the gate is.
    #[arg(long, value_name = "URL", env = config::TIDEGATE_URL, default_value = "http://127.0.0.1:8080")]
    url: Url,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    source: Source,
}

/// Time for an answer: the event goes all its way before it.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often one dead letter is sent when the gate cannot take it now.
const TRIES: u32 = 5;

/// The wait before the next try where the gate names none, and the longest.
const WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What became of one dead letter.
enum Outcome {
    Taken {
        disposition: String,
        reason: String,
    },
    Refused(String),
    /// Nothing that follows would fare better.
    Hopeless(String),
}

#[derive(Deserialize)]
struct Answer {
    disposition: String,
    #[serde(default)]
    reason: Option<String>,
}

/// A problem document (RFC 9457), as far as it matters here.
#[derive(Default, Deserialize)]
struct Problem {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    detail: Option<String>,
}

impl Redrive {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let gate = Gate::at(&self.url)?;
        let again = self.redriven_since().await?;
        let mut letters = self.source.open().await?;
        let mut wanted: BTreeSet<_> = self.ids.iter().map(String::as_str).collect();
        // A dead letter that was sent twice has the same id.
        let mut seen = HashSet::new();
        let progress = progress::spinner("{spinner} {pos} redriven, {elapsed}");
        let paint = Paint::for_stdout();
        let mut dispositions = BTreeMap::<String, usize>::new();
        let (mut taken, mut failed, mut stopped) = (0, 0, false);
        while taken + failed < self.filter.most() && (self.all || !wanted.is_empty()) {
            let Some(found) = letters.next().await? else { break };
            let letter = &found.letter;
            let event_id = letter.names.event_id.as_deref().unwrap_or_default();
            let is_named = wanted.remove(letter.id.as_str()) | wanted.remove(event_id);
            let is_meant = is_named || (self.all && !again.contains(&letter.id));
            if !is_meant || !self.filter.takes(letter) || !seen.insert(letter.id.clone()) {
                continue;
            }
            let outcome = gate.redrive(found.bytes).await;
            let (mark, why) = match &outcome {
                Outcome::Taken { disposition, reason } => (paint.good(visible(disposition)), reason),
                Outcome::Refused(why) | Outcome::Hopeless(why) => (paint.bad("failed"), why),
            };
            progress.inc(1);
            progress.suspend(|| writeln!(stdout(), "{}  {mark}  {}", visible(&letter.id), cut(why, 200)))?;
            match outcome {
                Outcome::Taken { disposition, .. } => {
                    taken += 1;
                    *dispositions.entry(disposition).or_default() += 1;
                }
                Outcome::Refused(_) => failed += 1,
                Outcome::Hopeless(_) => {
                    failed += 1;
                    stopped = true;
                    break;
                }
            }
        }
        progress.finish_and_clear();
        let missing = if stopped { 0 } else { wanted.len() };
        if missing > 0 {
            let ids: Vec<_> = wanted.into_iter().map(visible).collect();
            eprintln!("tidegate: there is no dead letter {}", ids.join(", "));
        }
        let unreadable = letters.unreadable;
        let rest = if stopped { "; stopped there" } else { "" };
        let dispositions: Vec<_> = dispositions
            .iter()
            .map(|(disposition, count)| format!("{count} {}", visible(disposition)))
            .collect();
        let taken = match &dispositions[..] {
            [] => "none taken".to_owned(),
            dispositions => format!("taken: {}", dispositions.join(", ")),
        };
        writeln!(
            stdout(),
            "to {}: {taken}; {failed} failed, {missing} not found, {unreadable} not readable{rest}",
            self.url
        )?;
        let all_taken = failed + missing == 0 && (unreadable == 0 || !self.all);
        Ok(if all_taken {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(exit::NO)
        })
    }
}

impl Redrive {
    /// Ids of dead letters that were redriven and given up again: what is left of them stands in a later one. Standard
    /// input can be read once only, so there it is not known.
    async fn redriven_since(&self) -> anyhow::Result<HashSet<String>> {
        let mut again = HashSet::new();
        if !self.all || self.source.is_standard_input() {
            return Ok(again);
        }
        let mut letters = self.source.open().await?;
        while let Some(found) = letters.next().await? {
            let id = found
                .letter
                .source
                .split_once(" (redrive of ")
                .and_then(|(_, rest)| rest.strip_suffix(')'));
            again.extend(id.map(str::to_owned));
        }
        Ok(again)
    }
}

/// The gate, reached over HTTP.
struct Gate {
    client: Client,
    url: Url,
    token: Option<String>,
}

impl Gate {
    fn at(base: &Url) -> anyhow::Result<Self> {
        let client = Client::builder()
            .timeout(PATIENCE)
            .connect_timeout(Duration::from_secs(5))
            .no_proxy()
            // A redirect would turn the POST into a GET and carry the token away.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .context("the HTTP client does not start")?;
        let mut url = base.clone();
        url.path_segments_mut()
            .map_err(|()| {
                anyhow::anyhow!("--url {base} has no place for a path: it must be like http://127.0.0.1:8080")
            })?
            .pop_if_empty()
            .extend(["v1", "redrive"]);
        Ok(Self {
            client,
            url,
            token: std::env::var("APP_API_TOKEN").ok().filter(|token| !token.is_empty()),
        })
    }

    /// Sends one dead letter, several times while the gate cannot take it.
    async fn redrive(&self, letter: Bytes) -> Outcome {
        let mut last = String::new();
        for attempt in 1..=TRIES {
            let wait = match self.send(letter.clone()).await {
                Err(error) => {
                    last = format!("{:#}", anyhow::Error::new(error.without_url()));
                    WAIT
                }
                Ok(response) if response.status() == StatusCode::SERVICE_UNAVAILABLE => {
                    let wait = retry_after(&response);
                    last = refusal(response).await;
                    wait
                }
                Ok(response) => return outcome(response).await,
            };
            if attempt < TRIES {
                tokio::time::sleep(wait).await;
            }
        }
        Outcome::Hopeless(format!("after {TRIES} tries: {last}"))
    }

    async fn send(&self, letter: Bytes) -> reqwest::Result<Response> {
        let request = self
            .client
            .post(self.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .body(letter);
        let request = match &self.token {
            Some(token) => request.header("dapr-api-token", token),
            None => request,
        };
        request.send().await
    }
}

async fn outcome(response: Response) -> Outcome {
    match response.status() {
        StatusCode::OK | StatusCode::ACCEPTED => match response.json::<Answer>().await {
            Ok(answer) => Outcome::Taken {
                disposition: answer.disposition,
                reason: answer.reason.unwrap_or_default(),
            },
            Err(_) => Outcome::Hopeless("the answer is not that of a gate; is --url right?".to_owned()),
        },
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::PAYLOAD_TOO_LARGE => Outcome::Refused(refusal(response).await),
        _ => Outcome::Hopeless(refusal(response).await),
    }
}

/// The answer of a gate that says no, in one line.
async fn refusal(response: Response) -> String {
    let status = response.status();
    let problem: Problem = response.json().await.unwrap_or_default();
    [Some(status.to_string()), problem.title, problem.detail]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(": ")
}

fn retry_after(response: &Response) -> Duration {
    let seconds = response.headers().get(header::RETRY_AFTER);
    let seconds = seconds.and_then(|value| value.to_str().ok()?.trim().parse().ok());
    seconds.map_or(WAIT, Duration::from_secs).min(LONGEST_WAIT)
}
