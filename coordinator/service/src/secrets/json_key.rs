//! References to secrets, and one member of a secret whose text is a JSON object. Pure.

use crate::Error;
use buildyard_buildspec::SecretReference;
use buildyard_model::Secret;

/// Reads `<secret-id>[:<json-key>[:<version-stage>[:<version-id>]]]`.
pub(super) fn reference(text: &str) -> Result<SecretReference, Error> {
    SecretReference::parse(text).map_err(|error| Error::invalid(error.to_string()))
}

/// The part of a secret's text that is asked for. A member that is no text is given as JSON.
pub(super) fn part(text: Secret, asked: &SecretReference) -> Result<Secret, Error> {
    let Some(key) = &asked.json_key else { return Ok(text) };
    let missing = || Error::not_found(format!("secret {} is no JSON object with the key {key}", asked.secret_id));
    let object: serde_json::Value = serde_json::from_str(text.expose()).map_err(|_| missing())?;
    match object.get(key).ok_or_else(missing)? {
        serde_json::Value::String(value) => Ok(Secret::new(value.clone())),
        value => Ok(Secret::new(value.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_is_not_there_is_named_and_nothing_else_is() {
        let get = |text: &str, asked: &str| {
            part(Secret::new(text), &reference(asked).unwrap()).map(|value| value.expose().to_owned())
        };
        assert_eq!(get(r#"{"user":"u","port":5}"#, "db:user").unwrap(), "u");
        assert_eq!(get(r#"{"user":"u","port":5}"#, "db:port").unwrap(), "5");
        assert_eq!(get("hunter2", "db").unwrap(), "hunter2");
        for text in ["hunter2", "[\"hunter2\"]", "{\"user\":\"hunter2\"}"] {
            let error = get(text, "db:none").unwrap_err().message;
            assert!(error.contains("db") && error.contains("none") && !error.contains("hunter2"), "{error}");
        }
    }
}
