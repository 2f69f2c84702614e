//! Which sandbox names and commands are safe to hand on: names become container, network and folder names and part of
//! URLs, so nothing in them may be a separator, an option or a path step.

use crate::sandbox::{ExecutorError, SandboxId, SandboxSpec};

/// Longest name; a folder name may have 255 bytes, and executors add a prefix.
const LONGEST: usize = 200;

/// Whether `name` is a letter or digit followed by letters, digits, `-`, `_` and `.`.
pub(crate) fn is_safe(name: &str) -> bool {
    name.len() <= LONGEST
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// Refuses what no executor can run.
pub(crate) fn check(spec: &SandboxSpec) -> Result<(), ExecutorError> {
    let name = &spec.name;
    let refused = |why: String| Err(ExecutorError::Refused(why));
    if !is_safe(name) {
        return refused(format!(
            "sandbox name {name:?} is not valid: at most {LONGEST} letters, digits, '-', '_', '.'"
        ));
    }
    if spec.labels.is_empty() {
        return refused(format!("sandbox {name} has no label, so nothing could find it after a restart"));
    }
    if !spec.command.first().is_some_and(|program| program.starts_with('/')) {
        return refused(format!("sandbox {name} has no command with an absolute path"));
    }
    match spec
        .environment
        .iter()
        .find(|(key, value)| key.is_empty() || key.contains(['=', '\0']) || value.contains('\0'))
    {
        Some((key, _)) => refused(format!("environment variable {key:?} of sandbox {name} is no valid variable")),
        None => Ok(()),
    }
}

/// An id that this crate could never have given out names nothing.
pub(crate) fn check_id(id: &SandboxId) -> Result<(), ExecutorError> {
    if is_safe(&id.0) { Ok(()) } else { Err(ExecutorError::Gone(id.clone())) }
}

#[cfg(test)]
mod tests {
    use super::is_safe;

    #[test]
    fn a_lease_slug_is_a_safe_name() {
        assert!(is_safe("0190b3c4-0000-7000-8000-0123456789ab.17"));
    }

    #[test]
    fn names_that_could_be_paths_options_or_queries_are_not_safe() {
        for bad in ["", ".", "..", "../x", "-rf", "a/b", "a b", "a?x=1", "a#b", "a%2f", "é"] {
            assert!(!is_safe(bad), "{bad}");
        }
    }
}
