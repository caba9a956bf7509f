//! Makes the nodes of a tree: counts them, bounds their depth, checks kinds and reads constants. Knows no grammar.

use std::sync::Arc;

use crate::decimal::Decimal;
use crate::error::ParseError;
use crate::function::Function;
use crate::kind::Kind;
use crate::node::{Constant, Form, Node};
use crate::operators::Order;
use crate::pattern::Pattern;
use crate::time;

/// The nodes of an expression, at most.
pub const MAX_NODES: usize = 10_000;

/// How deep an expression may be nested.
pub const MAX_DEPTH: usize = 64;

/// Makes the nodes of one expression.
pub(crate) struct Builder<'t> {
    text: &'t str,
    nodes: usize,
}

pub(crate) type Built<T = Node> = Result<T, ParseError>;

impl<'t> Builder<'t> {
    pub(crate) const fn new(text: &'t str) -> Self {
        Self { text, nodes: 0 }
    }

    pub(crate) fn fail(&self, at: usize, message: impl Into<String>) -> ParseError {
        ParseError::new(self.text, at, message)
    }

    /// A node above others of this depth.
    pub(crate) fn node(&mut self, at: usize, kind: Kind, form: Form, below: usize) -> Built {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(self.fail(at, format!("an expression has at most {MAX_NODES} parts")));
        }
        let depth = below + 1;
        if depth > MAX_DEPTH {
            return Err(self.too_deep(at));
        }
        Ok(Node { at, depth, kind, form })
    }

    pub(crate) fn too_deep(&self, at: usize) -> ParseError {
        self.fail(at, format!("it is nested deeper than {MAX_DEPTH}"))
    }

    pub(crate) fn check(&self, node: &Node, kind: Kind) -> Built<()> {
        if node.kind.may_be(kind) {
            return Ok(());
        }
        Err(self.fail(
            node.at,
            format!("{} must stand here, not {}", kind.name(), node.kind.name()),
        ))
    }

    pub(crate) fn check_any(&self, node: &Node, kinds: &[Kind], what: &str) -> Built<()> {
        if kinds.iter().any(|kind| node.kind.may_be(*kind)) {
            return Ok(());
        }
        Err(self.fail(node.at, format!("{} has no {what}", node.kind.name())))
    }

    pub(crate) fn constant(&mut self, at: usize, constant: Constant) -> Built {
        self.node(at, constant.kind(), Form::Constant(constant), 0)
    }

    pub(crate) fn compared(&self, at: usize, operator: &str, left: Node, right: Node) -> Built<Form> {
        let order = match operator {
            "<" => Order::Less,
            "<=" => Order::AtMost,
            ">" => Order::Greater,
            ">=" => Order::AtLeast,
            "in" => {
                self.check_any(&right, &[Kind::List, Kind::Map], "elements")?;
                return Ok(Form::In(Box::new([left, right])));
            }
            _ => {
                let is_equal = operator == "==";
                return match (left.kind, right.kind) {
                    (_, Kind::Null) => Ok(Form::IsNull(Box::new(left), is_equal)),
                    (Kind::Null, _) => Ok(Form::IsNull(Box::new(right), is_equal)),
                    (one, other) if one.may_be(other) => Ok(Form::Equal(Box::new([left, right]), is_equal)),
                    (one, other) => Err(self.fail(at, format!("{} is never {}", one.name(), other.name()))),
                };
            }
        };
        let ordered = [Kind::Number, Kind::Text, Kind::Bool, Kind::Timestamp, Kind::Duration];
        let have_order = |kind: &Kind| left.kind.may_be(*kind) && right.kind.may_be(*kind);
        if !ordered.iter().any(have_order) {
            let message = format!("{} and {} have no order", left.kind.name(), right.kind.name());
            return Err(self.fail(at, message));
        }
        Ok(Form::Ordered(order, Box::new([left, right])))
    }

    pub(crate) fn call(&mut self, at: usize, name: &str, of: Option<Node>, rest: Vec<Node>) -> Built {
        let is_method = of.is_some();
        let mut arguments: Vec<Node> = of.into_iter().collect();
        arguments.extend(rest);
        if let ("has", false, [_]) = (name, is_method, &*arguments) {
            return self.has(at, arguments.remove(0));
        }
        if let ("matches", [_, _]) = (name, &*arguments) {
            return self.matches(at, arguments);
        }
        let kinds: Vec<_> = arguments.iter().map(|argument| argument.kind).collect();
        let (function, kind) = Function::find(name, is_method, &kinds).map_err(|problem| self.fail(at, problem))?;
        if let [
            Node {
                form: Form::Constant(Constant::Text(text)),
                at,
                ..
            },
        ] = &*arguments
            && let Some(constant) = read(function, text)
        {
            let constant = constant.map_err(|problem| self.fail(*at, problem))?;
            return self.node(*at, kind, Form::Constant(constant), 0);
        }
        let below = arguments
            .iter()
            .map(|argument| argument.depth)
            .max()
            .unwrap_or_default();
        self.node(at, kind, Form::Call(function, arguments), below)
    }

    /// `has(a.b)`: whether `a` has the member `b`.
    fn has(&mut self, at: usize, argument: Node) -> Built {
        let Form::Member(of, name) = argument.form else {
            return Err(self.fail(argument.at, "has(…) is for a member, such as has(event.note)"));
        };
        let below = of.depth;
        self.node(at, Kind::Bool, Form::Has(of, name), below)
    }

    /// `matches(a, 'pattern')` or `a.matches('pattern')`.
    fn matches(&mut self, at: usize, mut arguments: Vec<Node>) -> Built {
        let pattern = arguments.remove(1);
        let text = arguments.remove(0);
        self.check(&text, Kind::Text)?;
        let Form::Constant(Constant::Text(source)) = &pattern.form else {
            return Err(self.fail(
                pattern.at,
                "the pattern of matches must be a string that stands in the expression",
            ));
        };
        let compiled = Pattern::compile(source).map_err(|problem| self.fail(pattern.at, problem))?;
        let below = text.depth;
        self.node(at, Kind::Bool, Form::Matches(Box::new(text), Arc::new(compiled)), below)
    }
}

/// What a function makes of a text that stands in the expression.
fn read(function: Function, text: &str) -> Option<Result<Constant, &'static str>> {
    match function {
        Function::Decimal => Some(match Decimal::parse(text) {
            Ok(number) => Ok(Constant::Number(Arc::new(number))),
            Err(problem) => Err(problem.message()),
        }),
        Function::Timestamp => Some(
            time::parse_timestamp(text)
                .map(Constant::Timestamp)
                .ok_or(time::NO_TIMESTAMP),
        ),
        Function::Duration => Some(
            time::parse_duration(text)
                .map(Constant::Duration)
                .ok_or(time::NO_DURATION),
        ),
        _ => None,
    }
}
