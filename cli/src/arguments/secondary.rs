//! `ID=VALUE` of secondary sources and artifacts: CodeBuild's identifiers, each once and at most twelve of a kind
//! (reference 4.1, 6.1). What the values mean is left to who asks for them.

use buildyard_model::ArtifactSpec;
use std::collections::BTreeSet;

/// Secondary sources or artifacts of one build.
const MOST: usize = 12;
/// An identifier is shorter than this, in bytes.
const IDENTIFIER_BOUND: usize = 128;

/// An identifier and what goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identified {
    pub(crate) identifier: String,
    pub(crate) value: String,
}

/// Parses `ID=VALUE`, cut at the first `=`; the value may not be empty.
pub(crate) fn identified(text: &str) -> Result<Identified, String> {
    match text.split_once('=') {
        Some((id, value)) if !value.is_empty() => {
            Ok(Identified { identifier: identifier(id)?.to_owned(), value: value.to_owned() })
        }
        _ => Err(format!("{text:?} is not ID=VALUE, as in docs=https://HOST/team/docs.git")),
    }
}

/// Parses `ID=VALUE`, or `ID` alone, whose value is then empty.
pub(crate) fn identified_or_alone(text: &str) -> Result<Identified, String> {
    match text.split_once('=') {
        // Most likely a variable of the shell that is not set.
        Some((_, "")) => {
            Err(format!("{text:?} has nothing behind the '=': write ID alone for the default, or ID=VALUE"))
        }
        Some(_) => identified(text),
        None => Ok(Identified { identifier: identifier(text)?.to_owned(), value: String::new() }),
    }
}

fn identifier(text: &str) -> Result<&str, String> {
    let valid = (1..IDENTIFIER_BOUND).contains(&text.len())
        && text.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
    if valid {
        Ok(text)
    } else {
        Err(format!("identifier {text:?} must be letters, digits and '_', shorter than {IDENTIFIER_BOUND} characters"))
    }
}

/// Refuses identifiers that stand twice, and more of them than a build may have. `option` is for the message.
pub(crate) fn distinct<'a>(option: &str, identifiers: impl IntoIterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    if let Some(twice) = identifiers.into_iter().find(|identifier| !seen.insert(*identifier)) {
        return Err(format!("{option} {twice} stands twice: give each one an identifier of its own"));
    }
    if seen.len() > MOST {
        return Err(format!("{option} stands {} times; a build has at most {MOST}", seen.len()));
    }
    Ok(())
}

/// Refuses artifact settings whose identifiers [`distinct`] refuses.
pub(crate) fn distinct_artifacts(specs: &[ArtifactSpec]) -> Result<(), String> {
    distinct("--secondary-artifacts", specs.iter().filter_map(|spec| spec.artifact_identifier.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_cut_off_at_the_first_equal_sign() {
        let given = identified("docs=https://host.test/a.git?x=1").unwrap();
        assert_eq!((given.identifier.as_str(), given.value.as_str()), ("docs", "https://host.test/a.git?x=1"));
        assert_eq!(identified_or_alone("docs").unwrap().value, "");
        assert!(identified_or_alone("docs=").unwrap_err().contains("ID alone"));
    }

    #[test]
    fn what_cannot_name_a_variable_is_refused_with_what_can() {
        for bad in ["a-b=x", "=x", "../x=y", "a b=x", &format!("{}=x", "i".repeat(128))] {
            assert!(identified(bad).unwrap_err().contains("letters, digits and '_'"), "{bad}");
        }
        for bad in ["docs", "docs="] {
            assert!(identified(bad).unwrap_err().contains("ID=VALUE"), "{bad}");
        }
    }

    #[test]
    fn an_identifier_stands_once_and_twelve_are_enough() {
        assert!(distinct("--x", ["a", "b"]).is_ok());
        assert!(distinct("--x", ["a", "b", "a"]).unwrap_err().contains("--x a stands twice"));
        let many: Vec<String> = (0..13).map(|number| format!("i{number}")).collect();
        assert!(distinct("--x", many.iter().map(String::as_str)).unwrap_err().contains("at most 12"));
    }
}
