use super::*;

const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:team/db-AbC123";

fn reference(id: &str, key: Option<&str>, stage: Option<&str>, version: Option<&str>) -> SecretReference {
    SecretReference {
        secret_id: id.to_owned(),
        json_key: key.map(str::to_owned),
        version_stage: stage.map(str::to_owned),
        version_id: version.map(str::to_owned),
    }
}

#[test]
fn a_name_may_be_followed_by_key_stage_and_version() {
    let table = [
        ("db", reference("db", None, None, None)),
        ("db:", reference("db", None, None, None)),
        ("team/db:password", reference("team/db", Some("password"), None, None)),
        ("db:password:AWSPREVIOUS", reference("db", Some("password"), Some("AWSPREVIOUS"), None)),
        ("db:password::v-1", reference("db", Some("password"), None, Some("v-1"))),
        ("db:::v-1", reference("db", None, None, Some("v-1"))),
        ("db::AWSPENDING:", reference("db", None, Some("AWSPENDING"), None)),
        ("db:::", reference("db", None, None, None)),
    ];
    for (text, expected) in table {
        assert_eq!(SecretReference::parse(text), Ok(expected), "{text}");
    }
}

#[test]
fn an_arn_is_split_after_its_seventh_field() {
    assert_eq!(SecretReference::parse(ARN), Ok(reference(ARN, None, None, None)));
    let text = format!("{ARN}:password:AWSPREVIOUS");
    assert_eq!(SecretReference::parse(&text), Ok(reference(ARN, Some("password"), Some("AWSPREVIOUS"), None)));
    let china = ARN.replace("arn:aws:", "arn:aws-cn:");
    assert_eq!(format!("{china}:k::id").parse(), Ok(reference(&china, Some("k"), None, Some("id"))));
}

#[test]
fn the_current_stage_is_meant_when_none_is_given() {
    let stage = |text: &str| SecretReference::parse(text).unwrap().stage().map(str::to_owned);
    assert_eq!(stage("db:key"), Some("AWSCURRENT".to_owned()));
    assert_eq!(stage("db:key:AWSPENDING"), Some("AWSPENDING".to_owned()));
    assert_eq!(stage("db:key::v-1"), None);
}

#[test]
fn what_is_no_reference_is_refused() {
    use SecretReferenceError::{NoSecret, NotASecretArn, StageAndId, TooManyParts};
    assert_eq!(SecretReference::parse(""), Err(NoSecret));
    assert_eq!(SecretReference::parse("  "), Err(NoSecret));
    assert_eq!(SecretReference::parse(":key"), Err(NoSecret));
    assert_eq!(SecretReference::parse("db:k:s:v"), Err(StageAndId("db".to_owned())));
    assert_eq!(SecretReference::parse("db:k::v:more"), Err(TooManyParts("db".to_owned())));
    assert_eq!(SecretReference::parse(&format!("{ARN}:k::v:x")), Err(TooManyParts(ARN.to_owned())));
    for arn in ["arn:aws:s3:::bucket/key", "arn:aws:secretsmanager:r:a:secret", "arn:aws:secretsmanager:r:a:secret::k"]
    {
        assert!(matches!(SecretReference::parse(arn), Err(NotASecretArn(_))), "{arn}");
    }
}
