//! StartBuild's overrides, and what it refuses.

use super::rig::{Rig, plain, with};
use buildyard_model::SourceKind;
use serde_json::{Value, json};

#[tokio::test]
async fn every_override_reaches_the_build_and_none_the_project() {
    let rig = Rig::start().await;
    let variable = |name: &str, value: &str, kind: &str| json!({ "name": name, "value": value, "type": kind });
    let mut stored = plain("app");
    stored["environment"]["environmentVariables"] =
        json!([variable("A", "1", "PLAINTEXT"), variable("B", "2", "PLAINTEXT")]);
    stored["vpcConfig"] = json!({ "vpcId": "v" });
    rig.project(stored.clone()).await;
    let repository = json!({ "type": "GITHUB", "location": "https://github.com/o/lib.git", "sourceIdentifier": "lib" });
    let version = json!({ "sourceIdentifier": "lib", "sourceVersion": "v1" });
    let machines = json!({ "name": "arm", "baseCapacity": 1, "environmentType": "ARM_CONTAINER", "computeType": "BUILD_GENERAL1_LARGE" });
    let fleet = rig.call("CreateFleet", machines).await["fleet"]["arn"].take();
    let start = json!({
        "projectName": "app",
        "sourceTypeOverride": "GITHUB_ENTERPRISE",
        "sourceLocationOverride": "https://me@git.example/o/app.git",
        "sourceAuthOverride": { "type": "SECRETS_MANAGER", "resource": "arn:s" },
        "sourceVersion": "main",
        "gitCloneDepthOverride": 1,
        "gitSubmodulesConfigOverride": { "fetchSubmodules": true },
        "buildspecOverride": "ci/buildspec.yml",
        "insecureSslOverride": true,
        "reportBuildStatusOverride": true,
        "buildStatusConfigOverride": { "context": "ci" },
        "secondarySourcesOverride": [repository],
        "secondarySourcesVersionOverride": [version],
        "artifactsOverride": { "type": "S3", "location": "out" },
        "secondaryArtifactsOverride": [{ "type": "S3", "location": "out", "artifactIdentifier": "docs", "name": "d" }],
        "environmentVariablesOverride": [variable("B", "/p", "PARAMETER_STORE"), variable("C", "s:k", "SECRETS_MANAGER")],
        "environmentTypeOverride": "ARM_CONTAINER",
        "imageOverride": "aws/codebuild/standard:7.0",
        "computeTypeOverride": "BUILD_GENERAL1_LARGE",
        "certificateOverride": "bucket/ca.pem",
        "privilegedModeOverride": true,
        "registryCredentialOverride": { "credential": "c", "credentialProvider": "SECRETS_MANAGER" },
        "hostKernelOverride": "LINUX_KERNEL_6",
        "imagePullCredentialsTypeOverride": "SERVICE_ROLE",
        "fleetOverride": { "fleetArn": fleet },
        "cacheOverride": { "type": "S3", "location": "cache/x" },
        "serviceRoleOverride": "role",
        "timeoutInMinutesOverride": 5,
        "queuedTimeoutInMinutesOverride": 6,
        "encryptionKeyOverride": "alias/k",
        "logsConfigOverride": {
            "cloudWatchLogs": { "status": "DISABLED" }, "s3Logs": { "status": "ENABLED", "location": "logs/x" },
        },
        "debugSessionEnabled": true,
        "autoRetryLimitOverride": 3,
    });
    let build = rig.build(start).await;
    let source = json!({
        "type": "GITHUB_ENTERPRISE", "location": "https://me@git.example/o/app.git", "gitCloneDepth": 1,
        "gitSubmodulesConfig": { "fetchSubmodules": true }, "buildspec": "ci/buildspec.yml",
        "auth": { "type": "SECRETS_MANAGER", "resource": "arn:s" }, "reportBuildStatus": true,
        "buildStatusConfig": { "context": "ci" }, "insecureSsl": true,
    });
    assert_eq!(build["source"], source);
    assert_eq!(build["sourceVersion"], "main");
    let defaults = json!({ "insecureSsl": false, "reportBuildStatus": false });
    assert_eq!(build["secondarySources"], json!([with(repository, defaults)]));
    assert_eq!(build["secondarySourceVersions"], json!([version]));
    let environment = json!({
        "type": "ARM_CONTAINER", "image": "aws/codebuild/standard:7.0", "computeType": "BUILD_GENERAL1_LARGE",
        "certificate": "bucket/ca.pem", "privilegedMode": true, "hostKernel": "LINUX_KERNEL_6", "imagePullCredentialsType": "SERVICE_ROLE",
        "registryCredential": { "credential": "c", "credentialProvider": "SECRETS_MANAGER" },
        "fleet": { "fleetArn": fleet },
        "environmentVariables": [
            variable("A", "1", "PLAINTEXT"), variable("B", "/p", "PARAMETER_STORE"),
            variable("C", "s:k", "SECRETS_MANAGER"),
        ],
    });
    assert_eq!(build["environment"], environment);
    assert_eq!(build["artifacts"]["location"], "arn:aws:s3:::out/app");
    assert_eq!(build["secondaryArtifacts"][0]["location"], "arn:aws:s3:::out/d");
    assert_eq!(build["secondaryArtifacts"][0]["artifactIdentifier"], "docs");
    assert_eq!(build["cache"], json!({ "type": "S3", "location": "cache/x" }));
    assert_eq!((&build["serviceRole"], &build["encryptionKey"]), (&json!("role"), &json!("alias/k")));
    assert_eq!((&build["timeoutInMinutes"], &build["queuedTimeoutInMinutes"]), (&json!(5), &json!(6)));
    let logs = json!({
        "cloudWatchLogs": { "status": "DISABLED" },
        "s3Logs": { "status": "ENABLED", "location": "logs/x", "encryptionDisabled": false },
    });
    assert_eq!(build["logs"], logs);
    assert_eq!(build["debugSession"]["sessionEnabled"], true);
    assert_eq!(build["autoRetryConfig"]["autoRetryLimit"], 3);
    assert!(build.get("vpcConfig").is_none(), "a fleet brings its own");

    let id = build["id"].as_str().unwrap().parse().unwrap();
    let job = rig.context.service.build_detail(&id).await.unwrap().job;
    let location = "https://git.example/o/app.git".to_owned();
    assert_eq!(job.source.kind, SourceKind::Git { location, depth: 1, submodules: true, credentials: None });
    assert_eq!((job.timeout_seconds, job.queued_timeout_seconds), (300, 360));
    let later = rig.build(json!({ "projectName": "app" })).await;
    assert_eq!(later["environment"]["environmentVariables"], stored["environment"]["environmentVariables"]);
    assert_eq!(later["vpcConfig"], stored["vpcConfig"]);
}

#[tokio::test]
async fn what_cannot_be_built_here_is_refused_with_a_word_about_what_can() {
    let rig = Rig::start().await;
    rig.project(plain("app")).await;
    let git = |more: Value| with(json!({ "sourceTypeOverride": "GITHUB" }), more);
    let cases = [
        (json!({ "environmentTypeOverride": "WINDOWS_SERVER_2022_CONTAINER" }), "LINUX_CONTAINER or ARM_CONTAINER"),
        (json!({ "environmentTypeOverride": "LINUX_GPU_CONTAINER" }), "LINUX_GPU_CONTAINER does not run here"),
        (json!({ "environmentTypeOverride": "ARM_LAMBDA_CONTAINER" }), "does not run here"),
        (json!({ "environmentTypeOverride": "MAC_ARM" }), "does not run here"),
        (json!({ "environmentTypeOverride": "LINUX_EC2" }), "does not run here"),
        (json!({ "computeTypeOverride": "BUILD_LAMBDA_1GB" }), "Invalid compute type provided: BUILD_LAMBDA_1GB"),
        (
            json!({ "logsConfigOverride": { "s3Logs": { "status": "ENABLED", "location": "../x" } } }),
            "Invalid logs config",
        ),
        (json!({ "imageOverride": "-x" }), "not an image reference"),
        (
            json!({ "registryCredentialOverride": { "credential": "c", "credentialProvider": "SECRETS_MANAGER" } }),
            "SERVICE_ROLE",
        ),
        (json!({ "sourceTypeOverride": "CODEPIPELINE" }), "pipeline"),
        (json!({ "artifactsOverride": { "type": "CODEPIPELINE" } }), "pipeline"),
        (json!({ "artifactsOverride": { "type": "S3" } }), "need a location"),
        (json!({ "artifactsOverride": { "type": "S3", "location": "No_Bucket" } }), "not a bucket name"),
        (json!({ "artifactsOverride": { "type": "NO_ARTIFACTS", "encryptionDisabled": true } }), "encryptionDisabled"),
        (json!({ "secondaryArtifactsOverride": [{ "type": "NO_ARTIFACTS" }] }), "identifier"),
        (json!({ "buildspecOverride": "" }), "needs its buildspec inline"),
        (json!({ "reportBuildStatusOverride": true }), "reportBuildStatus"),
        (json!({ "autoRetryLimitOverride": -1 }), "auto-retry limit"),
        (git(json!({})), "Project source location is required"),
        (git(json!({ "sourceLocationOverride": "CODEBUILD_DEFAULT_WEBHOOK_SOURCE_LOCATION" })), "webhook"),
        (git(json!({ "sourceLocationOverride": "/etc" })), "clone URL"),
        (git(json!({ "sourceLocationOverride": "git@github.com:o/r.git" })), "clone URL"),
        (git(json!({ "sourceLocationOverride": "ext::sh -c id" })), "git location"),
        (git(json!({ "sourceLocationOverride": "https://u:p@github.com/o/r.git" })), "user name or password"),
        (git(json!({ "sourceLocationOverride": "https://github.com/o/r.git", "sourceVersion": "--x" })), "not valid"),
        (json!({ "sourceTypeOverride": "S3", "sourceLocationOverride": "bucket" }), "S3 location"),
        (
            json!({ "secondarySourcesVersionOverride": [{ "sourceIdentifier": "x", "sourceVersion": "1" }] }),
            "no secondary source",
        ),
        (json!({ "environmentVariablesOverride": [{ "name": "CODEBUILD_X", "value": "1" }] }), "reserved"),
        (json!({ "buildspecOverride": format!("version: 0.2\n{}", " ".repeat(1 << 20)) }), "the buildspec is"),
    ];
    for (overrides, why) in cases {
        let start = with(json!({ "projectName": "app" }), overrides);
        let shown: String = start.to_string().chars().take(200).collect();
        let (code, message) = rig.refused("StartBuild", start).await;
        assert_eq!(code, "InvalidInputException", "{shown}");
        assert!(message.contains(why), "{shown}: {message}");
        assert!(!message.contains("u:p"), "a password is not repeated");
    }
    assert_eq!(rig.call("ListBuilds", json!({})).await["ids"], json!([]), "and nothing was started");
}
