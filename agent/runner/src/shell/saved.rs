//! What a finished command leaves to the next: its environment and directory, as the saving program writes them.
//!
//! Form: the directory, then each `name=value`, every one followed by a NUL, and one more NUL as the end.

use crate::environment::{Variables, forget_shell_state};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// Larger environments do not come out of a Linux process (a quarter of the stack limit, normally 2 MiB).
pub(super) const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// A command's last state.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Saved {
    pub(crate) directory: PathBuf,
    pub(crate) variables: Variables,
}

impl Saved {
    /// For the saving program.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = self.directory.as_os_str().as_bytes().to_vec();
        out.push(0);
        for (name, value) in &self.variables {
            for part in [name.as_bytes(), b"=", value.as_bytes(), b"\0"] {
                out.extend_from_slice(part);
            }
        }
        out.push(0);
        out
    }

    /// For the runner; nothing when it is incomplete, as after a command that was killed. What belongs to a single
    /// shell process is left out.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let body = bytes.strip_suffix(b"\0\0")?;
        let mut parts = body.split(|byte| *byte == 0);
        let directory = PathBuf::from(OsString::from_vec(parts.next()?.to_vec()));
        if !directory.is_absolute() {
            return None;
        }
        let mut variables = Variables::new();
        for part in parts {
            // A name may begin with '=' only in other systems' habits.
            let equals = part.iter().position(|byte| *byte == b'=')?;
            let (name, value) = part.split_at(equals);
            variables.insert(OsStr::from_bytes(name).to_owned(), OsStr::from_bytes(&value[1..]).to_owned());
        }
        forget_shell_state(&mut variables);
        Some(Self { directory, variables })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(pairs: &[(&str, &[u8])]) -> Saved {
        let variables = pairs.iter().map(|(name, value)| ((*name).into(), OsString::from_vec(value.to_vec())));
        Saved { directory: "/a b".into(), variables: variables.collect() }
    }

    #[test]
    fn any_bytes_survive() {
        let state = saved(&[("EMPTY", b""), ("EQUALS", b"a=b"), ("RAW", b"\xff\n'\"$`")]);
        assert_eq!(Saved::decode(&state.encode()), Some(state));
        assert_eq!(Saved::decode(&saved(&[]).encode()), Some(saved(&[])));
    }

    #[test]
    fn what_is_cut_short_is_nothing() {
        let bytes = saved(&[("A", b"1"), ("B", b"2")]).encode();
        for cut in 0..bytes.len() {
            assert_eq!(Saved::decode(&bytes[..cut]), None, "cut at {cut}");
        }
    }

    #[test]
    fn a_shells_own_state_is_forgotten() {
        let state =
            saved(&[("BASH_FUNC_f%%", b"() {\n :\n}"), ("SHELLOPTS", b"errexit"), ("SHLVL", b"3"), ("KEEP", b"1")]);
        let kept = Saved::decode(&state.encode()).unwrap().variables;
        assert_eq!(kept.into_keys().collect::<Vec<_>>(), ["KEEP"]);
    }
}
