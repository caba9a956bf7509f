//! Evaluates a tree. `&&`, `||`, `all` and `exists` are decided by the part that decides them, whatever is wrong with the others, and
//! whichever comes first.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::budget::Budget;
use crate::calls;
use crate::compare;
use crate::error::{Stop, quoted};
use crate::node::{Constant, Each, Form, Macro, Node};
use crate::value::{List, Map, Text, Value};

/// The evaluation of one expression.
pub(crate) struct Evaluation<'a, 'b> {
    variables: &'a [&'a Json],
    /// The variables of the macros that are around.
    locals: Vec<Value<'a>>,
    budget: &'b mut Budget,
}

impl<'a, 'b> Evaluation<'a, 'b> {
    pub(crate) fn new(variables: &'a [&'a Json], budget: &'b mut Budget) -> Self {
        Self {
            variables,
            locals: Vec::new(),
            budget,
        }
    }

    /// The value of a node.
    pub(crate) fn value(&mut self, node: &'a Node) -> Result<Value<'a>, Stop> {
        self.budget.spend(1)?;
        self.form(&node.form).map_err(|stop| stop.at(node.at))
    }

    fn form(&mut self, form: &'a Form) -> Result<Value<'a>, Stop> {
        match form {
            Form::Constant(constant) => Ok(of_constant(constant)),
            Form::Variable(at) => match self.variables.get(*at) {
                Some(json) => Value::of_json(json, self.budget),
                None => Err(Stop::wrong("the variable has no value")),
            },
            Form::Local(at) => Ok(self.locals[*at].clone()),
            Form::Member(of, name) => self
                .member(of, name)?
                .ok_or_else(|| Stop::wrong(format!("there is no member {}", quoted(name)))),
            Form::Has(of, name) => Ok(Value::Bool(self.member(of, name)?.is_some())),
            Form::Index(of, key) => self.index(of, key),
            Form::List(parts) => {
                self.budget.allocate(parts.len())?;
                let elements: Result<_, _> = parts.iter().map(|part| self.value(part)).collect();
                Ok(Value::of_list(elements?))
            }
            Form::Map(members) => self.map(members),
            Form::Not(of) => Ok(Value::Bool(!self.holds(of)?)),
            Form::Negated(of) => match self.value(of)? {
                Value::Number(number) => {
                    self.budget.read(number.len())?;
                    Ok(Value::Number(Arc::new(number.negated())))
                }
                other => Err(Stop::wrong(format!("{} has no negative", other.kind().name()))),
            },
            Form::All(parts) => self.first(parts, false),
            Form::Any(parts) => self.first(parts, true),
            Form::Equal(sides, is_equal) => {
                let [left, right] = self.sides(sides)?;
                Ok(Value::Bool(compare::equal(&left, &right, self.budget)? == *is_equal))
            }
            Form::IsNull(of, is_null) => Ok(Value::Bool(matches!(self.value(of)?, Value::Null) == *is_null)),
            Form::Ordered(order, sides) => {
                let [left, right] = self.sides(sides)?;
                Ok(Value::Bool(order.holds(compare::order(&left, &right, self.budget)?)))
            }
            Form::In(sides) => self.is_in(sides),
            Form::Computed(operator, sides) => {
                let [left, right] = self.sides(sides)?;
                operator.apply(left, right, self.budget)
            }
            Form::If(parts) => {
                let [condition, yes, no] = &**parts;
                let taken = if self.holds(condition)? { yes } else { no };
                self.value(taken)
            }
            Form::Call(function, arguments) => {
                let arguments: Result<Vec<_>, _> = arguments.iter().map(|argument| self.value(argument)).collect();
                calls::call(*function, &arguments?, self.budget)
            }
            Form::Matches(of, pattern) => match self.value(of)? {
                Value::Text(text) => Ok(Value::Bool(pattern.matches(text.as_str(), self.budget)?)),
                other => Err(Stop::wrong(format!("matches does not take {}", other.kind().name()))),
            },
            Form::Macro(of_macro, each) => self.each(*of_macro, each),
        }
    }

    fn sides(&mut self, sides: &'a [Node; 2]) -> Result<[Value<'a>; 2], Stop> {
        Ok([self.value(&sides[0])?, self.value(&sides[1])?])
    }

    /// Whether a condition holds.
    fn holds(&mut self, node: &'a Node) -> Result<bool, Stop> {
        match self.value(node)? {
            Value::Bool(holds) => Ok(holds),
            other => {
                let message = format!("a boolean must stand here, not {}", other.kind().name());
                Err(Stop::wrong(message).at(node.at))
            }
        }
    }

    /// Whether one of several conditions is what decides.
    fn first(&mut self, parts: &'a [Node], decides: bool) -> Result<Value<'a>, Stop> {
        let mut wrong = None;
        for part in parts {
            match self.holds(part) {
                Ok(holds) if holds == decides => return Ok(Value::Bool(decides)),
                Ok(_) => {}
                Err(stop) => keep(&mut wrong, stop)?,
            }
        }
        wrong.map_or(Ok(Value::Bool(!decides)), Err)
    }

    fn member(&mut self, of: &'a Node, name: &'a str) -> Result<Option<Value<'a>>, Stop> {
        match self.value(of)? {
            Value::Map(map) => compare::find(&map, &Value::Text(Text::Borrowed(name)), self.budget),
            other => {
                let message = format!("{} has no members, and so no {}", other.kind().name(), quoted(name));
                Err(Stop::wrong(message))
            }
        }
    }

    fn index(&mut self, of: &'a Node, key: &'a Node) -> Result<Value<'a>, Stop> {
        match (self.value(of)?, self.value(key)?) {
            (Value::List(list), Value::Number(number)) => {
                let element = match number.as_index() {
                    Some(at) => list.get(at, self.budget)?,
                    None => None,
                };
                element.ok_or_else(|| Stop::wrong("the list has no such element"))
            }
            (Value::Map(map), key) => {
                compare::find(&map, &key, self.budget)?.ok_or_else(|| Stop::wrong("there is no member of this name"))
            }
            (of, key) => {
                let (of, key) = (of.kind().name(), key.kind().name());
                Err(Stop::wrong(format!("{of} cannot be read at {key}")))
            }
        }
    }

    fn map(&mut self, members: &'a [(Node, Node)]) -> Result<Value<'a>, Stop> {
        self.budget.allocate(2 * members.len())?;
        let mut made: Vec<(Value<'a>, Value<'a>)> = Vec::with_capacity(members.len());
        for (key, value) in members {
            let (key, value) = (self.value(key)?, self.value(value)?);
            if compare::find_made(&made, &key, self.budget)?.is_some() {
                return Err(Stop::wrong("the map has one key twice"));
            }
            made.push((key, value));
        }
        Ok(Value::Map(Map::Made(made.into())))
    }

    fn is_in(&mut self, sides: &'a [Node; 2]) -> Result<Value<'a>, Stop> {
        let [value, container] = self.sides(sides)?;
        let is_in = match container {
            Value::List(list) => compare::contains(&list, &value, self.budget)?,
            Value::Map(map) => compare::find(&map, &value, self.budget)?.is_some(),
            other => return Err(Stop::wrong(format!("nothing is in {}", other.kind().name()))),
        };
        Ok(Value::Bool(is_in))
    }

    fn each(&mut self, of_macro: Macro, each: &'a Each) -> Result<Value<'a>, Stop> {
        let elements = match self.value(&each.range)? {
            Value::List(list) => list,
            Value::Map(map) => List::Made(map.keys(self.budget)?.into()),
            other => {
                let message = format!("{} has no elements", other.kind().name());
                return Err(Stop::wrong(message).at(each.range.at));
            }
        };
        match of_macro {
            Macro::All => self.first_of(&elements, &each.body, false),
            Macro::Exists => self.first_of(&elements, &each.body, true),
            Macro::ExistsOne => {
                let mut count = 0;
                for at in 0..elements.len() {
                    count += usize::from(self.with(&elements, at, |this| this.holds(&each.body))?.1);
                }
                Ok(Value::Bool(count == 1))
            }
            Macro::Filter => {
                let mut kept = Vec::new();
                for at in 0..elements.len() {
                    if let (element, true) = self.with(&elements, at, |this| this.holds(&each.body))? {
                        self.budget.allocate(1)?;
                        kept.push(element);
                    }
                }
                Ok(Value::of_list(kept))
            }
            Macro::Map => {
                let mut made = Vec::new();
                for at in 0..elements.len() {
                    let (_, value) = self.with(&elements, at, |this| match &each.filter {
                        Some(filter) if !this.holds(filter)? => Ok(None),
                        _ => this.value(&each.body).map(Some),
                    })?;
                    if let Some(value) = value {
                        self.budget.allocate(1)?;
                        made.push(value);
                    }
                }
                Ok(Value::of_list(made))
            }
        }
    }

    /// Whether a condition is, for one of the elements, what decides.
    fn first_of(&mut self, elements: &List<'a>, body: &'a Node, decides: bool) -> Result<Value<'a>, Stop> {
        let mut wrong = None;
        for at in 0..elements.len() {
            match self.with(elements, at, |this| this.holds(body)) {
                Ok((_, holds)) if holds == decides => return Ok(Value::Bool(decides)),
                Ok(_) => {}
                Err(stop) => keep(&mut wrong, stop)?,
            }
        }
        wrong.map_or(Ok(Value::Bool(!decides)), Err)
    }

    /// Asks something of one element.
    fn with<T>(
        &mut self,
        elements: &List<'a>,
        at: usize,
        ask: impl FnOnce(&mut Self) -> Result<T, Stop>,
    ) -> Result<(Value<'a>, T), Stop> {
        let element = elements.get(at, self.budget)?.unwrap_or(Value::Null);
        self.locals.push(element.clone());
        let answer = ask(self);
        self.locals.pop();
        Ok((element, answer?))
    }
}

/// Keeps the first thing that is wrong. A budget that is spent ends everything.
fn keep(first: &mut Option<Stop>, stop: Stop) -> Result<(), Stop> {
    match stop {
        Stop::Cost => Err(Stop::Cost),
        wrong @ Stop::Wrong { .. } => {
            first.get_or_insert(wrong);
            Ok(())
        }
    }
}

fn of_constant(constant: &Constant) -> Value<'_> {
    match constant {
        Constant::Null => Value::Null,
        Constant::Bool(is_true) => Value::Bool(*is_true),
        Constant::Number(number) => Value::Number(Arc::clone(number)),
        Constant::Text(text) => Value::Text(Text::Borrowed(text)),
        Constant::Timestamp(time) => Value::Timestamp(*time),
        Constant::Duration(duration) => Value::Duration(*duration),
    }
}
