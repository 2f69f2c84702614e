use super::{least_with, made, refusal};
use serde_json::{Value, json};

#[test]
fn codebuilds_own_messages_are_used_where_they_are_known() {
    let arm = "aws/codebuild/amazonlinux2-aarch64-standard:2.0";
    let cases: &[(&str, Value, &str)] = &[
        ("/source/location", Value::Null, "Project source location is required"),
        (
            "/artifacts/location",
            json!("bucket"),
            "Invalid artifacts: artifact type NO_ARTIFACTS should have null location",
        ),
        ("/environment/computeType", json!("BUILD_LAMBDA_1GB"), "Invalid compute type provided: BUILD_LAMBDA_1GB"),
        (
            "/environment/image",
            json!(arm),
            "AWS CodeBuild curated image aws/codebuild/amazonlinux2-aarch64-standard:2.0 is not supported for projects \
             with environment type LINUX_CONTAINER and compute type BUILD_GENERAL1_SMALL",
        ),
        (
            "/serviceRole",
            json!("arn:aws:iam::999999999999:role/other"),
            "Invalid service role: Service role account ID does not match caller's account",
        ),
    ];
    for (place, value, message) in cases {
        assert_eq!(refusal(least_with(&[(place, value.clone())])).as_deref(), Some(*message), "{place}");
    }
}

/// A part of the message for each, so that no case is refused for another reason.
#[test]
fn what_codebuild_refuses_is_refused() {
    let (s3, vpc) = (json!({"type": "S3", "location": "out"}), json!({"vpcId": "v", "subnets": ["s"]}));
    let secondary =
        |id: Value| json!([{"type": "GITHUB", "location": "https://github.com/a/b", "sourceIdentifier": id}]);
    let tag = |key: &str| json!([{"key": key, "value": "v"}]);
    let variable = |name: &str| json!([{"name": name, "value": "v"}]);
    let cases: Vec<(&str, Value, &str)> = vec![
        ("/source", Value::Null, "source is required"),
        ("/source/location", json!("https://evil.example/a/b"), "not where a source of type GITHUB lies"),
        ("/source/location", json!("https://github.com.evil.example/a/b"), "not where a source of type GITHUB lies"),
        ("/source/location", json!("http://github.com/a/b"), "must be an HTTPS clone URL"),
        ("/source/location", json!("git@github.com:a/b"), "must be an HTTPS clone URL"),
        ("/source/location", json!("https://u:p@github.com/a/b"), "user name or password"),
        ("/source", json!({"type": "S3", "location": "bucket"}), "expected <bucket>/<key>"),
        ("/source", json!({"type": "NO_SOURCE"}), "needs its buildspec inline"),
        ("/source", json!({"type": "NO_SOURCE", "buildspec": "ci/buildspec.yml"}), "needs its buildspec inline"),
        ("/source", json!({"type": "CODEPIPELINE"}), "must both be of type CODEPIPELINE"),
        ("/source/buildspec", json!("x\n".repeat(600_000)), "bytes long"),
        ("/source/auth", json!({"type": "SECRETS_MANAGER"}), "needs a resource"),
        ("/source", json!({"type": "S3", "location": "b-b/k.zip", "reportBuildStatus": true}), "reportBuildStatus"),
        ("/secondarySources", secondary(Value::Null), "sourceIdentifier is required"),
        ("/secondarySources", secondary(json!("a-b")), "letters, digits and '_'"),
        ("/secondarySourceVersions", json!([{"sourceIdentifier": "x", "sourceVersion": "v"}]), "no secondary source"),
        ("/artifacts", json!({"type": "S3"}), "need a location"),
        ("/artifacts", json!({"type": "S3", "location": "Bad_Bucket"}), "is not valid"),
        ("/artifacts", json!({"type": "S3", "location": "out", "path": "a/../b"}), "'..'"),
        ("/artifacts/encryptionDisabled", json!(true), "only for artifacts of type S3"),
        ("/artifacts", json!({"type": "CODEPIPELINE"}), "must both be of type CODEPIPELINE"),
        ("/secondaryArtifacts", json!([s3]), "artifactIdentifier is required"),
        ("/secondaryArtifacts", json!([{"type": "CODEPIPELINE", "artifactIdentifier": "a"}]), "cannot be of type"),
        ("/environment/image", json!("a b"), "not an image reference"),
        ("/environment/environmentVariables", variable("a=b"), "'='"),
        ("/environment/environmentVariables", variable("CODEBUILD_X"), "reserved"),
        ("/environment/type", json!("MAC_ARM"), "needs a fleet"),
        ("/environment/computeType", json!("ATTRIBUTE_BASED_COMPUTE"), "needs a fleet"),
        (
            "/environment/registryCredential",
            json!({"credential": "c", "credentialProvider": "SECRETS_MANAGER"}),
            "needs imagePullCredentialsType SERVICE_ROLE",
        ),
        ("/cache", json!({"type": "S3"}), "needs a location"),
        ("/cache", json!({"type": "LOCAL"}), "at least one mode"),
        ("/logsConfig", json!({"s3Logs": {"status": "ENABLED"}}), "s3Logs needs a location"),
        ("/logsConfig", json!({"cloudWatchLogs": {"status": "ENABLED", "groupName": "a b"}}), "groupName"),
        ("/vpcConfig", vpc, "at least one security group"),
        ("/tags", tag("aws:x"), "reserved"),
        ("/tags", tag(" "), "is empty"),
        ("/tags", json!([{"key": "a"}, {"key": "a"}]), "stands twice"),
        ("/serviceRole", json!("arn:aws:s3:::bucket"), "neither a role's ARN nor its name"),
        ("/encryptionKey", json!("no key"), "encryptionKey"),
        ("/concurrentBuildLimit", json!(0), "at least 1"),
        ("/autoRetryLimit", json!(11), "0 to 10"),
        ("/buildBatchConfig", json!({"timeoutInMins": 4}), "5 to 2160"),
        ("/fileSystemLocations", json!([{"type": "EFS", "identifier": "a", "location": "x"}]), "<dns name>"),
    ];
    for (place, value, part) in cases {
        let message =
            refusal(least_with(&[(place, value.clone())])).unwrap_or_else(|| panic!("{place} {value} passed"));
        assert!(message.contains(part), "{place} {value}: {message}");
    }
}

#[test]
fn identifiers_must_be_unique() {
    let source = json!({"type": "GITHUB", "location": "https://github.com/a/b", "sourceIdentifier": "one"});
    let message = refusal(least_with(&[("/secondarySources", json!([source, source]))])).unwrap();
    assert_eq!(message, "sourceIdentifier one stands twice; each must be unique");
}

#[test]
fn lambda_compute_does_without_much() {
    let lambda = |place: &str, value: Value| {
        least_with(&[
            ("/environment/type", json!("LINUX_LAMBDA_CONTAINER")),
            ("/environment/computeType", json!("BUILD_LAMBDA_1GB")),
            (place, value),
        ])
    };
    assert_eq!(refusal(lambda("/description", json!("plain"))), None);
    for (place, value, what) in [
        ("/environment/privilegedMode", json!(true), "privilegedMode"),
        ("/cache", json!({"type": "LOCAL", "modes": ["LOCAL_SOURCE_CACHE"]}), "a cache"),
        ("/badgeEnabled", json!(true), "a badge"),
    ] {
        assert_eq!(refusal(lambda(place, value)), Some(format!("Lambda compute does not support {what}")));
    }
}

#[test]
fn badges_are_for_git() {
    let source = json!({"type": "S3", "location": "bucket/source.zip"});
    let message = refusal(least_with(&[("/source", source), ("/badgeEnabled", json!(true))]));
    assert_eq!(message.as_deref(), Some("Build badges are not supported for source type S3"));
}

#[test]
fn what_codebuild_takes_is_taken() {
    let cases: Vec<(&str, Value)> = vec![
        ("/source", json!({"type": "BITBUCKET", "location": "https://somebody@bitbucket.org/team/demo.git"})),
        ("/source", json!({"type": "GITHUB_ENTERPRISE", "location": "http://git.example:3000/team/demo.git"})),
        (
            "/source",
            json!({"type": "CODECOMMIT", "location": "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/d"}),
        ),
        ("/source", json!({"type": "S3", "location": "arn:aws:s3:::bucket/folder/"})),
        ("/source", json!({"type": "NO_SOURCE", "buildspec": "arn:aws:s3:::bucket/buildspec.yml"})),
        ("/source/location", json!("CODEBUILD_DEFAULT_WEBHOOK_SOURCE_LOCATION")),
        ("/source/auth", json!({"type": "OAUTH"})),
        ("/artifacts", json!({"type": "S3", "location": "out", "name": "/", "overrideArtifactName": true})),
        ("/artifacts", json!({"type": "S3", "location": "arn:aws:s3:::out"})),
        ("/environment/computeType", json!("BUILD_GENERAL1_2XLARGE")),
        ("/environment/image", json!("aws/codebuild/standard:7.0-24.10.29")),
        ("/environment/environmentVariables", json!([{"name": "CODEBUILD_CONFIG_AUTO_DISCOVER", "value": "false"}])),
        ("/environment/fleet", json!({"fleetArn": "arn:aws:codebuild:eu-west-1:123456789012:fleet/f:1"})),
        ("/cache", json!({"type": "S3", "location": "bucket/prefix"})),
        ("/cache", json!({"type": "NO_CACHE"})),
        ("/logsConfig", json!({"s3Logs": {"status": "ENABLED", "location": "arn:aws:s3:::bucket/logs"}})),
        ("/serviceRole", json!("arn:aws:iam::123456789012:role/path/name")),
        ("/encryptionKey", json!("arn:aws:kms:eu-west-1:123456789012:key/1234abcd")),
        ("/concurrentBuildLimit", json!(-1)),
    ];
    for (place, value) in cases {
        if let Err(error) = made(least_with(&[(place, value.clone())])) {
            panic!("{place} {value}: {error}");
        }
    }
}
