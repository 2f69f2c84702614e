//! Which documents are read, and how the others are refused.

use crate::policy::{Policy, check_resource_policy, managed};

const HEAD: &str = r#"{"Version":"2012-10-17","Statement":"#;

fn reason(document: &str) -> String {
    Policy::parse("p", document).unwrap_err().to_string()
}

fn statement(members: &str) -> String {
    format!(r#"{HEAD}{{"Effect":"Allow","Action":"*","Resource":"*"{members}}}}}"#)
}

#[test]
fn a_document_may_have_one_statement_or_many() {
    let one = r#"{"Sid":"A1","Effect":"Allow","Action":"codebuild:*","Resource":"arn:aws:codebuild:*:*:project/a"}"#;
    assert!(Policy::parse("p", &format!("{HEAD}{one}}}")).is_ok());
    assert!(Policy::parse("p", &format!(r#"{{"Id":"x","Statement":[{one}]}}"#)).is_ok());
    let not = one.replace("\"Action\"", "\"NotAction\"").replace("\"Resource\"", "\"NotResource\"");
    assert!(Policy::parse("p", &format!("{HEAD}[{one},{}]}}", not.replace("A1", "A2"))).is_ok());
    let unnamed = one.replace("A1", "");
    assert!(Policy::parse("p", &format!("{HEAD}[{unnamed},{unnamed}]}}")).is_ok(), "an empty Sid is none");
    assert!(reason(&format!("{HEAD}[{one},{not}]}}")).ends_with("two statements have the Sid 'A1'"));
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (document, expected) in [
        ("", "policy document: not correct JSON: EOF"),
        ("[]", "policy document: must be an object, not a list"),
        ("{} x", "policy document: not correct JSON: trailing"),
        (r#"{"Version":"2012-10-17"}"#, "policy document, Statement: missing"),
        (r#"{"Version":"2013-01-01","Statement":[]}"#, "policy document, Version: must be"),
        (&format!("{HEAD}[]}}"), "policy document, Statement: must not be empty"),
        (&format!("{HEAD}[1]}}"), "policy document, Statement[0]: must be an object, not a number"),
        (r#"{"Statement":{}}"#, "policy document, Statement.Effect: missing"),
        (r#"{"Rules":1,"Statement":{}}"#, "policy document, Rules: unknown element"),
        (&statement(r#","Effect":"Deny""#), "policy document: not correct JSON: 'Effect' is there twice"),
        (&statement(r#","Sid":"a b""#), "policy document, Statement.Sid: must be a string of letters"),
        (&statement(r#","NotAction":"*""#), "policy document, Statement: has both Action and NotAction"),
        (&statement(r#","NotResource":"*""#), "policy document, Statement: has both Resource and NotResource"),
        (&statement(r#","Principal":"*""#), "policy document, Statement.Principal: a user's policy has no principal"),
        (&statement(r#","Actions":"*""#), "policy document, Statement.Actions: unknown element of a statement"),
        (&statement(r#","Condition":[]"#), "policy document, Statement.Condition: must be an object, not a list"),
        (
            &statement(r#","Condition":{"StringIs":{"aws:username":"a"}}"#),
            "policy document, Statement.Condition.StringIs: unknown condition operator",
        ),
        (
            &statement(r#","Condition":{"StringLike":{"aws:username":[]}}"#),
            "policy document, Statement.Condition.StringLike.aws:username: must not be empty",
        ),
        (
            &statement(r#","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","x"]}}"#),
            "policy document, Statement.Condition.IpAddress.aws:SourceIp[1]: must be an address",
        ),
        (
            &statement(r#","Condition":{"Bool":{"username":true}}"#),
            "policy document, Statement.Condition.Bool.username: a condition key has a prefix",
        ),
    ] {
        let got = reason(document);
        assert!(got.starts_with(expected), "{document}\n{got}\n{expected}");
    }
}

#[test]
fn actions_and_resources_have_their_form() {
    let with = |action: &str, resource: &str| {
        Policy::parse("p", &format!(r#"{HEAD}{{"Effect":"Deny","Action":{action},"Resource":{resource}}}}}"#))
    };
    for action in [r#""*""#, r#""codebuild:*""#, r#"["S3:Get?bject","ssm:Put*"]"#] {
        assert!(with(action, r#""*""#).is_ok(), "{action}");
    }
    for action in [
        r#""""#,
        "[]",
        "1",
        "null",
        r#"["a:b",1]"#,
        r#""StartBuild""#,
        r#""*:*""#,
        r#""a:""#,
        r#""a:b c""#,
        r#""a:b:c""#,
    ] {
        assert!(with(action, r#""*""#).is_err(), "{action}");
    }
    for resource in [r#""arn:aws:s3:::bucket/${aws:username}/*""#, r#"["*","arn:*:*:*:*:*"]"#] {
        assert!(with(r#""*""#, resource).is_ok(), "{resource}");
    }
    for resource in
        [r#""""#, "[]", r#""bucket""#, r#""arn:aws:s3""#, r#""arn:aws:s3:::${aws:username""#, r#""arn:aws:s3:::${x}""#]
    {
        assert!(with(r#""*""#, resource).is_err(), "{resource}");
    }
}

#[test]
fn a_document_has_a_size_and_a_depth() {
    let padded = |count: usize| {
        format!(r#"{HEAD}{{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::{}"}}}}"#, "b".repeat(count))
    };
    let frame = padded(0).len();
    assert!(Policy::parse("p", &padded(6_144 - frame)).is_ok());
    assert!(Policy::parse("p", &format!("{}{}", " ".repeat(9_000), padded(0))).is_ok(), "blanks do not count");
    assert_eq!(reason(&padded(6_145 - frame)), "policy document: longer than 6144 characters");
    assert!(reason(&" ".repeat(1_000_000)).contains("longer"));
    let deep = format!("{}{}", "[".repeat(3_000), "]".repeat(3_000));
    assert!(reason(&deep).contains("nested too deeply"));
}

#[test]
fn a_resource_policy_names_its_principals() {
    let with = |principal: &str| {
        check_resource_policy(&format!(
            r#"{HEAD}{{"Effect":"Allow",{principal}"Action":"codebuild:BatchGetProjects","Resource":"arn:aws:codebuild:r:1:project/a"}}}}"#
        ))
    };
    for principal in [
        r#""Principal":"*","#,
        r#""Principal":{"AWS":"111122223333"},"#,
        r#""NotPrincipal":{"AWS":["arn:aws:iam::111122223333:root","*"],"Service":"events.amazonaws.com"},"#,
    ] {
        assert_eq!(with(principal), Ok(()), "{principal}");
    }
    for principal in [
        "",
        r#""Principal":"me","#,
        r#""Principal":{},"#,
        r#""Principal":{"AWS":[]},"#,
        r#""Principal":{"AWS":"12"},"#,
        r#""Principal":{"User":"a"},"#,
        r#""Principal":"*","NotPrincipal":"*","#,
    ] {
        assert!(with(principal).is_err(), "{principal}");
    }
}

#[test]
fn every_managed_policy_can_be_read() {
    assert_eq!(managed::names().count(), 3);
    for name in managed::names() {
        assert_eq!(managed::policy(name).unwrap().unwrap().name(), name);
    }
    assert!(managed::document("arn:aws:iam::aws:policy/ReadOnlyAccess").is_some());
    assert!(managed::document("Nothing").is_none() && managed::policy("").is_none());
}
