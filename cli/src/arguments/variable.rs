//! `--env K=V` and its relatives: `NAME=VALUE` pairs, and variables of the model made of them.

use buildyard_model::{EnvironmentVariable, VariableKind};

/// A name and a value, cut at the first `=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// Parses `NAME=VALUE`; the value may be empty and may hold further `=`.
pub(crate) fn pair(text: &str) -> Result<Pair, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok(Pair { name: name.to_owned(), value: value.to_owned() }),
        _ => Err(format!("{text:?} is not NAME=VALUE")),
    }
}

/// Parses `NAME=VALUE`, or `NAME` alone for the caller's own value of it.
pub(crate) fn plain(text: &str) -> Result<EnvironmentVariable, String> {
    let given = match text.split_once('=') {
        Some(_) => pair(text)?,
        None => {
            let value = std::env::var(text)
                .map_err(|_| format!("{text:?} is not NAME=VALUE, and no variable of that name is set here"))?;
            Pair { name: text.to_owned(), value }
        }
    };
    variable(given, VariableKind::Plaintext)
}

/// Parses `NAME=PARAMETER`: the value is kept by the coordinator under that name and masked in the log.
pub(crate) fn parameter(text: &str) -> Result<EnvironmentVariable, String> {
    variable(pair(text)?, VariableKind::ParameterStore)
}

/// Parses `NAME=SECRET`, with CodeBuild's `secret:json-key:version-stage:version-id`.
pub(crate) fn secret(text: &str) -> Result<EnvironmentVariable, String> {
    variable(pair(text)?, VariableKind::SecretsManager)
}

fn variable(pair: Pair, kind: VariableKind) -> Result<EnvironmentVariable, String> {
    let variable = EnvironmentVariable { name: pair.name, value: pair.value, kind };
    match variable.problem() {
        Some(problem) => Err(problem),
        None => Ok(variable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_hold_equal_signs_and_may_be_empty() {
        assert_eq!(plain("OPTS=-Da=b").unwrap().value, "-Da=b");
        assert_eq!(plain("EMPTY=").unwrap().value, "");
    }

    #[test]
    fn a_name_alone_takes_the_callers_value() {
        let path = std::env::var("PATH").unwrap();
        assert_eq!(plain("PATH").unwrap().value, path);
        assert!(plain("BUILDYARD_NO_SUCH_VARIABLE").is_err());
    }

    #[test]
    fn reserved_and_broken_names_are_refused_before_anything_is_sent() {
        assert!(plain("CODEBUILD_SRC_DIR=/x").unwrap_err().contains("reserved"));
        assert!(plain("=x").is_err());
        assert!(parameter("TOKEN").is_err());
    }

    #[test]
    fn a_secret_keeps_its_reference_whole() {
        let given = secret("PASSWORD=db:password:AWSCURRENT:").unwrap();
        assert_eq!(given.kind, VariableKind::SecretsManager);
        assert_eq!(given.value, "db:password:AWSCURRENT:");
    }
}
