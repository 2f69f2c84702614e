//! What a secret may be: names, values, tags, stages. Pure.

use super::error::SecretError;
use super::record::SecretValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::{BTreeMap, BTreeSet};

/// Characters of a name, as Secrets Manager's answers have room for.
const NAME: usize = 256;
const VALUE_BYTES: usize = 65_536;
const TAGS: usize = 50;
const STAGES: usize = 20;
const TOKEN: std::ops::RangeInclusive<usize> = 32..=64;

pub(super) fn check_name(name: &str) -> Result<(), SecretError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte);
    if name.is_empty() || name.len() > NAME || !name.bytes().all(plain) {
        let problem = format!("a secret's name has 1 to {NAME} letters, digits and characters of /_+=.@-");
        return Err(SecretError::Parameter(problem));
    }
    Ok(())
}

pub(super) fn check_value(value: &SecretValue) -> Result<(), SecretError> {
    let bytes = match value {
        SecretValue::Text(text) => text.expose().len(),
        SecretValue::Binary(text) => {
            let decoded = STANDARD.decode(text.expose());
            decoded.map_err(|_| SecretError::parameter("SecretBinary is not base64"))?.len()
        }
    };
    match bytes {
        0 => Err(SecretError::parameter("the secret value is empty")),
        1..=VALUE_BYTES => Ok(()),
        _ => Err(SecretError::Parameter(format!("a secret value has at most {VALUE_BYTES} bytes"))),
    }
}

pub(super) fn check_token(token: &str) -> Result<(), SecretError> {
    if TOKEN.contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
        return Ok(());
    }
    Err(SecretError::parameter("a ClientRequestToken has 32 to 64 letters, digits, - and _"))
}

pub(super) fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), SecretError> {
    if tags.keys().any(|key| key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"))) {
        return Err(SecretError::parameter("tag keys that begin with aws: are AWS's own"));
    }
    if tags.len() > TAGS {
        return Err(SecretError::Parameter(format!("a secret has at most {TAGS} tags")));
    }
    Ok(())
}

pub(super) fn check_stages(stages: &BTreeSet<String>) -> Result<(), SecretError> {
    if stages.iter().any(|stage| stage.is_empty() || stage.len() > 256) {
        return Err(SecretError::parameter("a staging label has 1 to 256 characters"));
    }
    if stages.len() > STAGES {
        return Err(SecretError::Limit(format!("a version has at most {STAGES} staging labels")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildyard_model::Secret;

    #[test]
    fn limits_are_those_of_bytes() {
        let text = |length: usize| check_value(&SecretValue::Text(Secret::new("é".repeat(length)))).is_ok();
        assert!(text(32_768) && !text(32_769) && !text(0));
        let binary = |text: &str| check_value(&SecretValue::Binary(Secret::new(text))).is_ok();
        assert!(binary("AAEC") && !binary("AAE") && !binary("") && !binary("a b="));
        assert!(check_name("prod/db_1+x=.@-").is_ok() && check_name("a b").is_err() && check_name("!a").is_err());
    }
}
