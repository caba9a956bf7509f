//! What each function does.

use std::sync::Arc;

use crate::budget::Budget;
use crate::decimal::Decimal;
use crate::error::Stop;
use crate::function::Function;
use crate::time;
use crate::value::Value;

/// Calls a function with as many arguments as it takes.
pub(crate) fn call<'a>(function: Function, arguments: &[Value<'a>], budget: &mut Budget) -> Result<Value<'a>, Stop> {
    for argument in arguments {
        if let Value::Text(text) = argument {
            budget.read(text.as_str().len())?;
        }
    }
    match (function, arguments) {
        (Function::Size, [Value::Text(text)]) => Ok(Value::of_count(text.as_str().chars().count())),
        (Function::Size, [Value::List(list)]) => Ok(Value::of_count(list.len())),
        (Function::Size, [Value::Map(map)]) => Ok(Value::of_count(map.len())),
        (Function::StartsWith, [Value::Text(text), Value::Text(start)]) => {
            Ok(Value::Bool(text.as_str().starts_with(start.as_str())))
        }
        (Function::EndsWith, [Value::Text(text), Value::Text(end)]) => {
            Ok(Value::Bool(text.as_str().ends_with(end.as_str())))
        }
        (Function::Contains, [Value::Text(text), Value::Text(part)]) => {
            Ok(Value::Bool(text.as_str().contains(part.as_str())))
        }
        (Function::Int, [Value::Number(number)]) => Ok(Value::Number(Arc::new(number.truncated()))),
        (Function::Int, [Value::Text(text)]) => match number(text.as_str(), budget)? {
            number if number.is_integer() => Ok(Value::Number(Arc::new(number))),
            _ => Err(Stop::wrong("the text is not an integer")),
        },
        (Function::Decimal, [Value::Number(number)]) => Ok(Value::Number(Arc::clone(number))),
        (Function::Decimal, [Value::Text(text)]) => Ok(Value::Number(Arc::new(number(text.as_str(), budget)?))),
        (Function::String, [Value::Number(number)]) => Ok(Value::of_text(number.to_text(budget)?)),
        (Function::String, [Value::Bool(is_true)]) => Ok(Value::of_text(is_true.to_string())),
        (Function::String, [text @ Value::Text(_)])
        | (Function::Timestamp, [text @ Value::Timestamp(_)])
        | (Function::Duration, [text @ Value::Duration(_)])
        | (Function::Dyn, [text]) => Ok(text.clone()),
        (Function::Timestamp, [Value::Text(text)]) => time::parse_timestamp(text.as_str())
            .map(Value::Timestamp)
            .ok_or_else(|| Stop::wrong(time::NO_TIMESTAMP)),
        (Function::Duration, [Value::Text(text)]) => time::parse_duration(text.as_str())
            .map(Value::Duration)
            .ok_or_else(|| Stop::wrong(time::NO_DURATION)),
        _ => {
            let kinds: Vec<_> = arguments.iter().map(|argument| argument.kind().name()).collect();
            let name = function.name();
            Err(Stop::wrong(format!("{name} does not take {}", kinds.join(" and "))))
        }
    }
}

fn number(text: &str, budget: &mut Budget) -> Result<Decimal, Stop> {
    budget.write(text.len() as u64)?;
    Decimal::parse(text).map_err(|problem| Stop::wrong(problem.message()))
}
