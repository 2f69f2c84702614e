//! Which names of environment variables and of Linux users a buildspec may use. They end up in environments, in the
//! saved-environment script and in the arguments of `su`, so nothing that could be read otherwise is let through.

/// Prefix of the names that belong to CodeBuild.
const RESERVED: &str = "CODEBUILD_";

/// Reserved names that a buildspec may set all the same: they configure the agent (reference 8.4).
const SETTABLE: &str = "CODEBUILD_CONFIG_";

/// Names that are never exported (reference 1.3).
const NEVER_EXPORTED: &str = "AWS_";

/// Characters in a Linux user name (`LOGIN_NAME_MAX` less its end).
const MAX_USER: usize = 32;

/// Why a name cannot be a variable's, as the end of a sentence.
pub(crate) fn variable_fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("is empty")
    } else if name.contains('=') {
        Some("contains '='")
    } else if name.chars().any(|c| c.is_control() || c.is_whitespace()) {
        Some("contains white space or control characters")
    } else {
        None
    }
}

/// Why a buildspec may not set the variable, as the end of a sentence.
pub(crate) fn setting_fault(name: &str) -> Option<&'static str> {
    if name.starts_with(RESERVED) && !name.starts_with(SETTABLE) {
        return Some("starts with CODEBUILD_, which is reserved");
    }
    variable_fault(name)
}

/// Why a buildspec may not export the variable, as the end of a sentence.
pub(crate) fn export_fault(name: &str) -> Option<&'static str> {
    if name.starts_with(NEVER_EXPORTED) {
        return Some("starts with AWS_, which cannot be exported");
    }
    variable_fault(name)
}

/// Whether the text is a Linux user name as `useradd` knows them, capitals and dots allowed.
pub(crate) fn is_user(name: &str) -> bool {
    let stem = name.strip_suffix('$').unwrap_or(name);
    name.len() <= MAX_USER
        && stem.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && stem.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variable_names_that_no_environment_can_hold_are_refused() {
        for name in ["", "A=B", "A B", "A\nB", "A\0", "\tA"] {
            assert!(variable_fault(name).is_some(), "{name:?}");
        }
        for name in ["A", "_a1", "npm_config_x", "LD_PRELOAD", "with-dash", "a.b"] {
            assert_eq!(setting_fault(name), None, "{name:?}");
        }
    }

    #[test]
    fn codebuild_names_are_reserved_but_for_configuration() {
        assert!(setting_fault("CODEBUILD_BUILD_ID").is_some());
        assert_eq!(setting_fault("CODEBUILD_CONFIG_AUTO_DISCOVER"), None);
        assert_eq!(export_fault("CODEBUILD_RESOLVED_SOURCE_VERSION"), None);
        assert!(export_fault("AWS_SECRET_ACCESS_KEY").is_some());
    }

    #[test]
    fn users_look_like_users() {
        for name in ["root", "builder", "_apt", "Some.User-1", "machine$"] {
            assert!(is_user(name), "{name:?}");
        }
        for name in ["", "-u", "--help", "a b", "1000", "$", "a/b", "a:b", "a\n", "ü", &"a".repeat(33)] {
            assert!(!is_user(name), "{name:?}");
        }
    }
}
