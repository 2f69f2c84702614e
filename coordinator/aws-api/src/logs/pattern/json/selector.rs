//! Selectors: `$.a.b[0].c`, `$.list[*]`, `$.['a.b']`.

use super::super::cursor::Cursor;
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(String),
    Element(usize),
    /// Any element or member.
    Any,
}

/// Where in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selector(Vec<Step>);

/// Steps of a selector. Each `*` multiplies what is looked at, up to the message's size.
const STEPS: usize = 32;

impl Selector {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, String> {
        cursor.expect("$")?;
        let mut steps = Vec::new();
        loop {
            if cursor.eat(".") {
                if !cursor.is_at("[") {
                    steps.push(member(cursor)?);
                }
            } else if cursor.eat("[") {
                steps.push(bracketed(cursor)?);
            } else {
                return if steps.is_empty() {
                    Err("a selector such as $.name is missing".to_owned())
                } else {
                    Ok(Self(steps))
                };
            }
            if steps.len() > STEPS {
                return Err(format!("a selector has more than {STEPS} steps"));
            }
        }
    }

    pub(super) fn find<'v>(&self, message: &'v Value) -> Vec<&'v Value> {
        let mut found = vec![message];
        for step in &self.0 {
            found = found.into_iter().flat_map(|value| step.take(value)).collect();
        }
        found
    }
}

impl Step {
    fn take<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        match (self, value) {
            (Self::Member(name), Value::Object(members)) => members.get(name).into_iter().collect(),
            (Self::Element(index), Value::Array(elements)) => elements.get(*index).into_iter().collect(),
            (Self::Any, Value::Array(elements)) => elements.iter().collect(),
            (Self::Any, Value::Object(members)) => members.values().collect(),
            _ => Vec::new(),
        }
    }
}

fn member(cursor: &mut Cursor<'_>) -> Result<Step, String> {
    if cursor.eat("*") {
        return Ok(Step::Any);
    }
    let name = cursor.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | '#' | '/'));
    if name.is_empty() {
        Err(format!("a name is missing before {:?}", cursor.ahead()))
    } else {
        Ok(Step::Member(name.to_owned()))
    }
}

fn bracketed(cursor: &mut Cursor<'_>) -> Result<Step, String> {
    let step = if cursor.eat("*") {
        Step::Any
    } else if cursor.eat("'") {
        let name = cursor.take_while(|c| c != '\'').to_owned();
        cursor.expect("'")?;
        Step::Member(name)
    } else if let Some(name) = cursor.quoted()? {
        Step::Member(name)
    } else {
        let digits = cursor.take_while(|c| c.is_ascii_digit());
        Step::Element(digits.parse().map_err(|_| format!("an index is missing before {:?}", cursor.ahead()))?)
    };
    cursor.expect("]")?;
    Ok(step)
}
