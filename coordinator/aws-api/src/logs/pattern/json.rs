//! Patterns over messages that are JSON: `{ ($.user.id = 1) && ($.error NOT EXISTS) }`.

mod parse;
mod selector;

use super::glob::Glob;
use super::number::Compare;
use regex::Regex;
use selector::Selector;
use serde_json::Value;

/// What a value is compared with.
#[derive(Debug)]
enum Operand {
    Number(f64),
    Text(Glob),
    Regex(Regex),
}

/// What is said of a value.
#[derive(Debug)]
enum Condition {
    Compare(Compare, Operand),
    IsNull,
    IsTrue,
    IsFalse,
    Exists,
    NotExists,
}

#[derive(Debug)]
enum Expression {
    Leaf(Selector, Condition),
    All(Vec<Expression>),
    Any(Vec<Expression>),
}

/// An expression over JSON.
#[derive(Debug)]
pub(in crate::logs) struct Json(Expression);

impl Json {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        parse::parse(text).map(Self)
    }

    /// What is no JSON object or list matches nothing.
    pub(super) fn matches(&self, message: &str) -> bool {
        let structured = message.trim_start().starts_with(['{', '[']);
        structured && serde_json::from_str::<Value>(message).is_ok_and(|value| self.0.holds(&value))
    }
}

impl Expression {
    /// Depth is limited where the expression is read.
    fn holds(&self, message: &Value) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(message)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(message)),
            Self::Leaf(selector, Condition::NotExists) => selector.find(message).is_empty(),
            Self::Leaf(selector, condition) => selector.find(message).into_iter().any(|value| condition.holds(value)),
        }
    }
}

impl Condition {
    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::IsNull => value.is_null(),
            Self::IsTrue => *value == Value::Bool(true),
            Self::IsFalse => *value == Value::Bool(false),
            Self::Exists => true,
            Self::NotExists => false,
            Self::Compare(compare, Operand::Number(right)) => match value.as_f64() {
                Some(left) => compare.holds(left, *right),
                None => *compare == Compare::NotEqual,
            },
            Self::Compare(compare, Operand::Text(glob)) => {
                (text(value).is_some_and(|text| glob.matches(&text))) == (*compare == Compare::Equal)
            }
            Self::Compare(compare, Operand::Regex(regex)) => {
                (text(value).is_some_and(|text| regex.is_match(&text))) == (*compare == Compare::Equal)
            }
        }
    }
}

/// A value as text; lists and objects have none.
fn text(value: &Value) -> Option<std::borrow::Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Bool(truth) => Some(truth.to_string().into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
