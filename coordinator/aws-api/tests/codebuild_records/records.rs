use crate::rig::{ARN, Rig};
use serde_json::{Value, json};

fn group(name: &str) -> Value {
    json!({"name": name, "type": "TEST", "exportConfig": {"exportConfigType": "NO_EXPORT"}})
}

#[tokio::test]
async fn tokens_are_never_given_back() {
    let rig = Rig::new();
    let arn = format!("{ARN}:token/github");
    let import = json!({"serverType": "GITHUB", "authType": "PERSONAL_ACCESS_TOKEN", "token": "t-o-k-e-n"});
    assert_eq!(rig.call("ImportSourceCredentials", import.clone()).await, json!({"arn": arn}));
    assert_eq!(rig.call("ImportSourceCredentials", import.clone()).await, json!({"arn": arn}));
    let mut careful = import;
    careful["shouldOverwrite"] = json!(false);
    let (code, message) = rig.refused("ImportSourceCredentials", careful).await;
    assert_eq!(code, "ResourceAlreadyExistsException");
    assert_eq!(message, format!("Source credentials already exist: {arn}"));
    let listed = rig.call("ListSourceCredentials", json!({})).await;
    let info = json!({"arn": arn, "serverType": "GITHUB", "authType": "PERSONAL_ACCESS_TOKEN"});
    assert_eq!(listed, json!({"sourceCredentialsInfos": [info]}));
    assert_eq!(rig.call("DeleteSourceCredentials", json!({"arn": arn})).await, json!({"arn": arn}));
    let gone = rig.refused("DeleteSourceCredentials", json!({"arn": arn})).await;
    assert_eq!(gone.0, "ResourceNotFoundException");
    assert_eq!(rig.call("ListSourceCredentials", json!({})).await, json!({"sourceCredentialsInfos": []}));
}

#[tokio::test]
async fn a_secret_that_holds_a_token_is_shown_by_its_arn() {
    let rig = Rig::new();
    let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:git-AbCdEf";
    let import = json!({"serverType": "BITBUCKET", "authType": "SECRETS_MANAGER", "token": secret});
    rig.call("ImportSourceCredentials", import).await;
    let listed = rig.call("ListSourceCredentials", json!({})).await;
    assert_eq!(listed["sourceCredentialsInfos"][0]["resource"], secret);
}

#[tokio::test]
async fn policies_belong_to_projects_and_report_groups_that_are_there() {
    let rig = Rig::new();
    rig.create("demo").await;
    rig.call("CreateReportGroup", group("tests")).await;
    let policy = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]}"#;
    for arn in [format!("{ARN}:project/demo"), format!("{ARN}:report-group/tests")] {
        let put = json!({"resourceArn": arn, "policy": policy});
        assert_eq!(rig.call("PutResourcePolicy", put).await, json!({"resourceArn": arn}));
        assert_eq!(rig.call("GetResourcePolicy", json!({"resourceArn": arn})).await, json!({"policy": policy}));
        assert_eq!(rig.call("DeleteResourcePolicy", json!({"resourceArn": arn})).await, json!({}));
        assert_eq!(rig.call("DeleteResourcePolicy", json!({"resourceArn": arn})).await, json!({}));
        assert_eq!(rig.refused("GetResourcePolicy", json!({"resourceArn": arn})).await.0, "ResourceNotFoundException");
    }
    for (arn, policy, code) in [
        (format!("{ARN}:project/none"), policy, "ResourceNotFoundException"),
        ("demo".to_owned(), policy, "InvalidInputException"),
        (format!("{ARN}:build/demo:1"), policy, "InvalidInputException"),
        (format!("{ARN}:project/demo"), "no JSON", "InvalidInputException"),
        (format!("{ARN}:project/demo"), "{}", "InvalidInputException"),
    ] {
        let refused = rig.refused("PutResourcePolicy", json!({"resourceArn": arn, "policy": policy})).await;
        assert_eq!(refused.0, code, "{arn} {policy}");
    }
    let refused = rig.refused("DeleteResourcePolicy", json!({"resourceArn": "demo"})).await;
    assert_eq!(refused.0, "InvalidInputException");
}

#[tokio::test]
async fn report_groups_are_kept_changed_and_removed() {
    let rig = Rig::new();
    let arn = format!("{ARN}:report-group/tests");
    let made = rig.call("CreateReportGroup", group("tests")).await["reportGroup"].take();
    let expected = json!({
        "arn": arn,
        "name": "tests",
        "type": "TEST",
        "exportConfig": {"exportConfigType": "NO_EXPORT"},
        "created": made["created"],
        "lastModified": made["created"],
        "tags": [],
        "status": "ACTIVE",
    });
    assert_eq!(made, expected);
    let again = rig.refused("CreateReportGroup", group("tests")).await;
    assert_eq!(again, ("ResourceAlreadyExistsException".into(), format!("Report group already exists: {arn}")));

    let config = json!({"exportConfigType": "S3", "s3Destination": {"bucket": "reports", "path": "p"}});
    let update = json!({"arn": arn, "exportConfig": config});
    let changed = rig.call("UpdateReportGroup", update).await["reportGroup"].take();
    let destination = json!({"bucket": "reports", "path": "p", "packaging": "NONE", "encryptionDisabled": false});
    assert_eq!(changed["exportConfig"], json!({"exportConfigType": "S3", "s3Destination": destination}));
    let tags = json!([{"key": "a", "value": "b"}]);
    let changed = rig.call("UpdateReportGroup", json!({"arn": arn, "tags": tags})).await["reportGroup"].take();
    assert_eq!((&changed["tags"], &changed["exportConfig"]["exportConfigType"]), (&tags, &json!("S3")));

    let other = format!("{ARN}:report-group/none");
    let found = rig.call("BatchGetReportGroups", json!({"reportGroupArns": [arn, other]})).await;
    assert_eq!(found, json!({"reportGroups": [changed], "reportGroupsNotFound": [other]}));
    assert_eq!(rig.call("DeleteReportGroup", json!({"arn": arn, "deleteReports": true})).await, json!({}));
    assert_eq!(rig.call("ListReportGroups", json!({})).await, json!({"reportGroups": []}));
    assert_eq!(rig.refused("UpdateReportGroup", json!({"arn": arn})).await.0, "ResourceNotFoundException");
}

#[tokio::test]
async fn bad_report_groups_are_refused() {
    let rig = Rig::new();
    for bad in [
        json!({"name": "a/b", "type": "TEST", "exportConfig": {"exportConfigType": "NO_EXPORT"}}),
        json!({"name": "ab", "type": "TEST", "exportConfig": {}}),
        json!({"name": "ab", "type": "TEST", "exportConfig": {"exportConfigType": "S3"}}),
        json!({"name": "ab", "type": "TEST", "exportConfig": {"exportConfigType": "S3", "s3Destination": {"bucket": "-"}}}),
        json!({
            "name": "ab", "type": "TEST", "exportConfig": {"exportConfigType": "NO_EXPORT"},
            "tags": [{"key": "aws:x", "value": ""}],
        }),
    ] {
        assert_eq!(rig.refused("CreateReportGroup", bad.clone()).await.0, "InvalidInputException", "{bad}");
    }
    let refused = rig.refused("DeleteReportGroup", json!({"arn": "tests"})).await;
    assert_eq!(refused.0, "InvalidInputException");
}

#[tokio::test]
async fn there_are_no_reports_and_nothing_pretends_so() {
    let rig = Rig::new();
    rig.call("CreateReportGroup", group("tests")).await;
    let report = format!("{ARN}:report/tests:00000000-0000-4000-8000-000000000000");
    let found = rig.call("BatchGetReports", json!({"reportArns": [report]})).await;
    assert_eq!(found, json!({"reports": [], "reportsNotFound": [report]}));
    let of = |group: &str| json!({"reportGroupArn": format!("{ARN}:report-group/{group}")});
    assert_eq!(rig.call("ListReportsForReportGroup", of("tests")).await, json!({"reports": []}));
    assert_eq!(rig.refused("ListReportsForReportGroup", of("none")).await.0, "ResourceNotFoundException");
    assert_eq!(rig.call("ListReports", json!({"filter": {"status": "FAILED"}})).await, json!({"reports": []}));
    assert_eq!(rig.call("DeleteReport", json!({"arn": report})).await, json!({}));
    assert_eq!(rig.refused("DeleteReport", json!({"arn": "report"})).await.0, "InvalidInputException");
    assert_eq!(rig.call("ListSharedProjects", json!({"sortBy": "ARN"})).await, json!({"projects": []}));
    assert_eq!(rig.call("ListSharedReportGroups", json!({})).await, json!({"reportGroups": []}));
}
