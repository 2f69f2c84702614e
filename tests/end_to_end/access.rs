//! Users, keys and policies as the owner administers them, on a real coordinator.

use harness::Fleet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

fn text(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

fn done(fleet: &Fleet, arguments: &[&str]) -> String {
    let out = fleet.run(arguments);
    assert!(out.status.success(), "{arguments:?}: {}", text(&out));
    text(&out)
}

fn refused(fleet: &Fleet, arguments: &[&str], why: &str) {
    let out = fleet.run(arguments);
    assert_eq!(out.status.code(), Some(2), "{arguments:?}: {}", text(&out));
    assert!(text(&out).contains(why), "{arguments:?}: {}", text(&out));
}

/// Every file below a directory.
fn files(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn the_owner_makes_users_who_keep_their_keys_over_a_restart() {
    let mut fleet = Fleet::start_with("", Vec::new());
    let started = fleet.coordinator.text();
    let root = fleet.environment().into_iter().find(|(name, _)| name == "AWS_SECRET_ACCESS_KEY").unwrap().1;
    assert!(started.contains("[profile buildyard]"), "the first start tells of the root key: {started}");
    assert!(!started.contains(&root), "a log shows no secret");

    assert!(done(&fleet, &["admin", "user", "create", "ana"]).contains("ana"));
    refused(&fleet, &["admin", "user", "create", "ana"], "user ana exists already");
    refused(&fleet, &["admin", "attach", "ana", "Nothing"], "policy Nothing does not exist");
    let policy = fleet.directory().join("policy.json");
    std::fs::write(&policy, r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"x"}}"#).unwrap();
    refused(&fleet, &["admin", "policy", "put", "ci", policy.to_str().unwrap()], "policy document, Statement");
    let sound = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    std::fs::write(&policy, sound).unwrap();
    done(&fleet, &["admin", "policy", "put", "ci", policy.to_str().unwrap()]);
    assert_eq!(done(&fleet, &["admin", "policy", "show", "ci"]).trim(), sound);
    assert!(done(&fleet, &["admin", "attach", "ana", "ci"]).contains("ci"));
    refused(&fleet, &["admin", "policy", "delete", "ci"], "is attached to user ana");

    let made = fleet.document(&["admin", "key", "create", "ana"]);
    let (id, secret) = (made["accessKeyId"].as_str().unwrap(), made["secretAccessKey"].as_str().unwrap());
    let printed = done(&fleet, &["admin", "key", "create", "ana", "--profile", "mine"]);
    assert!(printed.contains("[profile mine]\n") && printed.contains("endpoint_url = http://127.0.0.1:"), "{printed}");
    refused(&fleet, &["admin", "key", "create", "ana"], "has 2 access keys");

    fleet.kill_coordinator();
    fleet.restart_coordinator();
    assert_eq!(fleet.coordinator.text().matches("[profile buildyard]").count(), 1, "the root key is told of once");
    let keys = fleet.documents(&["admin", "key", "list"]);
    assert!(keys.len() == 2 && keys.iter().any(|key| key["accessKeyId"] == id && key["active"] == true), "{keys:?}");
    assert!(done(&fleet, &["admin", "key", "deactivate", id]).contains("inactive"));
    assert!(!done(&fleet, &["admin", "key", "activate", id]).contains("inactive"));
    done(&fleet, &["admin", "key", "delete", id]);
    refused(&fleet, &["admin", "key", "delete", id], "does not exist");

    let data = fleet.directory().join("coordinator");
    let holds = |path: &Path, text: &str| {
        std::fs::read(path).unwrap().windows(text.len()).any(|window| window == text.as_bytes())
    };
    for path in files(&data).into_iter().chain([fleet.coordinator.output.clone()]) {
        assert!(!holds(&path, secret), "{} holds a secret in clear", path.display());
    }
    done(&fleet, &["admin", "detach", "ana", "ci"]);
    done(&fleet, &["admin", "policy", "delete", "ci"]);
    done(&fleet, &["admin", "user", "delete", "ana"]);
    assert!(fleet.documents(&["admin", "user", "list"]).is_empty());
}

#[test]
fn a_profile_is_written_once_and_beside_the_others() {
    let fleet = Fleet::start_with("", Vec::new());
    done(&fleet, &["admin", "user", "create", "ana"]);
    let folder = fleet.directory().join("home/.aws");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config"), "[profile work]\nregion = eu-west-1\n").unwrap();
    let home = fleet.directory().join("home");
    let create = || {
        let mut command = std::process::Command::new(harness::binary());
        command.args(["admin", "key", "create", "ana", "--profile", "ana", "--write-profile"]);
        command.envs(fleet.environment()).env("HOME", &home).env_remove("AWS_CONFIG_FILE");
        command.env_remove("AWS_SHARED_CREDENTIALS_FILE").output().unwrap()
    };
    let out = create();
    assert!(out.status.success(), "{}", text(&out));
    let config = std::fs::read_to_string(folder.join("config")).unwrap();
    assert!(config.starts_with("[profile work]\nregion = eu-west-1\n\n[profile ana]\n"), "{config}");
    let credentials = std::fs::read_to_string(folder.join("credentials")).unwrap();
    let secret = credentials.lines().find_map(|line| line.strip_prefix("aws_secret_access_key = ")).unwrap();
    assert!(!text(&out).contains(secret), "what is written is not printed too");
    for file in ["config", "credentials"] {
        assert_eq!(std::fs::metadata(folder.join(file)).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let again = create();
    assert!(again.status.code() == Some(2) && text(&again).contains("has a section"), "{}", text(&again));
    let keys = fleet.documents(&["admin", "key", "list"]);
    assert_eq!(keys.len(), 1, "no key is made that has no place");
}
