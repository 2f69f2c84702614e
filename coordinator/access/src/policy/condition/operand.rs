//! A value that a condition compares with: read once, when the policy is saved, so that a wrong one is refused there.

use super::date;
use super::network::Network;
use super::operator::Test;
use crate::policy::context::Context;
use crate::policy::glob::{self, Token};
use crate::policy::pattern::{Pattern, Syntax};
use std::borrow::Cow;

/// One value of a policy's condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Text(Pattern),
    /// The six parts of an ARN.
    Arn(Vec<Pattern>),
    Number(f64),
    /// Milliseconds since the Unix epoch.
    Date(i64),
    Bool(bool),
    /// As it is written, in base64.
    Binary(String),
    Network(Network),
    /// Whether the key is to be absent.
    Absent(bool),
}

impl Operand {
    /// Reads a value for a test; the error says what it ought to be.
    pub(super) fn parse(text: &str, test: Test, variables: bool) -> Result<Self, String> {
        let plain = Syntax { wildcards: false, variables };
        let globs = Syntax { wildcards: true, variables };
        let or = |reason: &str| reason.to_owned();
        Ok(match test {
            Test::StringEquals | Test::StringEqualsIgnoreCase => Self::Text(Pattern::parse(text, plain)?),
            Test::StringLike => Self::Text(Pattern::parse(text, globs)?),
            Test::Arn => Self::Arn(arn(text, globs)?),
            Test::Numeric(_) => Self::Number(number(text).ok_or_else(|| or("must be a number"))?),
            Test::Date(_) => {
                let wanted = "must be a date such as 2026-01-02T03:04:05Z, or seconds since 1970";
                Self::Date(date::parse(text).ok_or_else(|| or(wanted))?)
            }
            Test::Bool => Self::Bool(boolean(text).ok_or_else(|| or("must be true or false"))?),
            Test::Binary => {
                let is_base64 = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
                if !is_base64 {
                    return Err(or("must be base64"));
                }
                Self::Binary(text.to_owned())
            }
            Test::IpAddress => {
                let wanted = "must be an address or a network, such as 10.0.0.0/8 or 2001:db8::/32";
                Self::Network(Network::parse(text).ok_or_else(|| or(wanted))?)
            }
            Test::Null => Self::Absent(boolean(text).ok_or_else(|| or("must be true or false"))?),
        })
    }

    /// Whether a request's value fits; `None` when the two can't be compared.
    pub(super) fn fits(&self, test: Test, value: &str, context: &Context) -> Option<bool> {
        Some(match (self, test) {
            (Self::Text(pattern), Test::StringEqualsIgnoreCase) => {
                let folded: Vec<Token<'_>> = pattern.fill(context)?.into_iter().map(fold).collect();
                glob::matches(&folded, &value.to_lowercase())
            }
            (Self::Text(pattern), _) => glob::matches(&pattern.fill(context)?, value),
            (Self::Arn(patterns), _) => {
                let parts: Vec<&str> = value.splitn(patterns.len(), ':').collect();
                if parts.len() != patterns.len() {
                    return None;
                }
                let filled = patterns.iter().map(|pattern| pattern.fill(context)).collect::<Option<Vec<_>>>()?;
                filled.iter().zip(parts).all(|(tokens, part)| glob::matches(tokens, part))
            }
            (Self::Number(operand), Test::Numeric(order)) => order.holds(&number(value)?, operand),
            (Self::Date(operand), Test::Date(order)) => order.holds(&date::parse(value)?, operand),
            (Self::Bool(operand), _) => boolean(value)? == *operand,
            (Self::Binary(operand), _) => value == operand,
            (Self::Network(network), _) => network.contains(value.parse().ok()?),
            (Self::Number(_) | Self::Date(_) | Self::Absent(_), _) => return None,
        })
    }
}

fn fold(token: Token<'_>) -> Token<'_> {
    match token {
        Token::Text(text) => Token::Text(Cow::Owned(text.to_lowercase())),
        other => other,
    }
}

fn number(text: &str) -> Option<f64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    if is_plain { text.parse().ok().filter(|number: &f64| number.is_finite()) } else { None }
}

fn boolean(text: &str) -> Option<bool> {
    [("true", true), ("false", false)]
        .into_iter()
        .find_map(|(name, value)| text.eq_ignore_ascii_case(name).then_some(value))
}

/// The six parts of an ARN, split at colons outside variables; a star alone stands for all six.
fn arn(text: &str, syntax: Syntax) -> Result<Vec<Pattern>, String> {
    let mut parts = vec![String::new()];
    let mut in_variable = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '$' if syntax.variables && text[at..].starts_with("${") => in_variable = true,
            '}' => in_variable = false,
            ':' if !in_variable && parts.len() < 6 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    if text == "*" {
        parts = vec!["*".to_owned(); 6];
    }
    if parts.len() != 6 {
        return Err("must be an ARN of six parts, such as arn:aws:codebuild:*:*:project/web-*".into());
    }
    parts.iter().map(|part| Pattern::parse(part, syntax)).collect()
}
