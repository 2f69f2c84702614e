//! Names of files that came from outside (ZIP entries, object keys): which of them are safe to make below a directory.
//!
//! Pure. A name that passes consists of ordinary parts only, so joining it to a directory stays inside.

use std::path::PathBuf;

/// Longest path that Linux takes, less its closing NUL.
const LONGEST: usize = 4095;
/// Longest name of one file.
const LONGEST_PART: usize = 255;
/// Deepest nesting; the deepest dependency trees seen have about 60 levels.
const DEEPEST: usize = 256;

/// Who wrote the name: that decides whether a backslash separates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A backslash is an ordinary character.
    Unix,
    /// A backslash separates, as a slash does.
    Dos,
}

/// The relative path that a name stands for; empty for the directory itself (`./`).
///
/// # Errors
/// Why the name is refused, as a fragment that fits behind "the name …".
pub fn relative(name: &[u8], origin: Origin) -> Result<PathBuf, &'static str> {
    let name = std::str::from_utf8(name).map_err(|_| "is not UTF-8")?;
    if name.contains('\0') {
        return Err("holds a NUL");
    }
    if name.len() > LONGEST {
        return Err("is longer than a path may be");
    }
    let any_separator = ['/', '\\'];
    if name.starts_with(any_separator) || has_drive(name) {
        return Err("is absolute");
    }
    // Whoever reads a backslash as a separator must not get out either, so '..' is looked for in both readings.
    if name.split(any_separator).any(|part| part == "..") {
        return Err("leads out of its directory");
    }
    let separators: &[char] = if origin == Origin::Dos { &any_separator } else { &any_separator[..1] };
    let parts = || name.split(separators).filter(|part| !matches!(*part, "" | "."));
    if parts().any(|part| part.len() > LONGEST_PART) {
        return Err("has a part longer than a file name may be");
    }
    if parts().nth(DEEPEST).is_some() {
        return Err("is nested too deeply");
    }
    Ok(parts().collect())
}

/// `C:\x`, `C:/x` and `C:x`. A colon elsewhere, or behind more than one letter, is ordinary on Linux.
fn has_drive(name: &str) -> bool {
    let mut bytes = name.bytes();
    matches!((bytes.next(), bytes.next()), (Some(letter), Some(b':')) if letter.is_ascii_alphabetic())
}

/// Whether a symbolic link at `link` (a path that passed [`relative`]) with this target stays inside the root,
/// whatever other links of the same kind lie on the way.
///
/// `..` may only stand in front: behind a name it would undo whatever that name's own link did, and a chain of links
/// that are harmless one by one could climb out.
pub fn link_stays_inside(link: &std::path::Path, target: &[u8]) -> bool {
    let Ok(target) = std::str::from_utf8(target) else { return false };
    if target.is_empty() || target.len() > LONGEST || target.starts_with('/') || target.contains('\0') {
        return false;
    }
    let mut depth = link.components().count().saturating_sub(1);
    let mut named = false;
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." if named || depth == 0 => return false,
            ".." => depth -= 1,
            _ => named = true,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::{Component, Path};

    #[test]
    fn ordinary_names_are_taken_as_they_are() {
        for (name, path) in [
            ("a/b.txt", "a/b.txt"),
            ("./a//b/", "a/b"),
            ("ü/日本", "ü/日本"),
            ("ab:c", "ab:c"),
            ("x\\x2dy.swap", "x\\x2dy.swap"),
            ("..a/b..", "..a/b.."),
            ("./", ""),
        ] {
            assert_eq!(relative(name.as_bytes(), Origin::Unix), Ok(PathBuf::from(path)), "{name}");
        }
        assert_eq!(relative(b"a\\b\\c", Origin::Dos), Ok(PathBuf::from("a/b/c")));
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let long = "x".repeat(256);
        for name in [
            "/etc/passwd",
            "../x",
            "a/../../x",
            "a/..",
            "..",
            "\\x",
            "\\\\server\\share",
            "..\\x",
            "a\\..\\..\\x",
            "C:\\x",
            "C:/x",
            "c:x",
            "a\0b",
            &long,
        ] {
            assert!(relative(name.as_bytes(), Origin::Unix).is_err(), "{name:?}");
            assert!(relative(name.as_bytes(), Origin::Dos).is_err(), "{name:?}");
        }
        assert!(relative(b"caf\xe9", Origin::Unix).is_err());
    }

    #[test]
    fn links_may_point_about_inside_but_not_out() {
        let inside = |link: &str, target: &str| link_stays_inside(Path::new(link), target.as_bytes());
        assert!(inside("a/b/link", "../c"));
        assert!(inside("a/b/link", "../../c"));
        assert!(inside("link", "a/b"));
        assert!(inside("link", "./a"));
        for (link, target) in [
            ("link", "../x"),
            ("a/link", "../../x"),
            ("link", "/etc"),
            ("link", ""),
            ("a/b/link", "c/../../d"),
            ("l", "a\0b"),
        ] {
            assert!(!inside(link, target), "{link} -> {target:?}");
        }
    }

    proptest! {
        #[test]
        fn a_path_that_passes_has_only_ordinary_parts(name in "[a-c./\\\\:\u{0}]{0,12}", dos in any::<bool>()) {
            let origin = if dos { Origin::Dos } else { Origin::Unix };
            if let Ok(path) = relative(name.as_bytes(), origin) {
                prop_assert!(path.components().all(|part| matches!(part, Component::Normal(_))));
            }
        }
    }
}
