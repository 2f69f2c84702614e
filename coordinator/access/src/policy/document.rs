//! A policy document: version, id, statements. Owns the limits on the whole; statements are read in their own file.

use super::error::{Place, PolicyError};
use super::json::Json;
use super::principal;
use super::statement::{self, Statement};

/// Most characters of a user's policy, blanks not counted (IAM: 6,144).
const IDENTITY_CHARACTERS: usize = 6_144;
/// Most characters of a resource policy, blanks not counted; S3's and our limit, CodeBuild documents none.
const RESOURCE_CHARACTERS: usize = 20_480;
/// Bytes that are looked at all, blanks and all.
const BYTES: usize = 256 * 1024;

/// A policy that can be attached to a user. Whatever could not be decided was refused when it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    pub(super) name: String,
    pub(super) statements: Vec<Statement>,
}

/// What a document is attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A user: the principal is the user, and none may be named.
    Identity,
    /// A resource: each statement names its principals.
    Resource,
}

impl Policy {
    /// Reads a document for a user; `name` is what decisions call it.
    ///
    /// # Errors
    /// The first thing that is wrong, and its place.
    pub fn parse(name: &str, document: &str) -> Result<Self, PolicyError> {
        Ok(Self { name: name.to_owned(), statements: read(document, Kind::Identity)? })
    }

    /// What decisions call it.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Checks the form of a policy for a resource, as `PutResourcePolicy` takes it. Its statements need a `Principal`.
///
/// # Errors
/// The first thing that is wrong, and its place.
pub fn check_resource_policy(document: &str) -> Result<(), PolicyError> {
    read(document, Kind::Resource).map(drop)
}

fn read(document: &str, kind: Kind) -> Result<Vec<Statement>, PolicyError> {
    let top = Place::default();
    let limit = if kind == Kind::Identity { IDENTITY_CHARACTERS } else { RESOURCE_CHARACTERS };
    let is_long = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).count() > limit;
    if document.len() > BYTES || is_long(document) {
        return Err(PolicyError::new(&top, format!("longer than {limit} characters")));
    }
    let json = Json::parse(document).map_err(|error| PolicyError::new(&top, format!("not correct JSON: {error}")))?;
    let Json::Object(members) = json else {
        return Err(PolicyError::new(&top, format!("must be an object, not {}", json.kind())));
    };
    let (mut variables, mut statements) = (false, None);
    for (name, value) in &members {
        let place = top.member(name);
        match (name.as_str(), value) {
            ("Version", Json::Text(version)) if version == "2012-10-17" => variables = true,
            ("Version", Json::Text(version)) if version == "2008-10-17" => {}
            ("Version", _) => return Err(PolicyError::new(&place, "must be \"2012-10-17\" or \"2008-10-17\"")),
            ("Id", Json::Text(_)) => {}
            ("Id", other) => return Err(PolicyError::new(&place, format!("must be a string, not {}", other.kind()))),
            ("Statement", value) => statements = Some(value),
            _ => return Err(PolicyError::new(&place, "unknown element; known are Version, Id and Statement")),
        }
    }
    let place = top.member("Statement");
    let statements = match statements {
        None => return Err(PolicyError::new(&place, "missing")),
        Some(Json::List(list)) if list.is_empty() => return Err(PolicyError::new(&place, "must not be empty")),
        Some(Json::List(list)) => {
            let each = list.iter().enumerate().map(|(index, one)| statement(one, &place.item(index), kind, variables));
            each.collect::<Result<Vec<_>, _>>()?
        }
        Some(one) => vec![statement(one, &place, kind, variables)?],
    };
    let sids: Vec<&String> = statements.iter().filter_map(|statement| statement.sid.as_ref()).collect();
    match sids.iter().enumerate().find(|(index, sid)| sids[..*index].contains(sid)) {
        Some((_, sid)) => Err(PolicyError::new(&place, format!("two statements have the Sid '{sid}'"))),
        None => Ok(statements),
    }
}

fn statement(json: &Json, place: &Place, kind: Kind, variables: bool) -> Result<Statement, PolicyError> {
    let Json::Object(members) = json else {
        return Err(PolicyError::new(place, format!("must be an object, not {}", json.kind())));
    };
    principal::check(members, place, kind)?;
    statement::read(members, place, variables)
}
