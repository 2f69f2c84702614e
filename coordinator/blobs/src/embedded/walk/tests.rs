use super::*;
use std::collections::BTreeSet;

fn tree(keys: &[String]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for key in keys {
        let path = root.path().join(key::path_of(key));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"").unwrap();
    }
    root
}

fn walked(root: &Path, prefix: &str, passed: Passed) -> Vec<String> {
    let mut walk = Walk::new(root, prefix, passed);
    let mut keys = Vec::new();
    while let Some((key, _)) = walk.next().unwrap() {
        keys.push(String::from_utf8(key).unwrap());
    }
    keys
}

fn awkward() -> Vec<String> {
    let long = "x".repeat(80);
    let mut keys: Vec<String> = [
        "a", "a-", "a/", "a/b", "a/b/c", "a.", "a0", "A", "é", "~", "=", "+", "a//", "a//b", "/", "//", "..", "../x",
        "%", "%2F",
    ]
    .map(String::from)
    .to_vec();
    for tail in ["", "-", "/", "/a", "0", "y", "yy/z"] {
        keys.push(format!("{long}{tail}"));
        keys.push(format!("{}{tail}", &long[..79]));
    }
    keys
}

#[test]
fn keys_come_in_byte_order() {
    let keys = awkward();
    let root = tree(&keys);
    let sorted: Vec<String> = keys.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    assert_eq!(walked(root.path(), "", Passed::Key(Vec::new())), sorted);
}

#[test]
fn a_walk_goes_on_behind_every_key_and_under_every_prefix() {
    let keys = awkward();
    let root = tree(&keys);
    let sorted: BTreeSet<String> = keys.into_iter().collect();
    for after in &sorted {
        let expected: Vec<&String> = sorted.iter().filter(|key| *key > after).collect();
        assert_eq!(
            walked(root.path(), "", Passed::Key(after.clone().into_bytes())).iter().collect::<Vec<_>>(),
            expected
        );
        let expected: Vec<&String> = sorted.iter().filter(|key| key.starts_with(after)).collect();
        assert_eq!(walked(root.path(), after, Passed::Key(Vec::new())).iter().collect::<Vec<_>>(), expected);
        let expected: Vec<&String> = sorted.iter().filter(|key| *key > after && !key.starts_with(after)).collect();
        assert_eq!(
            walked(root.path(), "", Passed::Prefix(after.clone().into_bytes())).iter().collect::<Vec<_>>(),
            expected
        );
    }
}

#[test]
fn a_directory_larger_than_the_window_is_walked_whole() {
    let keys: Vec<String> = (0..WINDOW * 2 + 7).map(|number| format!("d/{number:05}")).collect();
    let root = tree(&keys);
    assert_eq!(walked(root.path(), "d/", Passed::Key(Vec::new())), keys);
}

#[test]
fn skipping_a_prefix_leaves_its_directory_unread() {
    let root = tree(&["a/1".into(), "a/2".into(), "b".into()]);
    let mut walk = Walk::new(root.path(), "", Passed::Key(Vec::new()));
    assert_eq!(walk.next().unwrap().unwrap().0, b"a/1");
    walk.skip(b"a/");
    assert_eq!(walk.next().unwrap().unwrap().0, b"b");
}
