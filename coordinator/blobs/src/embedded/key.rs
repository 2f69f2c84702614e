//! How a key becomes a path and back. Pure.
//!
//! A key may hold any bytes (`..`, `//`, a trailing slash, 1024 bytes without one slash), so it is never used as a path:
//! each component between slashes becomes one name with a mark in front that says what it is.
//!
//! | mark | name | what lies there |
//! |---|---|---|
//! | `=` | the rest of the key after the last `/` | the object |
//! | `+` | a component that a `/` follows | a directory |
//! | `~` | the first 80 bytes of a longer component | a directory for whatever begins so |
//!
//! Bytes that trouble people or file systems (controls, `%`) are written `%XX`. The file system must tell upper from
//! lower case. Invariant: two keys never share a path, no path leaves its bucket, and the names in one directory, each
//! with what it stands for, sort as the keys below them do.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// Longest key, in bytes (Amazon S3, "Naming Amazon S3 objects").
pub(crate) const KEY_MAX_BYTES: usize = 1024;

/// Bytes of a component in one name. Escaped threefold and marked it still fits in the 255 of a file name.
const CUT: usize = 80;

/// What a name in a bucket's tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The record of an object.
    Object,
    /// A directory of everything behind a `/`.
    Directory,
    /// A directory of everything that begins with the same 80 bytes.
    Cut,
}

impl Kind {
    fn mark(self) -> u8 {
        match self {
            Self::Object => b'=',
            Self::Directory => b'+',
            Self::Cut => b'~',
        }
    }
}

/// Where a key's record lies, below the bucket's tree.
pub(crate) fn path_of(key: &str) -> PathBuf {
    let (mut path, rest) = descend(key.as_bytes());
    path.push(name(Kind::Object, rest));
    path
}

/// The deepest directory that holds every key with this prefix, and what all keys in that directory begin with.
pub(crate) fn enclosing(prefix: &[u8]) -> (PathBuf, Vec<u8>) {
    let (path, rest) = descend(prefix);
    let base = prefix.get(..prefix.len() - rest.len()).unwrap_or_default().to_vec();
    (path, base)
}

/// Reads a name in a bucket's tree: what it is, and what it adds to the key. `None` for a file that is not ours.
pub(crate) fn parse(name: &OsStr) -> Option<(Kind, Vec<u8>)> {
    let (mark, escaped) = name.as_bytes().split_first()?;
    let kind = [Kind::Object, Kind::Directory, Kind::Cut].into_iter().find(|kind| kind.mark() == *mark)?;
    let mut raw = unescape(escaped)?;
    if kind == Kind::Directory {
        raw.push(b'/');
    }
    Some((kind, raw))
}

fn descend(key: &[u8]) -> (PathBuf, &[u8]) {
    let mut path = PathBuf::new();
    let mut rest = key;
    loop {
        match rest.iter().take(CUT).position(|byte| *byte == b'/') {
            Some(end) => {
                path.push(name(Kind::Directory, &rest[..end]));
                rest = &rest[end + 1..];
            }
            None if rest.len() >= CUT => {
                path.push(name(Kind::Cut, &rest[..CUT]));
                rest = &rest[CUT..];
            }
            None => return (path, rest),
        }
    }
}

fn name(kind: Kind, raw: &[u8]) -> OsString {
    let mut name = Vec::with_capacity(raw.len() + 1);
    name.push(kind.mark());
    for byte in raw {
        if byte.is_ascii_control() || *byte == b'%' {
            name.push(b'%');
            name.extend_from_slice(hex::encode_upper([*byte]).as_bytes());
        } else {
            name.push(*byte);
        }
    }
    OsString::from_vec(name)
}

fn unescape(escaped: &[u8]) -> Option<Vec<u8>> {
    let mut raw = Vec::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some((byte, tail)) = rest.split_first() {
        if *byte == b'%' {
            let digits = tail.get(..2)?;
            raw.push(*hex::decode(digits).ok()?.first()?);
            rest = tail.get(2..)?;
        } else {
            raw.push(*byte);
            rest = tail;
        }
    }
    Some(raw)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Component;

    fn back(key: &str) -> Vec<u8> {
        path_of(key).iter().flat_map(|name| parse(name).expect("our own name").1).collect()
    }

    #[test]
    fn every_key_comes_back_from_its_path() {
        let long = "é".repeat(300);
        let slashes = "/".repeat(1024);
        let controls = "\u{1}".repeat(1024);
        let exact = format!("{}/x", "a".repeat(CUT));
        for key in [
            "a",
            "a/b",
            "/",
            "//",
            "a/",
            "../../etc/passwd",
            ".",
            "..",
            "a%2Fb",
            "+=~",
            &long,
            &slashes,
            &controls,
            &exact,
        ] {
            assert_eq!(back(key), key.as_bytes(), "{key}");
        }
    }

    #[test]
    fn no_path_climbs_and_no_name_is_too_long() {
        for key in ["../../x", "/..", "./.", &"\u{1}".repeat(1024), &"/".repeat(1024), &"\u{1}/".repeat(512)] {
            let path = path_of(key);
            assert!(path.components().all(|part| matches!(part, Component::Normal(_))), "{key}");
            assert!(path.iter().all(|name| name.len() <= 255), "{key}");
            assert!(path.as_os_str().len() < 3200, "{key}");
        }
    }

    #[test]
    fn an_object_and_a_directory_of_the_same_name_do_not_meet() {
        assert_ne!(path_of("a"), path_of("a/"));
        assert!(!path_of("a/b").starts_with(path_of("a")));
    }

    #[test]
    fn keys_with_a_prefix_lie_in_its_enclosing_directory() {
        let long = "x".repeat(200);
        for (prefix, key) in [("a/b", "a/bc/d"), ("", "z"), ("a/", "a/"), (long.as_str(), &format!("{long}/y"))] {
            let (directory, base) = enclosing(prefix.as_bytes());
            assert!(path_of(key).starts_with(&directory), "{prefix}");
            assert!(key.as_bytes().starts_with(&base), "{prefix}");
        }
    }
}
