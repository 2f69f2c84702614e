use super::*;
use crate::secret::Secret;

fn git(location: &str) -> Option<String> {
    SourceKind::Git { location: location.into(), depth: 0, submodules: false, credentials: None }.problem()
}

fn at(version: &str) -> Option<String> {
    let kind = SourceKind::Git {
        location: "https://example.com/o/r.git".into(),
        depth: 1,
        submodules: false,
        credentials: None,
    };
    Source { kind, version: Some(version.into()) }.problem()
}

#[test]
fn ordinary_git_locations_are_well_formed() {
    for location in [
        "https://github.com/o/r.git",
        "https://git.example.com:8443/a/b/c",
        "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/x",
        "http://git.intern/o/r",
        "https://[::1]:3000/o/r",
        "ssh://git@example.com:22/~o/r.git",
        "ssh://example.com/srv/r",
        "git@github.com:o/r.git",
        "git@[::1]:o/r.git",
        "/srv/git/r.git",
        "file:///srv/git/r.git",
    ] {
        assert_eq!(git(location), None, "{location}");
    }
}

#[test]
fn hostile_git_locations_are_refused() {
    for location in [
        "",
        "--upload-pack=touch /tmp/p",
        "--upload-pack=id",
        "-oProxyCommand=id",
        "ext::sh -c id",
        "ext::sh%20-c%20id",
        "fd::17",
        "git@ext::x",
        "ssh://-oX/",
        "ssh://-oProxyCommand=id/x",
        "ssh://u@-oX/x",
        "ssh://-u@host/x",
        "ssh://u:p@host/x",
        "u:p@host:x",
        "git@-oX:x",
        "git@host:-x",
        "git@host:",
        "http://u:p@h/x",
        "https://u@h/x",
        "https://h",
        "https://h/",
        "https:///x",
        "https://h:0/x",
        "https://h:99999/x",
        "https://h:+1/x",
        "https://ho st/x",
        "https://h/x\r\nHost: y",
        "https://h/x\ny",
        "https://h/$(id)",
        "https://h/`id`",
        "https://h/--upload-pack=x",
        "https://h/\u{202e}x",
        "ftp://h/x",
        "git://h/x",
        "HTTPS://h/x",
        "file://host/x",
        "file:///etc/../root",
        "/srv/../etc",
        "relative/path",
        "host:path",
    ] {
        assert!(git(location).is_some(), "{location:?} passed");
    }
}

#[test]
fn a_password_in_a_url_is_not_repeated() {
    for location in ["https://user:hunter2@h/x", "ssh://user:hunter2@h/x", "user:hunter2@h:x"] {
        assert!(!git(location).unwrap().contains("hunter2"), "{location}");
    }
}

#[test]
fn locations_are_taken_apart() {
    assert_eq!(git_location("https://h:8443/r"), Ok(GitLocation::Https { host: "h", port: Some(8443) }));
    assert_eq!(git_location("http://[::1]/r"), Ok(GitLocation::Http { host: "::1", port: None }));
    assert_eq!(git_location("git@h:o/r"), Ok(GitLocation::Ssh { host: "h", port: None }));
    assert_eq!(git_location("file:///r"), Ok(GitLocation::Path { path: "/r" }));
}

#[test]
fn ordinary_versions_are_well_formed() {
    let sha = "0123456789abcdef0123456789abcdef01234567";
    for version in [
        "main",
        "feature/x-1",
        "v1.2.3",
        "refs/heads/main",
        "refs/tags/v1",
        "refs/pull/7/head",
        "pr/12",
        "HEAD",
        "user@host",
        "",
        sha,
        &format!("refs/heads/main^{{{sha}}}"),
        &format!("pr/3^{{{sha}}}"),
    ] {
        assert_eq!(at(version), None, "{version}");
    }
}

#[test]
fn versions_that_compute_or_inject_are_refused() {
    let sha = "0123456789abcdef0123456789abcdef01234567";
    for version in [
        "--output=/x",
        "-x",
        "a/-x",
        "@{-1}",
        "main@{1}",
        "@",
        "$(id)",
        "`id`",
        "a b",
        "a\tb",
        "a\nb",
        "a\0b",
        "main~1",
        "main^",
        "main^{commit}",
        "a:b",
        "a?b",
        "a*",
        "[a]",
        "a\\b",
        "a..b",
        "a//b",
        "/a",
        "a/",
        ".a",
        "a/.b",
        "a.lock",
        "a.",
        "pr/",
        "pr/x",
        "pr/1/2",
        "pr/12345678901",
        "a;b",
        "a|b",
        "main^{abc}",
    ] {
        assert!(at(version).is_some(), "{version:?} passed");
    }
    assert!(at(&format!("^{{{sha}}}")).is_some());
    assert!(at(&format!("main^{{{sha}}}x")).is_some());
    assert!(at(&"a".repeat(1025)).is_some());
}

#[test]
fn object_locations_follow_the_rules_of_s3() {
    let s3 = |location: &str| SourceKind::S3 { location: location.into() }.problem();
    for location in ["bucket/key.zip", "my.bucket-1/a/b/c.zip", "bucket/folder/", "bucket/a b/ü.zip"] {
        assert_eq!(s3(location), None, "{location}");
    }
    for location in [
        "",
        "bucket",
        "bucket/",
        "bu/key",
        "Bucket/key",
        "-bucket/key",
        "bucket-/key",
        "a..b/key",
        "bucket//key",
        "bucket/../key",
        "bucket/a/../b",
        "bucket/a//b",
        "bucket/a\nb",
        "bucket/a//",
        "bucket/./a",
    ] {
        assert!(s3(location).is_some(), "{location:?} passed");
    }
}

#[test]
fn local_paths_are_absolute_and_plain() {
    let local = |path: &str| SourceKind::Local { path: path.into() }.problem();
    assert_eq!(local("/home/me/my project"), None);
    for path in ["", "x", "./x", "/a/../b", "/a\nb", "-x"] {
        assert!(local(path).is_some(), "{path:?} passed");
    }
}

#[test]
fn credentials_cannot_break_out_of_their_line() {
    let with = |username: &str, password: &str| {
        let credentials = Some(GitCredentials { username: username.into(), password: Secret::new(password) });
        SourceKind::Git { location: "https://h/r".into(), depth: 0, submodules: false, credentials }.problem()
    };
    assert_eq!(with("x-access-token", "t"), None);
    for (username, password) in [("", "p"), ("u:v", "p"), ("u\nhost=evil", "p"), ("u", ""), ("u", "p\nhost=evil")] {
        assert!(with(username, password).is_some(), "{username:?}");
    }
}

#[test]
fn identifiers_of_secondary_sources_are_words() {
    let source = Source { kind: SourceKind::None, version: None };
    let named = |id: &str| SecondarySource { source_identifier: id.into(), source: source.clone() }.problem();
    assert_eq!(named("lib_1"), None);
    for id in ["", "a-b", "a b", &"x".repeat(128)] {
        assert!(named(id).is_some(), "{id:?} passed");
    }
}
