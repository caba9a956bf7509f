//! The grammar: makes a tree of a text. Resolves names, reads constants and checks kinds on the way, so that each error has its place.
//! Nodes are counted and depth is bounded before anything recurses.

use std::sync::Arc;

use crate::builder::{Builder, Built, MAX_DEPTH};
use crate::error::{ParseError, quoted};
use crate::kind::Kind;
use crate::lexer::{Lexer, Token};
use crate::node::{Constant, Each, Form, Macro, Node};
use crate::operators::Arithmetic;

/// Understands a text.
pub(crate) fn parse(text: &str, variables: &[&str]) -> Result<Node, ParseError> {
    let mut lexer = Lexer::new(text);
    let (token, at) = lexer.next()?;
    let mut parser = Parser {
        builder: Builder::new(text),
        lexer,
        token,
        at,
        variables,
        locals: Vec::new(),
        depth: 0,
    };
    let root = parser.expression()?;
    if parser.token != Token::End {
        return Err(parser
            .builder
            .fail(parser.at, "the expression should end here, or an operator stand here"));
    }
    if !root.kind.may_be(Kind::Bool) {
        let message = format!("it must give true or false, and gives {}", root.kind.name());
        return Err(parser.builder.fail(root.at, message));
    }
    Ok(root)
}

struct Parser<'t> {
    builder: Builder<'t>,
    lexer: Lexer<'t>,
    token: Token,
    at: usize,
    variables: &'t [&'t str],
    /// The variables of the macros that are around.
    locals: Vec<String>,
    depth: usize,
}

impl Parser<'_> {
    /// Takes the token, and reads the next.
    fn take(&mut self) -> Built<Token> {
        let (next, at) = self.lexer.next()?;
        self.at = at;
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn is_at(&self, symbol: &str) -> bool {
        matches!(self.token, Token::Symbol(found) if found == symbol)
    }

    fn skip(&mut self, symbol: &str) -> Built<bool> {
        let is_there = self.is_at(symbol);
        if is_there {
            self.take()?;
        }
        Ok(is_there)
    }

    fn expect(&mut self, symbol: &str) -> Built<()> {
        if self.skip(symbol)? {
            return Ok(());
        }
        Err(self.builder.fail(self.at, format!("{symbol} is missing")))
    }

    /// `condition ? yes : no`, or anything that binds tighter.
    fn expression(&mut self) -> Built {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.builder.too_deep(self.at));
        }
        let condition = self.chain("||")?;
        let at = self.at;
        let node = if self.skip("?")? {
            self.builder.check(&condition, Kind::Bool)?;
            let yes = self.chain("||")?;
            self.expect(":")?;
            let no = self.expression()?;
            let below = condition.depth.max(yes.depth).max(no.depth);
            let kind = yes.kind.or(no.kind);
            self.builder
                .node(at, kind, Form::If(Box::new([condition, yes, no])), below)?
        } else {
            condition
        };
        self.depth -= 1;
        Ok(node)
    }

    /// `a || b || …` of `a && b && …`. A long chain is not deep.
    fn chain(&mut self, operator: &str) -> Built {
        let is_or = operator == "||";
        let one = |parser: &mut Self| if is_or { parser.chain("&&") } else { parser.relation() };
        let first = one(self)?;
        let at = self.at;
        if !self.is_at(operator) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.skip(operator)? {
            parts.push(one(self)?);
        }
        let below = parts.iter().map(|part| part.depth).max().unwrap_or_default();
        for part in &parts {
            self.builder.check(part, Kind::Bool)?;
        }
        let form = if is_or { Form::Any(parts) } else { Form::All(parts) };
        self.builder.node(at, Kind::Bool, form, below)
    }

    fn relation(&mut self) -> Built {
        let mut left = self.sum()?;
        loop {
            let at = self.at;
            let operator = match &self.token {
                Token::Symbol(symbol @ ("==" | "!=" | "<" | "<=" | ">" | ">=")) => symbol,
                Token::Name(name) if name == "in" => "in",
                _ => return Ok(left),
            };
            self.take()?;
            let right = self.sum()?;
            let below = left.depth.max(right.depth);
            let form = self.builder.compared(at, operator, left, right)?;
            left = self.builder.node(at, Kind::Bool, form, below)?;
        }
    }

    fn sum(&mut self) -> Built {
        self.computed(&[("+", Arithmetic::Plus), ("-", Arithmetic::Minus)], Self::product)
    }

    fn product(&mut self) -> Built {
        let operators = [
            ("*", Arithmetic::Times),
            ("/", Arithmetic::Divided),
            ("%", Arithmetic::Remainder),
        ];
        self.computed(&operators, Self::unary)
    }

    fn computed(&mut self, operators: &[(&str, Arithmetic)], one: fn(&mut Self) -> Built) -> Built {
        let mut left = one(self)?;
        loop {
            let at = self.at;
            let Some((_, operator)) = operators.iter().find(|(symbol, _)| self.is_at(symbol)) else {
                return Ok(left);
            };
            self.take()?;
            let right = one(self)?;
            let kind = operator
                .kind(left.kind, right.kind)
                .map_err(|problem| self.builder.fail(at, problem))?;
            let below = left.depth.max(right.depth);
            left = self
                .builder
                .node(at, kind, Form::Computed(*operator, Box::new([left, right])), below)?;
        }
    }

    fn unary(&mut self) -> Built {
        let mut operators = Vec::new();
        while self.is_at("!") || self.is_at("-") {
            operators.push((self.is_at("!"), self.at));
            if operators.len() > MAX_DEPTH {
                return Err(self.builder.too_deep(self.at));
            }
            self.take()?;
        }
        let mut node = self.member()?;
        while let Some((is_not, at)) = operators.pop() {
            let below = node.depth;
            node = if is_not {
                self.builder.check(&node, Kind::Bool)?;
                self.builder.node(at, Kind::Bool, Form::Not(Box::new(node)), below)?
            } else if let Form::Constant(Constant::Number(number)) = &node.form {
                let constant = Constant::Number(Arc::new(number.negated()));
                self.builder.node(at, node.kind, Form::Constant(constant), 0)?
            } else {
                self.builder.check(&node, Kind::Number)?;
                let kind = if node.kind == Kind::Integer {
                    Kind::Integer
                } else {
                    Kind::Number
                };
                self.builder.node(at, kind, Form::Negated(Box::new(node)), below)?
            };
        }
        Ok(node)
    }

    /// A value, and what is read of it: `a.b`, `a[b]`, `a.f(b)`.
    fn member(&mut self) -> Built {
        let mut node = self.primary()?;
        loop {
            let at = self.at;
            if self.skip("[")? {
                self.builder.check_any(&node, &[Kind::List, Kind::Map], "elements")?;
                let key = self.expression()?;
                self.expect("]")?;
                let below = node.depth.max(key.depth);
                node = self
                    .builder
                    .node(at, Kind::Any, Form::Index(Box::new(node), Box::new(key)), below)?;
            } else if self.skip(".")? {
                let at = self.at;
                let (name, is_plain) = match self.take()? {
                    Token::Name(name) if !matches!(&*name, "in" | "true" | "false" | "null") => (name, true),
                    Token::QuotedName(name) => (name, false),
                    _ => {
                        return Err(self
                            .builder
                            .fail(at, "the name of a member is missing; any member is read by ['…']"));
                    }
                };
                node = if is_plain && self.skip("(")? {
                    self.method(at, node, &name)?
                } else {
                    self.builder.check_any(&node, &[Kind::Map], "members")?;
                    let below = node.depth;
                    self.builder
                        .node(at, Kind::Any, Form::Member(Box::new(node), name.into()), below)?
                };
            } else {
                return Ok(node);
            }
        }
    }

    fn method(&mut self, at: usize, of: Node, name: &str) -> Built {
        let of_macro = match name {
            "all" => Macro::All,
            "exists" => Macro::Exists,
            "exists_one" | "existsOne" => Macro::ExistsOne,
            "filter" => Macro::Filter,
            "map" => Macro::Map,
            _ => {
                let arguments = self.list(")")?;
                return self.builder.call(at, name, Some(of), arguments);
            }
        };
        self.builder.check_any(&of, &[Kind::List, Kind::Map], "elements")?;
        self.each(at, of_macro, of)
    }

    /// What stands in the parentheses of a macro: a name, and what is asked of each element.
    fn each(&mut self, at: usize, of_macro: Macro, range: Node) -> Built {
        let place = self.at;
        let Token::Name(name) = self.take()? else {
            return Err(self
                .builder
                .fail(place, "a name for the element must stand here, such as x"));
        };
        if matches!(&*name, "in" | "true" | "false" | "null") {
            return Err(self.builder.fail(place, "an element cannot have this name"));
        }
        self.expect(",")?;
        self.locals.push(name);
        let mut body = self.expression()?;
        let mut filter = None;
        if of_macro == Macro::Map && self.skip(",")? {
            self.builder.check(&body, Kind::Bool)?;
            filter = Some(std::mem::replace(&mut body, self.expression()?));
        }
        self.locals.pop();
        self.expect(")")?;
        if of_macro != Macro::Map {
            self.builder.check(&body, Kind::Bool)?;
        }
        let kind = match of_macro {
            Macro::Filter | Macro::Map => Kind::List,
            Macro::All | Macro::Exists | Macro::ExistsOne => Kind::Bool,
        };
        let below = range
            .depth
            .max(body.depth)
            .max(filter.as_ref().map_or(0, |filter| filter.depth));
        self.builder.node(
            at,
            kind,
            Form::Macro(of_macro, Box::new(Each { range, filter, body })),
            below,
        )
    }

    /// Expressions up to a closing symbol.
    fn list(&mut self, close: &str) -> Built<Vec<Node>> {
        let mut parts = Vec::new();
        while !self.skip(close)? {
            parts.push(self.expression()?);
            if !self.is_at(close) {
                self.expect(",")?;
            }
        }
        Ok(parts)
    }

    fn primary(&mut self) -> Built {
        let at = self.at;
        match self.take()? {
            Token::Integer(number) => self.builder.constant(at, Constant::Number(Arc::new(number))),
            Token::Text(text) => self.builder.constant(at, Constant::Text(text.into())),
            Token::Symbol("(") => {
                let inside = self.expression()?;
                self.expect(")")?;
                Ok(inside)
            }
            Token::Symbol("[") => {
                let parts = self.list("]")?;
                let below = parts.iter().map(|part| part.depth).max().unwrap_or_default();
                self.builder.node(at, Kind::List, Form::List(parts), below)
            }
            Token::Symbol("{") => self.map(at),
            Token::Name(name) => self.name(at, &name),
            Token::End => Err(self.builder.fail(at, "the expression ends too early")),
            Token::Symbol(symbol) => Err(self.builder.fail(at, format!("a value must stand here, not {symbol}"))),
            Token::QuotedName(_) => Err(self.builder.fail(at, "a name in backticks stands after a dot")),
        }
    }

    fn map(&mut self, at: usize) -> Built {
        let mut members: Vec<(Node, Node)> = Vec::new();
        let mut below = 0;
        while !self.skip("}")? {
            let key = self.expression()?;
            let is_key = [Kind::Text, Kind::Number, Kind::Bool]
                .iter()
                .any(|kind| key.kind.may_be(*kind));
            if !is_key {
                return Err(self
                    .builder
                    .fail(key.at, format!("{} is no key of a map", key.kind.name())));
            }
            self.expect(":")?;
            let value = self.expression()?;
            below = below.max(key.depth).max(value.depth);
            members.push((key, value));
            if !self.is_at("}") {
                self.expect(",")?;
            }
        }
        self.builder.node(at, Kind::Map, Form::Map(members), below)
    }

    fn name(&mut self, at: usize, name: &str) -> Built {
        match name {
            "true" => return self.builder.constant(at, Constant::Bool(true)),
            "false" => return self.builder.constant(at, Constant::Bool(false)),
            "null" => return self.builder.constant(at, Constant::Null),
            _ => {}
        }
        if self.skip("(")? {
            let arguments = self.list(")")?;
            return self.builder.call(at, name, None, arguments);
        }
        if let Some(local) = self.locals.iter().rposition(|local| local == name) {
            return self.builder.node(at, Kind::Any, Form::Local(local), 0);
        }
        if let Some(variable) = self.variables.iter().position(|variable| *variable == name) {
            return self.builder.node(at, Kind::Map, Form::Variable(variable), 0);
        }
        let known = self.variables.join(", ");
        Err(self
            .builder
            .fail(at, format!("there is no variable {}; known: {known}", quoted(name))))
    }
}
