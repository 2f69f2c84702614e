//! The `Condition` of a statement: operators over condition keys (reference/codepipeline 8.2).
//!
//! All operators and keys must hold; of a key's values one must fit, or none for a negated operator. What can't be
//! compared (a variable without value, a text where a number is meant) never lets more through: it does not satisfy an
//! allow, and under a negated operator it satisfies a deny.

mod date;
mod network;
mod operand;
mod operator;

use super::context::Context;
use super::error::{Place, PolicyError};
use super::json::Json;
use super::statement::Effect;
use operand::Operand;
use operator::{Operator, Quantifier, Test};

/// One operator on one key.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Condition {
    operator: Operator,
    key: String,
    operands: Vec<Operand>,
}

impl Condition {
    /// Whether it holds for what is known of the request.
    pub(super) fn holds(&self, context: &Context, effect: Effect) -> bool {
        let values = context.get(&self.key);
        let meets = |value: &String| self.meets(value, context, effect);
        match (self.operator.quantifier, values) {
            (_, _) if self.operator.test == Test::Null => self.operands.contains(&Operand::Absent(values.is_none())),
            (_, None) if self.operator.if_exists => true,
            (Some(Quantifier::ForAllValues), None) => true,
            (Some(Quantifier::ForAnyValue), None) => false,
            (None, None) => self.operator.negated,
            (Some(Quantifier::ForAnyValue), Some(values)) => values.iter().any(meets),
            (Some(Quantifier::ForAllValues), Some(values)) => values.iter().all(meets),
            (None, Some(values)) if self.operator.negated => values.iter().all(meets),
            (None, Some(values)) => values.iter().any(meets),
        }
    }

    fn meets(&self, value: &str, context: &Context, effect: Effect) -> bool {
        let fits = || self.operands.iter().map(|operand| operand.fits(self.operator.test, value, context));
        let is_hit = fits().any(|fit| fit == Some(true));
        match (self.operator.negated, is_hit) {
            (false, hit) => hit,
            (true, true) => false,
            (true, false) if fits().any(|fit| fit.is_none()) => effect == Effect::Deny,
            (true, false) => true,
        }
    }
}

/// Reads `{"Operator": {"key": value or values}}`.
pub(super) fn read(json: &Json, place: &Place, variables: bool) -> Result<Vec<Condition>, PolicyError> {
    let mut conditions = Vec::new();
    for (name, keys) in object(json, place)? {
        let place = place.member(name);
        let operator = Operator::parse(name).ok_or_else(|| PolicyError::new(&place, "unknown condition operator"))?;
        for (key, values) in object(keys, &place)? {
            let place = place.member(key);
            if !key.contains(':') {
                return Err(PolicyError::new(&place, "a condition key has a prefix, for example aws:SourceIp"));
            }
            let operands = operands(values, operator.test, variables, &place)?;
            conditions.push(Condition { operator, key: key.to_lowercase(), operands });
        }
    }
    Ok(conditions)
}

fn object<'a>(json: &'a Json, place: &Place) -> Result<&'a [(String, Json)], PolicyError> {
    match json {
        Json::Object(members) => Ok(members),
        other => Err(PolicyError::new(place, format!("must be an object, not {}", other.kind()))),
    }
}

fn operands(json: &Json, test: Test, variables: bool, place: &Place) -> Result<Vec<Operand>, PolicyError> {
    let one = |json: &Json, place: &Place| {
        let text = match json {
            Json::Text(text) | Json::Number(text) => text.clone(),
            Json::Bool(value) => value.to_string(),
            Json::Null | Json::List(_) | Json::Object(_) => {
                return Err(PolicyError::new(
                    place,
                    format!("must be a string, a number or a boolean, not {}", json.kind()),
                ));
            }
        };
        Operand::parse(&text, test, variables).map_err(|reason| PolicyError::new(place, reason))
    };
    match json {
        Json::List(list) if list.is_empty() => Err(PolicyError::new(place, "must not be empty")),
        Json::List(list) => list.iter().enumerate().map(|(index, json)| one(json, &place.item(index))).collect(),
        json => Ok(vec![one(json, place)?]),
    }
}
