//! CodeBuild's API as its own clients see it: boto3 with every answer held against botocore's model, the plain `aws`
//! command, the Rust SDK. Each test has a fleet of its own; the scripts beside this file do the talking.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod rust_sdk;

use harness::{AgentOptions, ExecutorKind, Fleet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("aws_conformance").join(name)
}

fn fleet() -> Fleet {
    Fleet::start(AgentOptions::new(ExecutorKind::Host).slots(4))
}

fn said(out: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

/// Runs a script with boto3 against the fleet; `BUILDYARD_TEST_PYTHON` has boto3.
fn python(fleet: &Fleet, name: &str) -> String {
    python_with(fleet, name, &[])
}

fn python_with(fleet: &Fleet, name: &str, variables: &[(&str, &str)]) -> String {
    let python = std::env::var("BUILDYARD_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut command = Command::new(python);
    command.arg(script(name)).arg(fleet.coordinator.pid().to_string()).envs(fleet.environment());
    command.envs(variables.iter().copied());
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("AWS_EC2_METADATA_DISABLED", "true");
    let out = command.output().expect("python runs");
    assert!(out.status.success(), "{name}: {}\ncoordinator:\n{}", said(&out), fleet.coordinator.text());
    said(&out)
}

#[test]
fn a_build_is_walked_through_with_boto3() {
    assert!(python(&fleet(), "walkthrough.py").contains("walked"));
}

#[test]
fn every_answer_of_every_operation_is_as_its_model_says() {
    python(&fleet(), "operations.py");
}

#[test]
fn every_answer_is_the_same_in_cbor() {
    python_with(&fleet(), "operations.py", &[("PROTOCOL", "smithy-rpc-v2-cbor")]);
}

#[test]
fn every_broken_constraint_is_refused_by_name() {
    python(&fleet(), "constraints.py");
}

#[test]
fn malformed_requests_change_nothing_and_cost_nothing() {
    python(&fleet(), "malformed.py");
}

#[test]
fn a_hundred_followers_read_a_running_log() {
    python(&fleet(), "followers.py");
}

#[test]
fn a_build_is_walked_through_with_the_aws_command() {
    let fleet = fleet();
    let home = tempfile::tempdir().unwrap();
    let aws = std::env::var("BUILDYARD_TEST_AWS").unwrap_or_else(|_| "aws".to_owned());
    let tools = Path::new(&aws).parent().unwrap();
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("sh");
    command.arg(script("walkthrough.sh")).current_dir(home.path()).envs(fleet.environment());
    command.env("HOME", home.path()).env("PATH", path).env("AWS_PAGER", "").env("IMAGE", "host");
    let out = command.output().unwrap();
    let said = said(&out);
    assert!(out.status.success(), "{said}\ncoordinator:\n{}", fleet.coordinator.text());
    assert!(said.contains("SUCCEEDED") && said.contains("built by "), "{said}");
}
