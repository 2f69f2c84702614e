//! What a parameter may be: names, sizes, patterns, data types. Pure.

use super::error::ParameterError;
use super::record::{ParameterType, Tier};
use buildyard_model::Secret;
use regex::RegexBuilder;
use std::collections::BTreeMap;

/// Levels of a name: `/a/b` has two.
const LEVELS: usize = 15;
/// Characters of a name.
const NAME: usize = 1011;
const STANDARD_BYTES: usize = 4096;
const ADVANCED_BYTES: usize = 8192;
const TAGS: usize = 50;
/// What a compiled pattern may cost.
const PATTERN_BYTES: usize = 1 << 20;

/// A name for a new parameter.
pub(super) fn check_name(name: &str) -> Result<(), ParameterError> {
    let invalid = |problem: &str| Err(ParameterError::invalid(format!("the parameter name {problem}")));
    if name.len() > NAME {
        return invalid(&format!("has more than {NAME} characters"));
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte)) {
        return invalid("has characters other than letters, digits and _.-/");
    }
    let path = name.strip_prefix('/');
    let levels: Vec<&str> = path.unwrap_or(name).split('/').collect();
    if levels.iter().any(|level| level.is_empty()) {
        return invalid("has an empty level");
    }
    if path.is_none() && levels.len() > 1 {
        return invalid("is not fully qualified: a name with levels begins with a slash");
    }
    let begins = |word: &str| levels[0].get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    if begins("aws") && levels.len() > 1 {
        return Err(ParameterError::Reserved(name.to_owned()));
    }
    if begins("aws") || begins("ssm") {
        return invalid("begins with \"aws\" or \"ssm\", which are AWS's own");
    }
    if levels.len() > LEVELS { Err(ParameterError::TooDeep(LEVELS)) } else { Ok(()) }
}

/// The tier that a value is kept in: `before` is that of the parameter so far. It never goes back to standard.
pub(super) fn settle_tier(asked: Option<Tier>, before: Option<Tier>, value: &Secret) -> Result<Tier, ParameterError> {
    let bytes = value.expose().len();
    if bytes == 0 {
        return Err(ParameterError::invalid("the parameter value is empty"));
    }
    let tier = match (asked, before) {
        (Some(Tier::Standard), Some(Tier::Advanced)) => {
            return Err(ParameterError::invalid("an advanced parameter cannot be made a standard one"));
        }
        (Some(Tier::Advanced), _) | (_, Some(Tier::Advanced)) => Tier::Advanced,
        (Some(Tier::Intelligent), _) if bytes > STANDARD_BYTES => Tier::Advanced,
        _ => Tier::Standard,
    };
    let most = if tier == Tier::Advanced { ADVANCED_BYTES } else { STANDARD_BYTES };
    if bytes > most {
        let problem = format!("the {} tier takes values of at most {most} bytes", tier.name());
        return Err(ParameterError::invalid(problem));
    }
    Ok(tier)
}

/// Holds a value to its pattern, which need not match all of it (`^` and `$` do that).
pub(super) fn check_pattern(pattern: &str, value: &Secret) -> Result<(), ParameterError> {
    let built = RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build();
    let regex = built.map_err(|_| ParameterError::BadPattern)?;
    if regex.is_match(value.expose()) { Ok(()) } else { Err(ParameterError::Mismatch(pattern.to_owned())) }
}

pub(super) fn check_data_type(data_type: &str, kind: ParameterType) -> Result<(), ParameterError> {
    match data_type {
        "text" | "aws:ec2:image" => Ok(()),
        "aws:ssm:integration" if kind == ParameterType::SecureString => Ok(()),
        other => Err(ParameterError::invalid(format!("the data type {other} is not supported for a {}", kind.name()))),
    }
}

pub(super) fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), ParameterError> {
    if tags.keys().any(|key| key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"))) {
        return Err(ParameterError::invalid("tag keys that begin with \"aws:\" are AWS's own"));
    }
    if tags.len() > TAGS { Err(ParameterError::TooManyTags(TAGS)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> String {
        check_name(text).map_or_else(|error| format!("{error:?}"), |()| "ok".to_owned())
    }

    #[test]
    fn names_are_plain_or_whole_paths_and_not_aws_own() {
        for good in ["a", "a.b-c_D9", "/a", "/a/b", "/myaws/x", &format!("/{}", ["l"; 15].join("/"))] {
            assert_eq!(name(good), "ok", "{good}");
        }
        for bad in ["", "/", "a/b", "//a", "/a//b", "/a/", "a b", "a:1", "é", "aws", "AWSx", "ssm.x", "/ssm/x", "/Aws"]
        {
            assert!(name(bad).starts_with("Invalid"), "{bad}: {}", name(bad));
        }
        assert!(name("/aws/x").starts_with("Reserved"));
        assert_eq!(name(&format!("/{}", ["l"; 16].join("/"))), "TooDeep(15)");
        assert!(name(&"n".repeat(1012)).starts_with("Invalid"));
    }

    #[test]
    fn a_tier_grows_but_does_not_shrink() {
        let settle = |asked, before, bytes: usize| settle_tier(asked, before, &Secret::new("v".repeat(bytes))).ok();
        assert_eq!(settle(None, None, 4096), Some(Tier::Standard));
        assert_eq!(settle(None, None, 4097), None);
        assert_eq!(settle(Some(Tier::Intelligent), None, 4097), Some(Tier::Advanced));
        assert_eq!(settle(Some(Tier::Intelligent), None, 1), Some(Tier::Standard));
        assert_eq!(settle(Some(Tier::Advanced), Some(Tier::Standard), 8192), Some(Tier::Advanced));
        assert_eq!(settle(Some(Tier::Advanced), None, 8193), None);
        assert_eq!(settle(None, Some(Tier::Advanced), 5000), Some(Tier::Advanced));
        assert_eq!(settle(Some(Tier::Standard), Some(Tier::Advanced), 1), None);
        assert_eq!(settle(None, None, 0), None);
    }
}
