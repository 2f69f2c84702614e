//! Names of entries: lexical work on paths, no file system.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// `path` without `.` and with each `a/..` resolved by its letters. A relative path keeps the `..` that it begins with.
pub(super) fn normalised(path: &Path) -> PathBuf {
    let mut parts: Vec<OsString> = Vec::new();
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::RootDir | Component::Prefix(_) => out.push("/"),
            Component::CurDir => {}
            Component::Normal(name) => parts.push(name.to_owned()),
            Component::ParentDir => match parts.last() {
                Some(last) if last != ".." => {
                    parts.pop();
                }
                _ if path.is_absolute() => {}
                _ => parts.push("..".into()),
            },
        }
    }
    out.extend(parts);
    out
}

/// The name of what lies at `rest` below `directory` (normalised, relative to the base or absolute): never absolute,
/// never with `..`. Bytes that are no UTF-8 become replacement characters, since object names are text.
pub(super) fn entry_name(root: &Path, directory: &Path, rest: &Path) -> String {
    let whole = directory.join(rest);
    let relative = whole.strip_prefix(root).unwrap_or(&whole);
    let parts = relative.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_string_lossy()),
        _ => None,
    });
    parts.collect::<Vec<_>>().join("/")
}

/// How to get from the folder `from` to `to`; both canonical and absolute.
pub(super) fn relative_target(from: &Path, to: &Path) -> PathBuf {
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(to.components().skip(shared)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_by_their_letters() {
        let check = |from: &str, to: &str| assert_eq!(normalised(Path::new(from)), Path::new(to), "{from}");
        check("./a//b/./c", "a/b/c");
        check("a/../b", "b");
        check("../x/..", "..");
        check("/../a/../../b", "/b");
        check(".", "");
    }

    #[test]
    fn a_name_never_leaves_the_artifact() {
        let name = |directory: &str, rest: &str| entry_name(Path::new("/src"), Path::new(directory), Path::new(rest));
        assert_eq!(name("dist", "a/b.js"), "dist/a/b.js");
        assert_eq!(name("../shared", "x"), "shared/x");
        assert_eq!(name("/root/.m2", "x.jar"), "root/.m2/x.jar");
        assert_eq!(name("/src/dist", "x"), "dist/x");
    }

    #[test]
    fn link_targets_are_relative_to_the_link() {
        assert_eq!(relative_target(Path::new("/s/a/b"), Path::new("/s/c/d")), Path::new("../../c/d"));
        assert_eq!(relative_target(Path::new("/s"), Path::new("/s/c")), Path::new("c"));
    }
}
