//! The password of a source: where it goes, and where it is never found (reliability S54).

use super::server::{PASSWORD, Server, USER};
use super::yard::{Ask, Yard, files_holding, git};
use crate::Error;
use base64::Engine;
use buildyard_model::{GitCredentials, Secret};
use std::os::unix::fs::PermissionsExt;

fn credentials(password: &str) -> Option<GitCredentials> {
    Some(GitCredentials { username: USER.to_owned(), password: Secret::new(password) })
}

#[tokio::test]
async fn a_private_repository_is_fetched_and_the_password_left_nowhere() {
    let script_home = tempfile::tempdir().unwrap();
    let (script, calls) = (script_home.path().join("git"), script_home.path().join("calls"));
    std::fs::write(&script, format!("#!/bin/sh\necho \"$@\" >> {}\nexec git \"$@\"\n", calls.display())).unwrap();
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
    let yard = Yard::with(|options| options.git = script);
    let upstream = yard.upstream("r");
    let server = Server::start(yard.path("upstream")).await;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{PASSWORD}"));
    for depth in [0, 1] {
        let ask = Ask { credentials: credentials(PASSWORD), depth, ..Ask::default() };
        let (into, fetched) = yard.fetch(&server.url("private/r"), ask).await.unwrap();
        assert_eq!(fetched.resolved_version, Some(upstream.git(&["rev-parse", "HEAD"])));
        assert_eq!(git(&into, &["remote", "get-url", "origin"]), server.url("private/r"));
    }
    for needle in [PASSWORD, &basic] {
        assert!(files_holding(&yard.path(""), needle).is_empty());
        assert!(!yard.log().contains(needle));
        assert!(!std::fs::read_to_string(&calls).unwrap().contains(needle));
    }
    assert!(std::fs::read_to_string(&calls).unwrap().contains("fetch"));
}

#[tokio::test]
async fn a_wrong_or_missing_password_is_explained_without_it() {
    let yard = Yard::new();
    yard.upstream("r");
    let server = Server::start(yard.path("upstream")).await;
    let wrong = "wr0ng-secret";
    let ask = Ask { credentials: credentials(wrong), ..Ask::default() };
    let error = yard.fetch(&server.url("private/r"), ask).await.unwrap_err();
    assert!(error.to_string().contains("check the credentials"), "{error}");
    assert!(!format!("{error:?}").contains(wrong) && !yard.log().contains(wrong));
    let error = yard.fetch(&server.url("private/r"), Ask::default()).await.unwrap_err();
    assert!(error.to_string().contains("add them to the source"), "{error}");
    assert!(yard.mirrors().is_empty(), "a clone that failed leaves no mirror");
}

#[tokio::test]
async fn a_mirror_is_not_given_to_a_build_that_the_server_refuses() {
    let yard = Yard::new();
    let upstream = yard.upstream("r");
    let server = Server::start(yard.path("upstream")).await;
    let commit = upstream.git(&["rev-parse", "HEAD"]);
    for depth in [0, 1] {
        let ask = Ask { credentials: credentials(PASSWORD), depth, ..Ask::default() };
        yard.fetch(&server.url("private/r"), ask).await.unwrap();
        for version in ["main", &commit] {
            let ask = Ask { version: Some(version), depth, ..Ask::default() };
            assert!(matches!(yard.fetch(&server.url("private/r"), ask).await, Err(Error::Git { .. })));
        }
    }
}

#[tokio::test]
async fn a_submodule_elsewhere_does_not_get_the_password() {
    let yard = Yard::new();
    let (inner, outer) = (yard.upstream("inner"), yard.upstream("outer"));
    let server = Server::start(yard.path("upstream")).await;
    let elsewhere = format!("http://localhost:{}/open/inner", server.address.port());
    let text = format!("[submodule \"m\"]\n\tpath = m\n\turl = {elsewhere}\n");
    std::fs::write(outer.path.join(".gitmodules"), text).unwrap();
    outer.git(&["add", ".gitmodules"]);
    let commit = inner.git(&["rev-parse", "HEAD"]);
    outer.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},m")]);
    outer.commit_index("module");
    let ask = Ask { credentials: credentials(PASSWORD), submodules: true, ..Ask::default() };
    let (into, _) = yard.fetch(&server.url("private/outer"), ask).await.unwrap();
    assert!(into.join("m/README").exists());
    for (host, path, with_credentials) in server.record.requests.lock().unwrap().iter() {
        assert!(!host.starts_with("localhost") || !with_credentials, "{path} got the password");
    }
}

#[tokio::test]
async fn a_repository_that_moved_is_followed_where_that_is_allowed() {
    let yard = Yard::new();
    let upstream = yard.upstream("r");
    let server = Server::start(yard.path("upstream")).await;
    for depth in [0, 1] {
        let (into, fetched) = yard.fetch(&server.url("moved/r"), Ask { depth, ..Ask::default() }).await.unwrap();
        assert_eq!(fetched.resolved_version, Some(upstream.git(&["rev-parse", "HEAD"])));
        assert_eq!(git(&into, &["remote", "get-url", "origin"]), server.url("moved/r"));
    }
    assert!(yard.log().contains("has moved to"));
    let error = yard.fetch(&server.url("away/r"), Ask::default()).await.unwrap_err();
    assert!(matches!(&error, Error::NotAllowed(text) if text.contains("169.254.169.254")), "{error}");
}

#[tokio::test]
async fn a_repository_that_is_not_there_is_explained() {
    let yard = Yard::new();
    let server = Server::start(yard.path("upstream")).await;
    let error = yard.fetch(&server.url("nowhere/r"), Ask::default()).await.unwrap_err().to_string();
    assert!(error.starts_with("Git clone failed: ") && error.contains("check the repository's URL"), "{error}");
    let shallow = yard.fetch(&server.url("nowhere/r"), Ask { depth: 1, ..Ask::default() }).await;
    assert!(shallow.is_err() && yard.mirrors().is_empty() && !yard.fetcher.holds(&server.url("nowhere/r")));
}

#[tokio::test]
async fn a_mirror_outlives_a_later_fetch_that_fails() {
    let yard = Yard::new();
    yard.upstream("r");
    let server = Server::start(yard.path("upstream")).await;
    for depth in [0, 1] {
        let ask = Ask { credentials: credentials(PASSWORD), depth, ..Ask::default() };
        yard.fetch(&server.url("private/r"), ask).await.unwrap();
        assert!(yard.fetch(&server.url("private/r"), Ask { depth, ..Ask::default() }).await.is_err());
        assert!(yard.fetcher.holds(&server.url("private/r")));
    }
}
