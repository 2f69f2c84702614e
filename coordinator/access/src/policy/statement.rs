//! One statement: its effect, and which actions, resources and circumstances it is for.

use super::condition::{self, Condition};
use super::decide::Request;
use super::error::{Place, PolicyError};
use super::glob;
use super::json::Json;
use super::pattern::{Pattern, Syntax};

/// What a matching statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// A statement that was read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Statement {
    pub(super) sid: Option<String>,
    pub(super) effect: Effect,
    actions: Names,
    resources: Names,
    conditions: Vec<Condition>,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Debug, Clone, PartialEq)]
enum Names {
    Only(Vec<Pattern>),
    Except(Vec<Pattern>),
}

impl Statement {
    /// Whether it is for a request.
    pub(super) fn applies(&self, request: &Request<'_>) -> bool {
        self.actions.include(&request.action.to_ascii_lowercase(), request, self.effect)
            && self.resources.include(request.resource, request, self.effect)
            && self.conditions.iter().all(|condition| condition.holds(request.context, self.effect))
    }
}

impl Names {
    /// A pattern whose variable has no value names nothing. Of exceptions that would be too much: then an allow does not
    /// apply, and a deny does.
    fn include(&self, name: &str, request: &Request<'_>, effect: Effect) -> bool {
        let fit = |pattern: &Pattern| Some(glob::matches(&pattern.fill(request.context)?, name));
        match self {
            Self::Only(patterns) => patterns.iter().any(|pattern| fit(pattern) == Some(true)),
            Self::Except(patterns) => patterns.iter().all(|pattern| match fit(pattern) {
                Some(fits) => !fits,
                None => effect == Effect::Deny,
            }),
        }
    }
}

/// Reads a statement's members; `Principal` was checked before.
pub(super) fn read(members: &[(String, Json)], place: &Place, variables: bool) -> Result<Statement, PolicyError> {
    let (mut sid, mut effect, mut conditions) = (None, None, Vec::new());
    let (mut actions, mut resources) = (None, None);
    for (name, value) in members {
        let here = place.member(name);
        match name.as_str() {
            "Sid" => sid = read_sid(value, &here)?,
            "Effect" => effect = Some(read_effect(value, &here)?),
            "Action" | "NotAction" => {
                let syntax = Syntax { wildcards: true, variables: false };
                let patterns = texts(value, &here)?.into_iter().map(|(text, here)| {
                    check_action(text, &here)?;
                    pattern(&text.to_ascii_lowercase(), syntax, &here)
                });
                names(&mut actions, name, patterns.collect::<Result<_, _>>()?, place)?;
            }
            "Resource" | "NotResource" => {
                let syntax = Syntax { wildcards: true, variables };
                let patterns = texts(value, &here)?.into_iter().map(|(text, here)| {
                    check_resource(text, &here)?;
                    pattern(text, syntax, &here)
                });
                names(&mut resources, name, patterns.collect::<Result<_, _>>()?, place)?;
            }
            "Condition" => conditions = condition::read(value, &here, variables)?,
            "Principal" | "NotPrincipal" => {}
            _ => return Err(PolicyError::new(&here, "unknown element of a statement")),
        }
    }
    let missing = |name: &str| PolicyError::new(&place.member(name), "missing");
    Ok(Statement {
        sid,
        effect: effect.ok_or_else(|| missing("Effect"))?,
        actions: actions.ok_or_else(|| missing("Action"))?,
        resources: resources.ok_or_else(|| missing("Resource"))?,
        conditions,
    })
}

/// The strings of a string or a list of strings, each with its place.
pub(super) fn texts<'a>(json: &'a Json, place: &Place) -> Result<Vec<(&'a str, Place)>, PolicyError> {
    let text = |json: &'a Json, place: Place| match json {
        Json::Text(text) => Ok((text.as_str(), place)),
        other => Err(PolicyError::new(&place, format!("must be a string, not {}", other.kind()))),
    };
    match json {
        Json::List(list) if list.is_empty() => Err(PolicyError::new(place, "must not be empty")),
        Json::List(list) => list.iter().enumerate().map(|(index, one)| text(one, place.item(index))).collect(),
        one => Ok(vec![text(one, place.clone())?]),
    }
}

/// Takes a text apart, or says where it is wrong.
pub(super) fn pattern(text: &str, syntax: Syntax, place: &Place) -> Result<Pattern, PolicyError> {
    Pattern::parse(text, syntax).map_err(|reason| PolicyError::new(place, reason))
}

fn names(to: &mut Option<Names>, element: &str, patterns: Vec<Pattern>, place: &Place) -> Result<(), PolicyError> {
    let names = if element.starts_with("Not") { Names::Except(patterns) } else { Names::Only(patterns) };
    match to.replace(names) {
        None => Ok(()),
        Some(_) => {
            let positive = element.trim_start_matches("Not");
            Err(PolicyError::new(place, format!("has both {positive} and Not{positive}; one of them is allowed")))
        }
    }
}

fn read_sid(json: &Json, place: &Place) -> Result<Option<String>, PolicyError> {
    match json {
        Json::Text(sid) if sid.is_empty() => Ok(None),
        Json::Text(sid) if sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) => Ok(Some(sid.clone())),
        _ => Err(PolicyError::new(place, "must be a string of letters and digits")),
    }
}

fn read_effect(json: &Json, place: &Place) -> Result<Effect, PolicyError> {
    match json {
        Json::Text(effect) if effect == "Allow" => Ok(Effect::Allow),
        Json::Text(effect) if effect == "Deny" => Ok(Effect::Deny),
        _ => Err(PolicyError::new(place, "must be \"Allow\" or \"Deny\"")),
    }
}

/// `*`, or `service:Name` with wildcards in the name only.
fn check_action(text: &str, place: &Place) -> Result<(), PolicyError> {
    let is_service =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_name =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"*?".contains(&byte));
    let is_sound =
        text == "*" || text.split_once(':').is_some_and(|(service, name)| is_service(service) && is_name(name));
    if is_sound { Ok(()) } else { Err(PolicyError::new(place, "must be \"*\" or like \"codebuild:StartBuild\"")) }
}

/// `*`, or an ARN of six parts.
fn check_resource(text: &str, place: &Place) -> Result<(), PolicyError> {
    let is_sound = text == "*" || (text.starts_with("arn:") && text.splitn(6, ':').count() == 6);
    let wanted = "must be \"*\" or an ARN like \"arn:aws:codebuild:REGION:ACCOUNT:project/NAME\"";
    if is_sound { Ok(()) } else { Err(PolicyError::new(place, wanted)) }
}
