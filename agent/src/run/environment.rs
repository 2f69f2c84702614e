//! The environment that a build gets (reference 3): the platform's variables, the project's and start call's, and
//! the buildspec's, in the precedence of reference 3.4. Pure.

mod platform;

use buildyard_buildspec::Env;
use buildyard_model::{JobSpec, VariableKind};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A source as it lies on disk, named as the runner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlacedSource {
    /// Absent for the primary source.
    pub identifier: Option<String>,
    pub directory: PathBuf,
    /// What was asked for (reference 3.2).
    pub version: String,
    pub repository_url: String,
    /// The commit, where there is one.
    pub resolved: Option<String>,
}

/// Everything that the environment is made of.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub job: &'a JobSpec,
    /// The primary source first.
    pub sources: &'a [PlacedSource],
    /// The buildspec's `env`.
    pub env: &'a Env,
    /// Absent where the sandbox has a home of its own.
    pub home: Option<&'a str>,
    /// The folder that holds the primary source's `src`: CodeBuild's Go workspace.
    pub go_path: &'a Path,
}

/// A variable whose value must be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecretVariable {
    pub name: String,
    /// Never `Plaintext`.
    pub kind: VariableKind,
    pub reference: String,
}

/// What was given to the build.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Assembled {
    /// On top of the image's own.
    pub plain: BTreeMap<String, String>,
    /// In the order of their names; none of them is in `plain`.
    pub secrets: Vec<SecretVariable>,
}

enum Value {
    Plain(String),
    Secret(VariableKind, String),
}

/// The variables of a build.
pub(crate) fn assemble(facts: &Facts<'_>) -> Assembled {
    let plain = |(name, value)| (name, Value::Plain(value));
    let mut merged: BTreeMap<String, Value> = platform::defaults(facts).into_iter().map(plain).collect();
    merged.extend(of_buildspec(facts.env));
    merged.extend(of_job(facts.job));
    // What tells a build where it is cannot be changed by it: names beginning with CODEBUILD_ are reserved.
    merged.extend(platform::reserved(facts).into_iter().map(plain));
    let mut assembled = Assembled::default();
    for (name, value) in merged {
        match value {
            Value::Plain(value) => {
                assembled.plain.insert(name, value);
            }
            Value::Secret(kind, reference) => assembled.secrets.push(SecretVariable { name, kind, reference }),
        }
    }
    assembled
}

fn of_buildspec(env: &Env) -> impl Iterator<Item = (String, Value)> + '_ {
    let plain = env.variables.iter().map(|(name, value)| (name.clone(), Value::Plain(value.clone())));
    let secret =
        |kind| move |(name, reference): &(String, String)| (name.clone(), Value::Secret(kind, reference.clone()));
    let parameters = env.parameter_store.iter().map(secret(VariableKind::ParameterStore));
    let secrets = env.secrets_manager.iter().map(secret(VariableKind::SecretsManager));
    plain.chain(parameters).chain(secrets)
}

fn of_job(job: &JobSpec) -> impl Iterator<Item = (String, Value)> + '_ {
    job.environment.environment_variables.iter().map(|variable| {
        let value = match variable.kind {
            VariableKind::Plaintext => Value::Plain(variable.value.clone()),
            kind @ (VariableKind::ParameterStore | VariableKind::SecretsManager) => {
                Value::Secret(kind, variable.value.clone())
            }
        };
        (variable.name.clone(), value)
    })
}

#[cfg(test)]
mod tests;
