//! The texts of the services' shapes: each parses, each operation takes a good input, and each way to break it is told.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use buildyard_aws_api::shapes::{CODEBUILD, LOGS, SECRETS_MANAGER, SSM};
use buildyard_aws_protocol::{Shapes, Violations, cbor, json};

const TEXTS: [&str; 4] = [
    include_str!("../src/codebuild/codebuild.shapes"),
    include_str!("../src/logs/logs.shapes"),
    include_str!("../src/ssm/ssm.shapes"),
    include_str!("../src/secretsmanager/secretsmanager.shapes"),
];

fn all() -> [&'static Shapes; 4] {
    [&CODEBUILD, &LOGS, &SSM, &SECRETS_MANAGER]
}

#[test]
fn every_text_parses() {
    for (text, operations) in TEXTS.iter().zip([59, 4, 10, 12]) {
        assert_eq!(Shapes::parse(text).unwrap().operations().count(), operations);
    }
}

#[test]
fn every_operation_takes_an_input_with_all_members() {
    for (shapes, operation) in all().into_iter().flat_map(|shapes| shapes.operations().map(move |name| (shapes, name)))
    {
        let whole = shapes.example(operation).unwrap();
        assert_eq!(shapes.check_input(operation, &whole), Ok(()), "{operation}: {whole}");
        let bytes = cbor::encode(&whole, shapes.input(operation));
        assert_eq!(cbor::decode(&bytes, shapes.input(operation)).unwrap(), whole, "{operation}");
        assert_eq!(json::decode(&json::encode(&whole)).unwrap(), whole, "{operation}");
    }
}

#[test]
fn every_broken_limit_pattern_enum_and_requirement_is_told_at_its_place() {
    let mut cases = 0;
    for (shapes, operation) in all().into_iter().flat_map(|shapes| shapes.operations().map(move |name| (shapes, name)))
    {
        for broken in shapes.broken(operation) {
            cases += 1;
            let found = shapes.check_input(operation, &broken.input);
            let at = format!("at '{}' ", broken.place);
            let told = match (&found, &broken.constraint) {
                (Err(Violations::Constraints(told)), Some(rule)) => {
                    let end = format!("failed to satisfy constraint: Member must {rule}");
                    told.iter().any(|told| told.contains(&at) && told.ends_with(&end))
                }
                (Err(Violations::Mistyped(told)), None) => told.contains(&at),
                _ => false,
            };
            assert!(told, "{operation} {}: {:?} gave {found:?}", broken.place, broken.constraint);
            // Secrets are as long as their limits, so that a short message shows none.
            assert!(found.unwrap_err().to_string().len() < 20_000);
        }
    }
    assert!(cases > 1500, "{cases}");
}
