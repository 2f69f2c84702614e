//! Repositories by ssh, with a stand-in that runs what a server would.

use super::yard::{Ask, Yard};
use crate::{Error, Ssh};
use std::os::unix::fs::PermissionsExt;

#[tokio::test]
async fn ssh_repositories_use_the_agents_key_and_known_hosts_and_no_user_settings() {
    let home = tempfile::tempdir().unwrap();
    let (script, arguments) = (home.path().join("ssh"), home.path().join("arguments"));
    let text = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$@\" > {}\nfor last; do :; done\nexec sh -c \"$last\"\n",
        arguments.display()
    );
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
    let yard = Yard::with(|options| {
        let path = format!("{}:{}", home.path().display(), options.environment[0].1);
        options.environment = vec![("PATH".to_owned(), path)];
        options.ssh =
            Some(Ssh { known_hosts: "/etc/buildyard/hosts".into(), identity: Some("/etc/buildyard/key".into()) });
    });
    let upstream = yard.upstream("r");
    let location = format!("ssh://git@localhost:2222{}", upstream.location());
    let (into, fetched) = yard.fetch(&location, Ask::default()).await.unwrap();
    assert_eq!(fetched.resolved_version, Some(upstream.git(&["rev-parse", "HEAD"])));
    assert!(into.join("README").exists());
    let arguments = std::fs::read_to_string(arguments).unwrap();
    let arguments: Vec<&str> = arguments.lines().collect();
    assert_eq!(arguments[..2], ["-F", "/dev/null"]);
    for expected in [
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        "UserKnownHostsFile=\"/etc/buildyard/hosts\"",
        "IdentityFile=\"/etc/buildyard/key\"",
        "HostKeyAlias=[localhost]:2222",
    ] {
        assert!(arguments.contains(&expected), "{expected} is not in {arguments:?}");
    }
    assert!(
        arguments.iter().any(|argument| matches!(*argument, "HostName=127.0.0.1" | "HostName=::1")),
        "{arguments:?}"
    );
}

#[tokio::test]
async fn ssh_is_not_used_without_settings() {
    let yard = Yard::new();
    let answer = yard.fetch("git@localhost:o/r.git", Ask::default()).await;
    assert!(matches!(answer, Err(Error::NotAllowed(_))));
}
