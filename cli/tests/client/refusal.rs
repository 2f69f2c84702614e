//! What a person reads when it does not work, and the exit code that a script sees.

use crate::door::{Door, Script};
use crate::{buildyard, stderr};

async fn failed(endpoint: &str, token: &str, args: &[&str]) -> (i32, String) {
    let mut command = buildyard(endpoint);
    command.env("BUILDYARD_TOKEN", token).args(args);
    let output = command.output().await.unwrap();
    (output.status.code().unwrap(), stderr(&output))
}

#[tokio::test]
async fn a_missing_endpoint_or_token_says_where_to_find_one() {
    for (endpoint, token, what) in [("", "t", "no coordinator is named"), ("http://127.0.0.1:9", "", "no client token")]
    {
        let (code, said) = failed(endpoint, token, &["builds"]).await;
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(what) && said.contains("source DIR/credentials.env"), "{said}");
    }
}

#[tokio::test]
async fn nobody_at_the_endpoint_is_a_connection_failure() {
    // A port that was free a moment ago and that nobody listens on.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, said) = failed(&address.to_string(), "t", &["builds"]).await;
    assert_eq!(code, 3, "{said}");
    assert!(said.contains(&format!("no coordinator answers at http://{address}")), "{said}");
    assert!(said.to_lowercase().contains("connection refused"), "{said}");
}

#[tokio::test]
async fn a_wrong_token_is_told_from_a_missing_coordinator() {
    let door = Door::open(Script::default()).await;
    let (code, said) = failed(&door.endpoint, "wrong", &["agents"]).await;
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("refused the token: no such token"), "{said}");
}

#[tokio::test]
async fn a_source_that_is_nothing_is_refused_before_anything_is_sent() {
    for source in ["/no/such/folder", "ext::sh -c id", "--upload-pack=id"] {
        let source = format!("--source={source}");
        let (code, said) = failed("http://127.0.0.1:9", "t", &["start", &source]).await;
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("source"), "{said}");
    }
}

#[tokio::test]
async fn a_build_finds_its_helper_programs_under_their_own_names() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("codebuild-hash-files");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_buildyard"), &program).unwrap();
    std::fs::write(folder.path().join("lock"), "content").unwrap();
    let output = tokio::process::Command::new(&program).arg("lock").current_dir(folder.path()).output().await.unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(!output.stdout.is_empty());
}
