//! Names of users and policies, as IAM has them (IAM and STS quotas, "Name limits").

use crate::Error;

const USER_MAX: usize = 64;
const POLICY_MAX: usize = 128;
/// What the account's owner is called.
const ROOT: &str = "root";

/// Checks a user's name.
pub(super) fn user(name: &str) -> Result<(), Error> {
    if name == ROOT {
        return Err(Error::invalid("user root is the owner of the account, who is always there"));
    }
    check("user", name, USER_MAX)
}

/// Checks a policy's name.
pub(super) fn policy(name: &str) -> Result<(), Error> {
    check("policy", name, POLICY_MAX)
}

/// A policy's name for what may be its ARN.
pub(super) fn policy_of(text: &str) -> &str {
    text.strip_prefix("arn:aws:iam::").and_then(|rest| rest.split_once(":policy/")).map_or(text, |(_, name)| name)
}

fn check(what: &str, name: &str, most: usize) -> Result<(), Error> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if (1..=most).contains(&name.len()) && name.chars().all(fits) {
        return Ok(());
    }
    let name: String = name.chars().filter(|c| !c.is_control()).take(most).collect();
    Err(Error::invalid(format!("{name:?} is no name for a {what}: 1 to {most} letters, digits and any of _+=,.@- are")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_iam() {
        for name in ["ana", "ci+deploy@x.example", "a_b=c,d-1", &"x".repeat(64)] {
            assert!(user(name).is_ok(), "{name}");
        }
        for name in ["", "root", "a/b", "a b", "é", "../x", "a\n", &"x".repeat(65)] {
            assert!(user(name).is_err(), "{name}");
        }
        assert!(policy(&"x".repeat(128)).is_ok() && policy(&"x".repeat(129)).is_err());
    }

    #[test]
    fn a_policy_may_be_called_by_its_arn() {
        assert_eq!(policy_of("arn:aws:iam::aws:policy/ReadOnlyAccess"), "ReadOnlyAccess");
        assert_eq!(policy_of("arn:aws:iam::123456789012:policy/ci"), "ci");
        assert_eq!(policy_of("ci"), "ci");
    }
}
