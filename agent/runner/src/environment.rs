//! The variables that a build's commands see: what they begin with, and what is taken over from one to the next.
//!
//! Pure. Names and values are bytes, kept exactly.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Variables by name.
pub(crate) type Variables = BTreeMap<OsString, OsString>;

/// Used where the image sets none: what Docker gives to a container.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What the first command begins with.
#[derive(Debug)]
pub(crate) struct Sources<'a> {
    /// The image's own variables (or, on the host, those that the agent gave to the runner).
    pub(crate) inherited: Variables,
    /// `Plan::environment`.
    pub(crate) plan: &'a BTreeMap<String, String>,
    pub(crate) secrets: &'a BTreeMap<String, String>,
    pub(crate) in_container: bool,
    /// Where the helper programs lie; the last entry of `PATH` (reference 1.11).
    pub(crate) helpers: &'a Path,
    /// `CODEBUILD_SRC_DIR`.
    pub(crate) source: &'a Path,
    /// The runner's state directory, for the helper programs.
    pub(crate) state: &'a Path,
}

/// Tells a helper program where the runner's state is.
pub(crate) const STATE_VARIABLE: &str = "BUILDYARD_STATE_DIRECTORY";

/// Merges the sources: image < plan < secrets. `HOME` is `/root` in a container unless the plan says otherwise.
pub(crate) fn initial(sources: Sources<'_>) -> Variables {
    let mut variables = sources.inherited;
    if sources.in_container {
        variables.insert("HOME".into(), "/root".into());
    }
    let text = |(name, value): (&String, &String)| (OsString::from(name), OsString::from(value));
    variables.extend(sources.plan.iter().map(text));
    variables.extend(sources.secrets.iter().map(text));
    // The kernel takes no such thing, and no shell could have it.
    variables.retain(|name, value| valid(name) && !value.as_bytes().contains(&0));
    variables.insert(STATE_VARIABLE.into(), sources.state.into());
    variables.insert("CODEBUILD_SRC_DIR".into(), sources.source.into());
    let mut path = variables.remove(OsStr::new("PATH")).unwrap_or_else(|| DEFAULT_PATH.into());
    path.push(":");
    path.push(sources.helpers);
    variables.insert("PATH".into(), path);
    forget_shell_state(&mut variables);
    variables
}

/// Sets what the runner alone decides, whatever a command did to it.
pub(crate) fn stamp(variables: &mut Variables, succeeding: bool, last_exit: i32) {
    variables.insert("CODEBUILD_BUILD_SUCCEEDING".into(), if succeeding { "1" } else { "0" }.into());
    variables.insert("CODEBUILD_LAST_EXIT".into(), last_exit.to_string().into());
}

/// Removes what belongs to one shell process and must not reach the next: with `set -a` bash exports its functions,
/// and `SHELLOPTS` would bring a `set -e` along (reference 1.10 keeps neither).
pub(crate) fn forget_shell_state(variables: &mut Variables) {
    variables.retain(|name, _| {
        let name = name.as_bytes();
        !matches!(name, b"_" | b"SHLVL" | b"PWD" | b"SHELLOPTS" | b"BASHOPTS") && !name.starts_with(b"BASH_FUNC_")
    });
}

/// `export NAME='value'` lines in name order: the form of CodeBuild's `env.sh`. Names that no shell can have are left
/// out, and so is what `keep` refuses.
pub(crate) fn export_lines(variables: &Variables, keep: impl Fn(&OsStr, &OsStr) -> bool) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in variables.iter().filter(|(name, value)| is_identifier(name) && keep(name, value)) {
        out.extend_from_slice(b"export ");
        out.extend_from_slice(name.as_bytes());
        out.push(b'=');
        out.extend_from_slice(&quoted(value.as_bytes()));
        out.push(b'\n');
    }
    out
}

/// A word for the shell that stands for exactly these bytes.
pub(crate) fn quoted(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 2);
    out.push(b'\'');
    for &byte in bytes {
        match byte {
            b'\'' => out.extend_from_slice(b"'\\''"),
            other => out.push(other),
        }
    }
    out.push(b'\'');
    out
}

fn valid(name: &OsStr) -> bool {
    let name = name.as_bytes();
    !name.is_empty() && !name.contains(&b'=') && !name.contains(&0)
}

fn is_identifier(name: &OsStr) -> bool {
    let name = name.as_bytes();
    name.first().is_some_and(|first| !first.is_ascii_digit())
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    fn begin(inherited: &[(&str, &str)], plan: &[(&str, &str)], secrets: &[(&str, &str)]) -> Variables {
        let text = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<BTreeMap<_, _>>()
        };
        initial(Sources {
            inherited: variables(inherited),
            plan: &text(plan),
            secrets: &text(secrets),
            in_container: true,
            helpers: Path::new("/codebuild/user/bin"),
            source: Path::new("/codebuild/output/src1/src"),
            state: Path::new("/codebuild/output/tmp"),
        })
    }

    fn value<'a>(variables: &'a Variables, name: &str) -> &'a str {
        variables.get(OsStr::new(name)).and_then(|value| value.to_str()).unwrap_or("(unset)")
    }

    #[test]
    fn the_plan_beats_the_image_and_a_secret_beats_both() {
        let got = begin(
            &[("A", "image"), ("B", "image"), ("HOME", "/home/x")],
            &[("A", "plan"), ("C", "plan")],
            &[("C", "s")],
        );
        assert_eq!(["A", "B", "C", "HOME"].map(|name| value(&got, name)), ["plan", "image", "s", "/root"]);
        assert_eq!(value(&begin(&[], &[("HOME", "/w")], &[]), "HOME"), "/w");
    }

    #[test]
    fn helper_programs_come_last_in_path() {
        assert_eq!(value(&begin(&[("PATH", "/bin")], &[], &[]), "PATH"), "/bin:/codebuild/user/bin");
        assert!(value(&begin(&[], &[], &[]), "PATH").ends_with("/bin:/codebuild/user/bin"));
    }

    #[test]
    fn impossible_names_and_values_are_dropped() {
        let got = begin(&[], &[("", "x"), ("A=B", "x"), ("NUL", "a\0b"), ("OK", "x")], &[]);
        assert_eq!(["", "A=B", "NUL", "OK"].map(|name| value(&got, name)), ["(unset)", "(unset)", "(unset)", "x"]);
    }

    #[test]
    fn env_sh_is_sorted_and_quoted() {
        let all = variables(&[("B", "it's $X\n"), ("A", ""), ("no.identifier", "x"), ("1X", "x"), ("SECRET", "s")]);
        let text = export_lines(&all, |name, _| name != "SECRET");
        assert_eq!(String::from_utf8(text).unwrap(), "export A=''\nexport B='it'\\''s $X\n'\n");
    }
}
