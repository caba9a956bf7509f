//! An expression as a tree. Names are resolved, and constants are values.

use std::sync::Arc;

use crate::decimal::Decimal;
use crate::function::Function;
use crate::kind::Kind;
use crate::operators::{Arithmetic, Order};
use crate::pattern::Pattern;

/// One part of an expression.
#[derive(Debug)]
pub(crate) struct Node {
    /// The byte of the text at which it stands.
    pub(crate) at: usize,
    /// How deep the tree below it is.
    pub(crate) depth: usize,
    pub(crate) kind: Kind,
    pub(crate) form: Form,
}

/// What a part of an expression is.
#[derive(Debug)]
pub(crate) enum Form {
    Constant(Constant),
    /// One of the variables of the expression.
    Variable(usize),
    /// The variable of a macro that is around, counted from the outermost.
    Local(usize),
    Member(Box<Node>, Box<str>),
    Has(Box<Node>, Box<str>),
    Index(Box<Node>, Box<Node>),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
    Not(Box<Node>),
    Negated(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
    /// Equal, or different.
    Equal(Box<[Node; 2]>, bool),
    /// Is null, or is not.
    IsNull(Box<Node>, bool),
    Ordered(Order, Box<[Node; 2]>),
    In(Box<[Node; 2]>),
    Computed(Arithmetic, Box<[Node; 2]>),
    If(Box<[Node; 3]>),
    Call(Function, Vec<Node>),
    Matches(Box<Node>, Arc<Pattern>),
    Macro(Macro, Box<Each>),
}

/// A value that stands in the text.
#[derive(Debug, Clone)]
pub(crate) enum Constant {
    Null,
    Bool(bool),
    Number(Arc<Decimal>),
    Text(Box<str>),
    Timestamp(i128),
    Duration(i128),
}

/// What is done with each element of a list, or each key of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Macro {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

/// The parts of a macro.
#[derive(Debug)]
pub(crate) struct Each {
    pub(crate) range: Node,
    /// Which elements `map` takes; all, if absent.
    pub(crate) filter: Option<Node>,
    pub(crate) body: Node,
}

impl Constant {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Bool,
            Self::Number(number) if number.is_integer() => Kind::Integer,
            Self::Number(_) => Kind::Number,
            Self::Text(_) => Kind::Text,
            Self::Timestamp(_) => Kind::Timestamp,
            Self::Duration(_) => Kind::Duration,
        }
    }
}
