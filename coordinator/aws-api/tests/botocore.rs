//! Our shapes against the models that the AWS CLI and boto3 are made of.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use buildyard_aws_api::shapes::{CODEBUILD, LOGS, SECRETS_MANAGER, SSM};
use buildyard_aws_protocol::Shapes;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// The lines of botocore's model of a service.
fn model(python: &str, service: &str, operations: &[&str]) -> BTreeSet<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/botocore_shapes.py");
    let output = Command::new(python).arg(script).arg(service).args(operations).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
#[ignore = "needs botocore: BUILDYARD_TEST_PYTHON=path/to/python"]
fn our_shapes_are_those_of_botocores_models() {
    let python = std::env::var("BUILDYARD_TEST_PYTHON").expect("BUILDYARD_TEST_PYTHON names a python with botocore");
    let services: [(&str, &Shapes, bool); 4] = [
        ("codebuild", &CODEBUILD, true),
        ("logs", &LOGS, false),
        ("ssm", &SSM, false),
        ("secretsmanager", &SECRETS_MANAGER, false),
    ];
    let mut differences = Vec::new();
    for (service, shapes, whole) in services {
        let operations: Vec<&str> = if whole { Vec::new() } else { shapes.operations().collect() };
        let theirs = model(&python, service, &operations);
        let ours: BTreeSet<String> = shapes.lines().into_iter().collect();
        assert!(theirs.len() > 30, "{service} has a model");
        differences.extend(ours.difference(&theirs).map(|line| format!("{service}: only ours: {line}")));
        differences.extend(theirs.difference(&ours).map(|line| format!("{service}: only theirs: {line}")));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
