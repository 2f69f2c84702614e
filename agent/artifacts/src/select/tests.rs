use super::*;
use std::fs;
use std::os::unix::fs::symlink;

/// A tree with the given files in it; a name that ends in '/' is a folder.
fn tree(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(file);
        if file.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
    }
    folder
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn names(base: &Path, rules: &Rules<'_>) -> Vec<String> {
    let chosen = select(base, rules, &mut |_| ControlFlow::Continue(())).unwrap();
    chosen.into_iter().map(|entry| entry.name).collect()
}

fn chosen(base: &Path, patterns: &[&str]) -> Vec<String> {
    let patterns = texts(patterns);
    names(base, &Rules { patterns: &patterns, ..Rules::default() })
}

fn without(base: &Path, patterns: &[&str], excludes: &[&str]) -> Vec<String> {
    let (patterns, excludes) = (texts(patterns), texts(excludes));
    names(base, &Rules { patterns: &patterns, excludes: &excludes, ..Rules::default() })
}

#[test]
fn one_star_stops_at_a_slash_and_two_cross_it() {
    let folder = tree(&["a.txt", ".hidden", "dir/b.txt", "dir/deep/c.txt", "other/d.log", "empty/"]);
    assert_eq!(chosen(folder.path(), &["*"]), [".hidden", "a.txt"]);
    assert_eq!(chosen(folder.path(), &["dir/*"]), ["dir/b.txt"]);
    assert_eq!(chosen(folder.path(), &["dir/**/*"]), ["dir/b.txt", "dir/deep/c.txt"]);
    assert_eq!(chosen(folder.path(), &["**/*.txt"]), ["a.txt", "dir/b.txt", "dir/deep/c.txt"]);
    assert_eq!(chosen(folder.path(), &["**/*"]).len(), 5);
    assert_eq!(chosen(folder.path(), &["."]).len(), 5);
    assert!(chosen(folder.path(), &[""]).is_empty());
    assert_eq!(
        chosen(folder.path(), &["./dir/b.txt", "dir/b.txt", "dir//deep/c.txt"]),
        ["dir/b.txt", "dir/deep/c.txt"]
    );
    assert_eq!(chosen(folder.path(), &["dir"]), ["dir/b.txt", "dir/deep/c.txt"]);
    assert_eq!(chosen(folder.path(), &["{a,z}.txt", "o?her/*"]), ["a.txt", "other/d.log"]);
}

#[test]
fn what_exists_by_that_very_name_is_no_glob() {
    let folder = tree(&["pages/[id].tsx", "pages/i.tsx"]);
    assert_eq!(chosen(folder.path(), &["pages/[id].tsx"]), ["pages/[id].tsx"]);
}

#[test]
fn exclusions_are_relative_to_the_base_directory() {
    let folder = tree(&["a", ".git/config", "x/node_modules/m/i.js", "x/keep", "x/.env"]);
    assert_eq!(without(folder.path(), &["**/*"], &["**/.*/**/*", "**/.*"]), ["a", "x/keep", "x/node_modules/m/i.js"]);
    assert_eq!(
        without(folder.path(), &["**/*"], &["**/node_modules/**/*", "./a"]),
        [".git/config", "x/.env", "x/keep"]
    );
    assert_eq!(without(folder.path(), &["**/*"], &["*"]).len(), 4);
}

#[test]
fn a_pattern_without_match_is_noted_and_the_others_count() {
    let folder = tree(&["a", "b"]);
    let mut notes = Vec::new();
    let patterns = texts(&["missing", "a", "no/**/*"]);
    let rules = Rules { patterns: &patterns, ..Rules::default() };
    let entries = select(folder.path(), &rules, &mut |note| {
        if note != Note::Working {
            notes.push(format!("{note:?}"));
        }
        ControlFlow::Continue(())
    });
    assert_eq!(entries.unwrap().len(), 1);
    assert_eq!(
        notes,
        [
            r#"Expanding("missing")"#,
            r#"Unmatched("missing")"#,
            r#"Expanding("a")"#,
            r#"Expanding("no/**/*")"#,
            r#"Unmatched("no/**/*")"#
        ]
    );
}

#[test]
fn flat_names_keep_the_first_of_two() {
    let folder = tree(&["a/x", "b/x", "b/y"]);
    let patterns = texts(&["**/*"]);
    let rules = Rules { patterns: &patterns, discard_paths: true, ..Rules::default() };
    let entries = select(folder.path(), &rules, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(entries.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["x", "y"]);
    assert!(entries[0].path.ends_with("a/x"));
}

#[test]
fn links_are_followed_inside_and_left_out_when_they_lead_away() {
    let outside = tree(&["secret"]);
    let folder = tree(&["base/real/file", "shared/lib"]);
    let base = folder.path().join("base");
    symlink("real/file", base.join("inside")).unwrap();
    symlink(outside.path().join("secret"), base.join("absolute")).unwrap();
    symlink("../shared/lib", base.join("sibling")).unwrap();
    symlink(outside.path(), base.join("folder")).unwrap();
    symlink("nowhere", base.join("dangling")).unwrap();
    symlink("..", base.join("real/loop")).unwrap();
    assert_eq!(chosen(&base, &["**/*"]), ["inside", "real/file"]);
    assert_eq!(chosen(&base, &["folder/*", "folder/secret", "absolute"]), Vec::<String>::new());

    let patterns = texts(&["**/*"]);
    let within = [fs::canonicalize(folder.path()).unwrap()];
    let rules = Rules { patterns: &patterns, within: &within, ..Rules::default() };
    assert_eq!(names(&base, &rules), ["inside", "real/file", "sibling"]);
}

#[test]
fn followed_links_give_the_path_behind_them() {
    let folder = tree(&["real/file"]);
    symlink("real", folder.path().join("alias")).unwrap();
    let patterns = texts(&["alias/*"]);
    let rules = Rules { patterns: &patterns, ..Rules::default() };
    let entries = select(folder.path(), &rules, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(entries[0].name, "alias/file");
    assert_eq!(entries[0].path, fs::canonicalize(folder.path()).unwrap().join("real/file"));
}

#[test]
fn kept_links_are_relative_to_their_folder() {
    let folder = tree(&["lib/v1/so", "bin/"]);
    symlink(folder.path().join("lib/v1/so"), folder.path().join("bin/so")).unwrap();
    symlink("v1", folder.path().join("lib/current")).unwrap();
    symlink("/etc/passwd", folder.path().join("bin/passwd")).unwrap();
    let patterns = texts(&["**/*"]);
    let rules = Rules { patterns: &patterns, keep_symlinks: true, ..Rules::default() };
    let entries = select(folder.path(), &rules, &mut |_| ControlFlow::Continue(())).unwrap();
    let links: Vec<_> = entries
        .iter()
        .filter_map(|entry| match &entry.kind {
            Kind::Symlink { target } => Some((entry.name.as_str(), target.as_str())),
            Kind::File { .. } => None,
        })
        .collect();
    assert_eq!(links, [("bin/so", "../lib/v1/so"), ("lib/current", "v1")]);
    assert_eq!(entries.len(), 3);
}

#[test]
fn absolute_and_parent_patterns_are_taken_at_their_word() {
    let elsewhere = tree(&["m2/a.jar"]);
    let folder = tree(&["base/x", "other/y", "state/env.sh"]);
    let absolute = format!("{}/**/*.jar", fs::canonicalize(elsewhere.path()).unwrap().display());
    let patterns = texts(&["../other/*", &absolute, "../**/*"]);
    let avoid = [fs::canonicalize(folder.path()).unwrap().join("state")];
    let rules = Rules { patterns: &patterns, avoid: &avoid, ..Rules::default() };
    let found = names(&folder.path().join("base"), &rules);
    assert!(found.contains(&"other/y".to_owned()), "{found:?}");
    assert!(found.iter().any(|name| name.ends_with("m2/a.jar") && !name.starts_with('/')), "{found:?}");
    assert!(!found.iter().any(|name| name.contains("env.sh")), "{found:?}");
}

#[test]
fn base_directories_may_be_globs() {
    let folder = tree(&["my-a/1", "my-b/2", "my-file", "other/3"]);
    let found = |pattern: &str| {
        let bases = base_directories(folder.path(), pattern, &[], &mut |_| ControlFlow::Continue(())).unwrap();
        bases.iter().map(|path| path.strip_prefix(folder.path()).unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("my-*"), [Path::new("my-a"), Path::new("my-b")]);
    assert_eq!(found("other"), [Path::new("other")]);
    assert_eq!(found("."), [Path::new("")]);
    assert!(found("missing").is_empty() && found("my-file").is_empty());
}

#[test]
fn a_bad_glob_is_named_and_a_walk_can_be_broken_off() {
    let folder = tree(&["a/b"]);
    let patterns = texts(&["[z"]);
    let rules = Rules { patterns: &patterns, ..Rules::default() };
    let error = select(folder.path(), &rules, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert!(error.to_string().starts_with("invalid pattern [z: "), "{error}");
    let patterns = texts(&["**/*"]);
    let rules = Rules { patterns: &patterns, ..Rules::default() };
    let error = select(folder.path(), &rules, &mut |_| ControlFlow::Break(())).unwrap_err();
    assert!(matches!(error, SelectError::Interrupted));
}
