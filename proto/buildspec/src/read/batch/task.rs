//! A task of a build-list or build-graph, and the rules of identifiers.

use super::super::env::variables;
use super::super::fields::Fields;
use crate::error::Error;
use crate::spec::{BatchEnv, BatchTask};
use std::collections::HashSet;

/// Identifiers are shorter than this.
const IDENTIFIER_END: usize = 128;

/// Reads one task; only those of a graph depend on others.
pub(super) fn task(mut fields: Fields<'_>, is_graph: bool) -> Result<BatchTask, Error> {
    let task = BatchTask {
        identifier: fields.required("identifier")?.text()?.to_owned(),
        buildspec: fields.text("buildspec")?,
        debug_session: fields.flag("debug-session")?,
        depend_on: if is_graph { fields.strings("depend-on")? } else { Vec::new() },
        ignore_failure: fields.flag("ignore-failure")?,
        env: fields.fields("env")?.map(env).transpose()?.unwrap_or_default(),
    };
    fields.finish();
    Ok(task)
}

fn env(mut fields: Fields<'_>) -> Result<BatchEnv, Error> {
    let env = BatchEnv {
        compute_type: fields.text("compute-type")?,
        fleet: fields.text("fleet")?,
        image: fields.text("image")?,
        kind: fields.text("type")?,
        privileged_mode: fields.optional_flag("privileged-mode")?,
        variables: variables(&mut fields, "variables")?,
    };
    if env.fleet.is_some() && env.compute_type.is_some() {
        return Err(Error::at(
            fields.position(),
            format!("{} has both fleet and compute-type, only one is allowed", fields.path()),
        ));
    }
    fields.finish();
    Ok(env)
}

/// What is wrong with the tasks' identifiers, in CodeBuild's words where they are known.
pub(super) fn check_identifiers(tasks: &[BatchTask]) -> Result<(), String> {
    let listed = |names: Vec<&str>| names.join(",");
    let malformed: Vec<_> =
        tasks.iter().map(|task| task.identifier.as_str()).filter(|name| !is_identifier(name)).collect();
    if !malformed.is_empty() {
        return Err(format!(
            "Build Identifiers {} must contain only alphanumeric characters and underscores \
             and be less than {IDENTIFIER_END} characters in length.",
            listed(malformed)
        ));
    }
    let mut seen = HashSet::new();
    let repeated: Vec<_> =
        tasks.iter().map(|task| task.identifier.as_str()).filter(|name| !seen.insert(*name)).collect();
    if !repeated.is_empty() {
        return Err(format!("Build Identifiers {} must be unique.", listed(repeated)));
    }
    Ok(())
}

fn is_identifier(name: &str) -> bool {
    !name.is_empty()
        && name.len() < IDENTIFIER_END
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
