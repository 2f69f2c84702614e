//! Names of things. A name is checked once, when it is made; a value of these types is always well formed.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Why a text is not a name of the asked kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// CodeBuild's rule for project names (reference 12.1).
    #[error(
        "project name {0:?} is not valid: 2 to 150 characters, letters, digits, '-' and '_', beginning with a letter or digit"
    )]
    Project(String),
    /// A build id is `<project>:<uuid>`.
    #[error("build id {0:?} is not valid: expected <project>:<uuid>")]
    Build(String),
    /// Agent names become part of container labels and file names.
    #[error("agent name {0:?} is not valid: 1 to 63 characters, letters, digits, '-', '_' and '.'")]
    Agent(String),
    /// CodeBuild's rule for fleet names (reference 11.1).
    #[error(
        "fleet name {0:?} is not valid: 2 to 128 characters, letters, digits, '-' and '_', beginning with a letter or digit"
    )]
    Fleet(String),
    /// A ticket is a uuid.
    #[error("ticket {0:?} is not valid: expected a uuid")]
    Ticket(String),
}

/// A project's name: 2 to 150 characters of `[A-Za-z0-9][A-Za-z0-9-_]*`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProjectName(String);

impl ProjectName {
    /// Makes a valid name out of any text, for builds that name no project (a folder's name, say).
    pub fn from_lossy(text: &str) -> Self {
        let mut name: String = text
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '-' })
            .skip_while(|c| !c.is_ascii_alphanumeric())
            .take(150)
            .collect();
        if name.len() < 2 {
            name = format!("build-{name}").trim_end_matches('-').to_owned();
        }
        Self(name)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProjectName {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let valid = (2..=150).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if valid { Ok(Self(text.to_owned())) } else { Err(IdError::Project(text.to_owned())) }
    }
}

/// A build's id: `<project>:<uuid>`, CodeBuild's form.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BuildId {
    project: ProjectName,
    uuid: Uuid,
}

impl BuildId {
    /// The id of `uuid` within `project`.
    pub fn new(project: ProjectName, uuid: Uuid) -> Self {
        Self { project, uuid }
    }

    /// The project the build belongs to.
    pub fn project(&self) -> &ProjectName {
        &self.project
    }

    /// The id of the build that repeats this one as try `number`: always the same, so that it is known before the build
    /// is made and cannot be made twice.
    #[must_use]
    pub fn repetition(&self, number: u32) -> Self {
        let uuid = Uuid::new_v5(&self.uuid, format!("repetition {number}").as_bytes());
        Self { project: self.project.clone(), uuid }
    }

    /// The part after the colon: unique by itself, and safe as a file, container or object name.
    pub fn uuid(&self) -> Uuid {
        self.uuid
    }
}

impl FromStr for BuildId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let error = || IdError::Build(text.to_owned());
        let (project, uuid) = text.split_once(':').ok_or_else(error)?;
        Ok(Self { project: project.parse().map_err(|_| error())?, uuid: Uuid::try_parse(uuid).map_err(|_| error())? })
    }
}

impl fmt::Display for BuildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.project.0, self.uuid)
    }
}

/// An agent's name, unique in the fleet.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AgentId(String);

impl AgentId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AgentId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let valid = (1..=63).contains(&text.len())
            && !text.starts_with('.')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if valid { Ok(Self(text.to_owned())) } else { Err(IdError::Agent(text.to_owned())) }
    }
}

impl fmt::Display for ProjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! text_form {
    ($($name:ident),+) => {$(
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.to_string()
            }
        }
    )+};
}

text_form!(ProjectName, BuildId, AgentId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_id_survives_its_text_form() {
        let id = BuildId::new("my-app".parse().unwrap(), Uuid::from_u128(7));
        assert_eq!(id.to_string().parse::<BuildId>().unwrap(), id);
    }

    #[test]
    fn names_that_could_be_paths_or_options_are_refused() {
        for bad in ["", "a", "-rf", "../x", "a b", "a/b", "é-project"] {
            assert!(bad.parse::<ProjectName>().is_err(), "{bad}");
        }
        for bad in ["", ".", "..", "a/b", "a\nb"] {
            assert!(bad.parse::<AgentId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn any_folder_name_makes_a_project_name() {
        for text in ["", ".", "my project", "-x", "日本", "a", "redis_7.0"] {
            let name = ProjectName::from_lossy(text);
            assert!(name.as_str().parse::<ProjectName>().is_ok(), "{text} gave {name}");
        }
    }
}
