//! The expressions of an event type, compiled once: which rules an event breaks, whether it is dropped, on which channels it leaves, and
//! what follows from it. They speak of the document as `event` and of the attributes that it came with as `attributes`. All that are asked
//! together share one budget of steps.

use std::collections::HashSet;

use serde_json::{Map, Value};
use tidegate_cel::{Budget, EvalError, Expression};

use crate::conditions::{Channels, ExpressionRule, RuleVersions};
use crate::contract::{Attribute, Violation};
use crate::emits::Emits;
use crate::manifest::EventType;
use crate::policy_error::PolicyError;
use crate::shared_rules::RuleOf;
use crate::violation::code;

/// The most channels on which one event leaves: a gate sends no more outputs.
const MAX_CHANNELS: usize = 64;

const ID_OF_ITS_OWN: &str = "each rule of a type has an id of its own, which is not empty";

const VARIABLES: [&str; 2] = ["event", "attributes"];

/// The expressions of an event type.
#[derive(Debug)]
pub(crate) struct Expressions {
    rules: Vec<Rule>,
    drops: Vec<(String, Expression)>,
    /// None, or the last one without a condition.
    routes: Vec<Route>,
    /// As many as events may follow.
    emits: Vec<Emitted>,
}

#[derive(Debug)]
struct Rule {
    id: String,
    condition: Expression,
    path: String,
    message: String,
    versions: Versions,
}

/// The versions for which a rule is, by their indices.
#[derive(Debug)]
enum Versions {
    /// The latest, and older ones migrated to it.
    Latest,
    All,
    These(Vec<usize>),
}

#[derive(Debug)]
struct Route {
    when: Option<Expression>,
    to: Vec<String>,
}

#[derive(Debug)]
struct Emitted {
    event_type: String,
    when: Option<Expression>,
}

/// How an event got its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It came in it.
    Came,
    /// It was migrated, or given its time.
    Changed,
}

/// An event in some version, with the attributes that it came with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) document: &'a Value,
    pub(crate) attributes: &'a [Attribute],
}

impl Expressions {
    /// Compiles what a manifest says of a type, whose rules these are.
    pub(crate) fn compile(name: &str, of: &EventType, its_rules: &[RuleOf<'_>]) -> Result<Self, PolicyError> {
        let of_type = |list: &str, at: usize| {
            let steps = ["event_types", name, list, &at.to_string()];
            steps.map(str::to_owned).to_vec()
        };
        let wrong = |what: &str, path: Vec<String>, problem: String| PolicyError::Expression {
            event_type: name.to_owned(),
            what: what.to_owned(),
            path,
            problem,
        };
        let parse = |what: &str, mut path: Vec<String>, key: &str, text: &str| {
            Expression::parse(text, &VARIABLES).map_err(|problem| {
                path.push(key.to_owned());
                wrong(what, path, problem.to_string())
            })
        };
        let mut ids = HashSet::new();
        let mut check_id = |what: &str, path: &[String], id: &'_ str| {
            let is_new = !id.is_empty() && ids.insert(id.to_owned());
            let problem = || wrong(what, path.to_vec(), ID_OF_ITS_OWN.to_owned());
            is_new.then_some(()).ok_or_else(problem)
        };
        let mut rules = Vec::with_capacity(its_rules.len());
        for RuleOf { rule, path } in its_rules {
            let what = format!("rule {}", rule.id);
            check_id(&what, path, &rule.id)?;
            rules.push(Rule {
                id: rule.id.clone(),
                condition: parse(&what, path.clone(), "expr", &rule.expr)?,
                path: rule.at.as_ref().map(|at| at.pointer().to_owned()).unwrap_or_default(),
                message: rule.message.clone(),
                versions: versions(rule, of).map_err(|problem| wrong(&what, path.clone(), problem))?,
            });
        }
        let mut drops = Vec::with_capacity(of.drop.len());
        for (at, rule) in of.drop.iter().enumerate() {
            let (what, path) = (format!("drop rule {}", rule.id), of_type("drop", at));
            check_id(&what, &path, &rule.id)?;
            drops.push((rule.id.clone(), parse(&what, path, "when", &rule.when)?));
        }
        let mut routes = Vec::new();
        for (at, route) in of.channel.iter().flat_map(|Channels(routes)| routes).enumerate() {
            let when = route.when.as_deref();
            let when = when.map(|text| parse(&format!("channel {}", at + 1), of_type("channel", at), "when", text));
            routes.push(Route {
                when: when.transpose()?,
                to: route.to.clone(),
            });
        }
        let channel = ["event_types", name, "channel"].map(str::to_owned).to_vec();
        check_routes(of, &routes).map_err(|problem| wrong("channel", channel, problem))?;
        let mut emits = Vec::with_capacity(of.emits.len());
        for (at, Emits { event_type, when, .. }) in of.emits.iter().enumerate() {
            let parse = |text: &String| parse(&format!("emits {event_type}"), of_type("emits", at), "when", text);
            emits.push(Emitted {
                event_type: event_type.clone(),
                when: when.as_ref().map(parse).transpose()?,
            });
        }
        Ok(Self {
            rules,
            drops,
            routes,
            emits,
        })
    }

    /// Whether some of them are about the latest version, whichever version an event has.
    pub(crate) fn need_latest(&self) -> bool {
        let is_of_latest = |rule: &Rule| matches!(rule.versions, Versions::Latest);
        self.rules.iter().any(is_of_latest)
            || !self.drops.is_empty()
            || self.routes.iter().any(|route| route.when.is_some())
            || self.emits.iter().any(|emitted| emitted.when.is_some())
    }

    pub(crate) fn rule_ids(&self) -> impl Iterator<Item = &String> {
        self.rules.iter().map(|rule| &rule.id)
    }

    pub(crate) fn drop_rule_ids(&self) -> impl Iterator<Item = &String> {
        self.drops.iter().map(|(id, _)| id)
    }

    /// All channels, as often as routes name them.
    pub(crate) fn all_channels(&self) -> impl Iterator<Item = &String> {
        self.routes.iter().flat_map(|route| &route.to)
    }

    /// The rules that a valid event of this version breaks.
    pub(crate) fn violations(
        &self,
        version: usize,
        origin: Origin,
        is_latest: bool,
        subject: Subject<'_>,
    ) -> Vec<Violation> {
        let came = origin == Origin::Came;
        let is_for = |rule: &&Rule| match &rule.versions {
            Versions::Latest => is_latest,
            Versions::All => came,
            Versions::These(versions) => came && versions.contains(&version),
        };
        let mut asked = self.rules.iter().filter(is_for).peekable();
        if asked.peek().is_none() {
            return Vec::new();
        }
        let mut question = Question::new(subject);
        let broken = asked.filter_map(|rule| match question.holds(&rule.condition) {
            Ok(true) => None,
            Ok(false) => Some(Violation::of_rule(&rule.id, &*rule.path, &*rule.message)),
            Err(error) => Some(unanswered(
                &format!("rule {}", rule.id),
                Some(&rule.id),
                &rule.path,
                &error,
            )),
        });
        broken.collect()
    }

    /// The first rule by which a valid event is dropped.
    pub(crate) fn drop_rule(&self, subject: Subject<'_>) -> Result<Option<&str>, Violation> {
        if self.drops.is_empty() {
            return Ok(None);
        }
        let mut question = Question::new(subject);
        for (id, condition) in &self.drops {
            let dropped = question.holds(condition);
            if dropped.map_err(|error| unanswered(&format!("drop rule {id}"), Some(id), "", &error))? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// The channels on which a valid event leaves.
    pub(crate) fn channels(&self, subject: Subject<'_>) -> Result<&[String], Violation> {
        if let [Route { when: None, to }] = &*self.routes {
            return Ok(to);
        }
        let mut question = Question::new(subject);
        for (at, route) in self.routes.iter().enumerate() {
            let taken = route.when.as_ref().map_or(Ok(true), |when| question.holds(when));
            if taken.map_err(|error| unanswered(&format!("channel {}", at + 1), None, "", &error))? {
                return Ok(&route.to);
            }
        }
        Ok(&[])
    }

    /// Which events follow from a valid one, by their indices.
    pub(crate) fn emitted(&self, subject: Subject<'_>) -> Result<Vec<usize>, Violation> {
        if self.emits.iter().all(|emitted| emitted.when.is_none()) {
            return Ok((0..self.emits.len()).collect());
        }
        let mut question = Question::new(subject);
        let mut follow = Vec::with_capacity(self.emits.len());
        for (at, Emitted { event_type, when }) in self.emits.iter().enumerate() {
            let follows = when.as_ref().map_or(Ok(true), |when| question.holds(when));
            if follows.map_err(|error| unanswered(&format!("emits {event_type}"), None, "", &error))? {
                follow.push(at);
            }
        }
        Ok(follow)
    }
}

/// Conditions that are asked of one event, with the steps that are left for it.
struct Question<'a> {
    document: &'a Value,
    attributes: Value,
    budget: Budget,
}

impl<'a> Question<'a> {
    fn new(subject: Subject<'a>) -> Self {
        let mut attributes = Map::new();
        for Attribute { name, value } in subject.attributes {
            attributes.entry(name).or_insert_with(|| value.as_str().into());
        }
        Self {
            document: subject.document,
            attributes: Value::Object(attributes),
            budget: Budget::default(),
        }
    }

    fn holds(&mut self, condition: &Expression) -> Result<bool, EvalError> {
        condition.evaluate(&[self.document, &self.attributes], &mut self.budget)
    }
}

/// An expression gives no answer for an event.
fn unanswered(what: &str, rule: Option<&str>, path: &str, error: &EvalError) -> Violation {
    let code = match error {
        EvalError::Cost => code::RULE_COST,
        EvalError::Error { .. } => code::RULE_ERROR,
    };
    Violation {
        rule: rule.map(str::to_owned),
        ..Violation::new(code, path, format!("{what}: {error}"))
    }
}

fn versions(rule: &ExpressionRule, of: &EventType) -> Result<Versions, String> {
    let names = match &rule.versions {
        None => return Ok(Versions::Latest),
        Some(RuleVersions::All) => return Ok(Versions::All),
        Some(RuleVersions::These(names)) => names,
    };
    if names.is_empty() {
        return Err("it is for no version: leave `versions` out, or name some".to_owned());
    }
    let at = |name: &String| {
        let known = of.versions.get_index_of(name);
        known.ok_or_else(|| format!("there is no version {name}"))
    };
    names.iter().map(at).collect::<Result<_, _>>().map(Versions::These)
}

/// Each event takes one of the routes, and leaves at most once on a channel.
fn check_routes(of: &EventType, routes: &[Route]) -> Result<(), String> {
    if of.channel.is_none() {
        return Ok(());
    }
    let Some((last, others)) = routes.split_last() else {
        return Err("the list is empty; leave `channel` out to drop valid events of this type".to_owned());
    };
    if last.when.is_some() {
        return Err(
            "an event for which no `when` holds goes nowhere: add a last { to: … } without a `when`".to_owned(),
        );
    }
    if others.iter().any(|route| route.when.is_none()) {
        return Err("only the last one may be without a `when`: those after it are never taken".to_owned());
    }
    for Route { to, .. } in routes {
        let names: HashSet<_> = to.iter().collect();
        if to.is_empty() || to.len() > MAX_CHANNELS || names.len() != to.len() {
            return Err(format!("`to` names from 1 to {MAX_CHANNELS} channels, each once"));
        }
    }
    Ok(())
}
