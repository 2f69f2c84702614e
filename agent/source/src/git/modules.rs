//! A `.gitmodules` file, as far as it is believed: names, paths and URLs that cannot reach outside. Pure.
//!
//! Everything else in it (`update`, `branch`, `fetchRecurseSubmodules`, …) is ignored, so nothing in it can run.

use std::collections::BTreeMap;
use std::path::{Component, Path};

/// A submodule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Module {
    pub(super) name: String,
    /// Its directory, relative to the repository.
    pub(super) path: String,
    /// As written; may be relative to the repository's own.
    pub(super) url: String,
}

/// Reads `git config --list -z`: `key LF value NUL` over and over. Modules without path or URL are left out.
///
/// # Errors
/// What is wrong, as a fragment.
pub(super) fn parse(listing: &[u8]) -> Result<Vec<Module>, String> {
    let mut found: BTreeMap<String, (Option<String>, Option<String>)> = BTreeMap::new();
    for entry in listing.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
        let entry = std::str::from_utf8(entry).map_err(|_| ".gitmodules is not UTF-8".to_owned())?;
        let (key, value) = entry.split_once('\n').unwrap_or((entry, ""));
        let Some((name, setting)) = key.strip_prefix("submodule.").and_then(|rest| rest.rsplit_once('.')) else {
            continue;
        };
        let module = found.entry(name.to_owned()).or_default();
        match setting {
            "path" => module.0 = Some(value.to_owned()),
            "url" => module.1 = Some(value.to_owned()),
            _ => {}
        }
    }
    let complete = |(name, (path, url))| Some(Module { name, path: path?, url: url? });
    let modules: Vec<Module> = found.into_iter().filter_map(complete).collect();
    match modules.iter().find_map(problem).or_else(|| nested(&modules)) {
        Some(problem) => Err(problem),
        None => Ok(modules),
    }
}

fn problem(module: &Module) -> Option<String> {
    let Module { name, path, .. } = module;
    if !is_plain(name) {
        return Some(format!("the submodule name {name:?} is not allowed"));
    }
    let touches_git =
        path.split('/').any(|part| part.eq_ignore_ascii_case(".git") || part.eq_ignore_ascii_case("git~1"));
    (!is_plain(path) || touches_git).then(|| format!("the path {path:?} of submodule {name:?} is not allowed"))
}

/// Relative, without dots, control characters, backslashes and anything that looks like an option.
fn is_plain(text: &str) -> bool {
    let components_are_names = Path::new(text).components().all(|part| matches!(part, Component::Normal(_)));
    !text.is_empty()
        && components_are_names
        && !text.starts_with('-')
        && !text.contains("//")
        && !text.ends_with('/')
        && !text.chars().any(|c| c.is_control() || c == '\\')
}

/// One module's `.git` inside another's would let files of the first be taken for the second's settings. The same
/// goes for paths.
fn nested(modules: &[Module]) -> Option<String> {
    let within = |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
    for module in modules {
        for other in modules {
            if within(&module.name, &other.name) || within(&module.path, &other.path) {
                return Some(format!("submodule {:?} lies inside submodule {:?}", module.name, other.name));
            }
            if module.name != other.name && module.path == other.path {
                return Some(format!("submodules {:?} and {:?} have the same path", module.name, other.name));
            }
        }
    }
    None
}

/// The URL of a submodule: one that begins with `./` or `../` is relative to the repository's own.
///
/// # Errors
/// When there are more `..` than the base has parts.
pub(super) fn resolve_url(base: &str, url: &str) -> Result<String, String> {
    if !url.starts_with("./") && !url.starts_with("../") {
        return Ok(url.to_owned());
    }
    let too_many = || format!("the submodule URL {url:?} leads above {base:?}");
    let root = base.find("://").map_or(0, |scheme| scheme + 3);
    let mut base_parts = base.trim_end_matches('/');
    let mut rest = url;
    loop {
        if let Some(next) = rest.strip_prefix("./") {
            rest = next;
        } else if let Some(next) = rest.strip_prefix("../") {
            rest = next;
            let cut = base_parts.rfind(['/', ':']).filter(|cut| *cut > root).ok_or_else(too_many)?;
            let is_scp = base_parts.as_bytes().get(cut) == Some(&b':');
            base_parts = base_parts.get(..cut + usize::from(is_scp)).ok_or_else(too_many)?;
        } else {
            break;
        }
    }
    let separator = if base_parts.ends_with(':') { "" } else { "/" };
    Ok(format!("{base_parts}{separator}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(entries: &[(&str, &str)]) -> Vec<u8> {
        entries.iter().flat_map(|(key, value)| format!("submodule.{key}\n{value}\0").into_bytes()).collect()
    }

    fn with(name: &str, path: &str) -> Result<Vec<Module>, String> {
        parse(&listing(&[(&format!("{name}.path"), path), (&format!("{name}.url"), "https://h/x")]))
    }

    #[test]
    fn ordinary_modules_are_read() {
        let modules = with("third_party/lib.x", "third_party/lib").unwrap();
        let url = "https://h/x".to_owned();
        assert_eq!(modules, [Module { name: "third_party/lib.x".into(), path: "third_party/lib".into(), url }]);
        assert_eq!(parse(b"core.x\ny\0").unwrap(), []);
        assert_eq!(parse(&listing(&[("a.path", "a")])).unwrap(), []);
    }

    #[test]
    fn modules_that_reach_outside_are_refused() {
        for name in ["../x", "a/../../x", "..", "/x", "-x", "a//b", "a\\b", "a\rb"] {
            assert!(with(name, "lib").is_err(), "{name:?}");
        }
        for path in ["../x", "/etc", "-x", ".git", "a/.GIT/b", "git~1", "lib\r", "a/./../b", "", "lib/", "."] {
            assert!(with("lib", path).is_err(), "{path:?}");
        }
    }

    #[test]
    fn modules_inside_one_another_are_refused() {
        let two = |names: [&str; 2], paths: [&str; 2]| {
            let keys = names.map(|name| [format!("{name}.path"), format!("{name}.url")]);
            parse(&listing(&[
                (&keys[0][0], paths[0]),
                (&keys[0][1], "https://h/x"),
                (&keys[1][0], paths[1]),
                (&keys[1][1], "https://h/y"),
            ]))
        };
        assert!(two(["a", "b"], ["x", "y"]).is_ok());
        assert!(two(["a", "a/hooks"], ["x", "y"]).is_err());
        assert!(two(["a", "b"], ["x", "x/y"]).is_err());
        assert!(two(["a", "b"], ["x", "x"]).is_err());
    }

    #[test]
    fn relative_urls_are_resolved_as_git_does() {
        for (base, url, resolved) in [
            ("https://h/o/r.git", "../s.git", "https://h/o/s.git"),
            ("https://h/o/r.git/", "../../p/s", "https://h/p/s"),
            ("https://h/o/r", "./s", "https://h/o/r/s"),
            ("git@h:o/r.git", "../s.git", "git@h:o/s.git"),
            ("git@h:r.git", "../s.git", "git@h:s.git"),
            ("/srv/r", "../s", "/srv/s"),
            ("https://h/o/r", "https://g/s", "https://g/s"),
        ] {
            assert_eq!(resolve_url(base, url).as_deref(), Ok(resolved), "{base} {url}");
        }
        assert!(resolve_url("https://h/r", "../../../s").is_err());
    }
}
