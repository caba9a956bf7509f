//! `tidegate dlq redrive`: sends dead letters to a gate, one at a time.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    io::{Write, stdout},
    process::ExitCode,
    time::Duration,
};

use bytes::Bytes;
use clap::Args;
use reqwest::{Client, Response, StatusCode, Url, header};
use serde::Deserialize;
use tidegate_gate::config;

use super::{
    super::{
        client::{Token, client},
        exit, notice,
        problem::Problem,
        progress,
        styles::{BAD, GOOD, paint},
        words::{cut, visible},
    },
    filter::Filter,
    letters::Source,
};

/// Redrive dead letters: the gate processes their events again, from the first attempt.
///
/// With --revision, only those of one policy, after another one has replaced it.
///
/// Prints a line for each dead letter: its id, the disposition, and the reason. The exit code is 1 when some failed.
/// If the gate needs a token, it is read from APP_API_TOKEN.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate dlq redrive 59c60f08-6df2-50e8-aad1-f6137ef63be1
  tidegate dlq redrive --all --type order.placed
  tidegate dlq redrive --all --revision sha256:9f86d081
  kcat -C -b localhost -t dlq -e | tidegate dlq redrive --all --from - --url http://gate:8080")]
pub(super) struct Redrive {
    /// Ids of dead letters, or of their events.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    ids: Vec<String>,
    /// Redrive all dead letters that match --type, --error, --revision and --limit.
    #[arg(long)]
    all: bool,
    /// Address of the gate.
    #[arg(long, value_name = "URL", env = config::TIDEGATE_URL, default_value = "http://127.0.0.1:8080")]
    url: Url,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    source: Source,
}

/// Time for an answer: the gate processes the event first.
const TIMEOUT: Duration = Duration::from_mins(1);

/// How often one dead letter is sent while the gate is unavailable.
const ATTEMPTS: u32 = 5;

/// The delay before the next attempt when the gate sends no `Retry-After`.
const DELAY: Duration = Duration::from_secs(1);
/// The longest delay.
const LONGEST_DELAY: Duration = Duration::from_secs(30);

/// The result of redriving one dead letter.
enum Redriven {
    Accepted {
        disposition: String,
        reason: String,
    },
    Refused(String),
    /// The gate does not work, so the command stops.
    Failed(String),
}

#[derive(Deserialize)]
struct Answer {
    disposition: String,
    #[serde(default)]
    reason: Option<String>,
}

impl Redrive {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let gate = Gate::at(&self.url)?;
        let superseded = self.superseded().await?;
        let mut letters = self.source.open().await?;
        let mut missing: BTreeSet<_> = self.ids.iter().map(String::as_str).collect();
        // A dead letter that was published twice has the same id.
        let mut seen = HashSet::new();
        let progress = progress::spinner("{spinner} {pos} redriven, {elapsed}");
        let mut dispositions = BTreeMap::<String, usize>::new();
        let (mut accepted, mut failed, mut stopped) = (0, 0, false);
        while accepted + failed < self.filter.most() && (self.all || !missing.is_empty()) {
            let Some(found) = letters.next().await? else { break };
            let letter = &found.letter;
            let event_id = letter.names.id.as_deref().unwrap_or_default();
            let is_named = missing.remove(letter.id.as_str()) | missing.remove(event_id);
            let is_selected = is_named || (self.all && !superseded.contains(&letter.id));
            if !is_selected || !self.filter.matches(letter) || !seen.insert(letter.id.clone()) {
                continue;
            }
            let redriven = gate.redrive(found.bytes).await;
            let (mark, why) = match &redriven {
                Redriven::Accepted { disposition, reason } => (paint(GOOD, visible(disposition)), reason),
                Redriven::Refused(why) | Redriven::Failed(why) => (paint(BAD, "failed"), why),
            };
            progress.inc(1);
            progress.suspend(|| writeln!(anstream::stdout(), "{}  {mark}  {}", visible(&letter.id), cut(why, 200)))?;
            match redriven {
                Redriven::Accepted { disposition, .. } => {
                    accepted += 1;
                    *dispositions.entry(disposition).or_default() += 1;
                }
                Redriven::Refused(_) => failed += 1,
                Redriven::Failed(_) => {
                    failed += 1;
                    stopped = true;
                    break;
                }
            }
        }
        progress.finish_and_clear();
        if stopped {
            missing.clear();
        }
        if !missing.is_empty() {
            let ids: Vec<_> = missing.iter().copied().map(visible).collect();
            notice::print(format_args!("there is no dead letter {}", ids.join(", ")));
        }
        let missing = missing.len();
        let unreadable = letters.unreadable;
        let rest = if stopped { "; stopped" } else { "" };
        let dispositions: Vec<_> = dispositions
            .iter()
            .map(|(disposition, count)| format!("{count} {}", visible(disposition)))
            .collect();
        let accepted = match &dispositions[..] {
            [] => "none accepted".to_owned(),
            dispositions => format!("accepted: {}", dispositions.join(", ")),
        };
        writeln!(
            stdout(),
            "to {}: {accepted}; {failed} failed, {missing} not found, {unreadable} not readable{rest}",
            self.url
        )?;
        let all_accepted = failed + missing == 0 && (unreadable == 0 || !self.all);
        Ok(if all_accepted {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(exit::NO)
        })
    }
}

impl Redrive {
    /// Ids of dead letters that were redriven and dead-lettered again: only the later dead letter is redriven. Unknown
    /// where the dead letters can be read only once.
    async fn superseded(&self) -> anyhow::Result<HashSet<String>> {
        let mut superseded = HashSet::new();
        if !self.all || self.source.is_read_once() {
            return Ok(superseded);
        }
        let mut letters = self.source.open().await?;
        while let Some(found) = letters.next().await? {
            let id = found
                .letter
                .source
                .split_once(" (redrive of ")
                .and_then(|(_, rest)| rest.strip_suffix(')'));
            superseded.extend(id.map(str::to_owned));
        }
        Ok(superseded)
    }
}

/// The gate, reached over HTTP.
struct Gate {
    client: Client,
    url: Url,
    token: Token,
}

impl Gate {
    fn at(base: &Url) -> anyhow::Result<Self> {
        let client = client(TIMEOUT)?;
        let mut url = base.clone();
        url.path_segments_mut()
            .map_err(|()| anyhow::anyhow!("--url {base} must be an address such as http://127.0.0.1:8080"))?
            .pop_if_empty()
            .extend(["v1", "redrive"]);
        Ok(Self {
            client,
            url,
            token: Token::from_environment()?,
        })
    }

    /// Sends one dead letter, and again while the gate is unavailable.
    async fn redrive(&self, letter: Bytes) -> Redriven {
        let mut last = String::new();
        for attempt in 1..=ATTEMPTS {
            let delay = match self.send(letter.clone()).await {
                Err(error) => {
                    last = format!("{:#}", anyhow::Error::new(error.without_url()));
                    DELAY
                }
                Ok(response) if response.status() == StatusCode::SERVICE_UNAVAILABLE => {
                    let delay = retry_after(&response);
                    last = refusal(response).await;
                    delay
                }
                Ok(response) => return redriven(response).await,
            };
            if attempt < ATTEMPTS {
                tokio::time::sleep(delay).await;
            }
        }
        Redriven::Failed(format!("after {ATTEMPTS} attempts: {last}"))
    }

    async fn send(&self, letter: Bytes) -> reqwest::Result<Response> {
        let request = self
            .client
            .post(self.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .body(letter);
        self.token.show(request).send().await
    }
}

async fn redriven(response: Response) -> Redriven {
    match response.status() {
        StatusCode::OK | StatusCode::ACCEPTED => match response.json::<Answer>().await {
            Ok(answer) => Redriven::Accepted {
                disposition: answer.disposition,
                reason: answer.reason.unwrap_or_default(),
            },
            Err(_) => Redriven::Failed("the answer does not come from a gate; check --url".to_owned()),
        },
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::PAYLOAD_TOO_LARGE => Redriven::Refused(refusal(response).await),
        _ => Redriven::Failed(refusal(response).await),
    }
}

/// The answer of a gate that refuses, in one line.
async fn refusal(response: Response) -> String {
    let status = response.status();
    let problem = Problem::read(&response.text().await.unwrap_or_default()).to_string();
    if problem.is_empty() {
        status.to_string()
    } else {
        format!("{status}: {problem}")
    }
}

fn retry_after(response: &Response) -> Duration {
    let seconds = response.headers().get(header::RETRY_AFTER);
    let seconds = seconds.and_then(|value| value.to_str().ok()?.trim().parse().ok());
    seconds.map_or(DELAY, Duration::from_secs).min(LONGEST_DELAY)
}
