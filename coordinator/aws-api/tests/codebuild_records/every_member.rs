use crate::rig::{ARN, Rig};
use serde_json::{Value, json};

/// Every member of CreateProject and of its structures (reference 17.1, 17.2), none at its default.
async fn everything(rig: &Rig) -> Value {
    let machines = json!({"name": "ff", "baseCapacity": 1, "environmentType": "LINUX_CONTAINER", "computeType": "BUILD_GENERAL1_SMALL"});
    let fleet = rig.call("CreateFleet", machines).await["fleet"]["arn"].take();
    let source = |identifier: &str| {
        json!({
            "type": "GITHUB",
            "location": "https://github.com/team/demo.git",
            "gitCloneDepth": 1,
            "gitSubmodulesConfig": {"fetchSubmodules": true},
            "buildspec": "ci/buildspec.yml",
            "auth": {"type": "SECRETS_MANAGER", "resource": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:git"},
            "reportBuildStatus": true,
            "buildStatusConfig": {"context": "ci", "targetUrl": "https://ci.example"},
            "insecureSsl": true,
            "sourceIdentifier": identifier,
        })
    };
    let artifacts = |identifier: &str| {
        json!({
            "type": "S3",
            "location": "artifacts",
            "path": "a/b",
            "namespaceType": "BUILD_ID",
            "name": "out.zip",
            "packaging": "ZIP",
            "overrideArtifactName": true,
            "encryptionDisabled": true,
            "artifactIdentifier": identifier,
            "bucketOwnerAccess": "FULL",
        })
    };
    json!({
        "name": "everything",
        "description": "all of it",
        "source": source("main"),
        "secondarySources": [source("one"), source("two")],
        "sourceVersion": "release",
        "secondarySourceVersions": [{"sourceIdentifier": "one", "sourceVersion": "v1"}],
        "artifacts": artifacts("primary"),
        "secondaryArtifacts": [artifacts("one"), artifacts("two")],
        "cache": {
            "type": "S3",
            "location": "cache-bucket/prefix",
            "modes": ["LOCAL_SOURCE_CACHE", "LOCAL_CUSTOM_CACHE"],
            "cacheNamespace": "shared",
        },
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "registry.example/team/demo:1",
            "computeType": "CUSTOM_INSTANCE_TYPE",
            "computeConfiguration":
                {"vCpu": 4, "memory": 8, "disk": 64, "machineType": "NVME", "instanceType": "c5.large"},
            "fleet": {"fleetArn": fleet},
            "environmentVariables": [
                {"name": "PLAIN", "value": "a", "type": "PLAINTEXT"},
                {"name": "PARAMETER", "value": "/b", "type": "PARAMETER_STORE"},
                {"name": "SECRET", "value": "c:d", "type": "SECRETS_MANAGER"},
            ],
            "privilegedMode": true,
            "certificate": "bucket/certificates/ca.pem",
            "registryCredential": {"credential": "registry", "credentialProvider": "SECRETS_MANAGER"},
            "imagePullCredentialsType": "SERVICE_ROLE",
            "dockerServer": {"computeType": "BUILD_GENERAL1_LARGE", "securityGroupIds": ["sg-1"]},
            "hostKernel": "LINUX_KERNEL_6",
        },
        "serviceRole": "arn:aws:iam::123456789012:role/builder",
        "timeoutInMinutes": 5,
        "queuedTimeoutInMinutes": 6,
        "encryptionKey": "arn:aws:kms:eu-west-1:123456789012:key/1",
        "tags": [{"key": "team", "value": "a"}, {"key": "empty", "value": ""}],
        "vpcConfig": {"vpcId": "vpc-1", "subnets": ["subnet-1"], "securityGroupIds": ["sg-1", "sg-2"]},
        "badgeEnabled": true,
        "logsConfig": {
            "cloudWatchLogs": {"status": "ENABLED", "groupName": "group", "streamName": "stream"},
            "s3Logs":
                {"status": "ENABLED", "location": "bucket/logs", "encryptionDisabled": true, "bucketOwnerAccess": "FULL"},
        },
        "fileSystemLocations": [{
            "type": "EFS",
            "location": "fs-1.efs.eu-west-1.amazonaws.com:/dir",
            "mountPoint": "/mnt/efs",
            "identifier": "efs",
            "mountOptions": "nfsvers=4.1",
        }],
        "buildBatchConfig": {
            "serviceRole": "arn:aws:iam::123456789012:role/batch",
            "combineArtifacts": true,
            "restrictions": {
                "maximumBuildsAllowed": 3,
                "computeTypesAllowed": ["BUILD_GENERAL1_SMALL"],
                "fleetsAllowed": ["f"],
            },
            "timeoutInMins": 7,
            "batchReportMode": "REPORT_INDIVIDUAL_BUILDS",
        },
        "concurrentBuildLimit": 2,
        "autoRetryLimit": 1,
    })
}

/// What is in an answer beyond what was given.
fn split(mut project: Value, given: &Value) -> (Value, Value) {
    let mut beyond = json!({});
    let names: Vec<String> = project.as_object().unwrap().keys().cloned().collect();
    for name in names.into_iter().filter(|name| given.get(name).is_none()) {
        beyond[&name] = project.as_object_mut().unwrap().remove(&name).unwrap();
    }
    (project, beyond)
}

#[tokio::test]
async fn every_member_of_a_project_is_given_back_as_it_came() {
    let rig = Rig::new();
    let everything = everything(&rig).await;
    let answered = rig.call("CreateProject", everything.clone()).await["project"].take();
    assert_eq!(rig.project("everything").await, answered);
    let mut given = everything;
    given.as_object_mut().unwrap().remove("badgeEnabled");
    let (same, mut beyond) = split(answered, &given);
    assert_eq!(same, given);
    let badge = beyond["badge"].take();
    assert_eq!(badge["badgeEnabled"], true);
    let url = badge["badgeRequestUrl"].as_str().unwrap();
    assert!(url.starts_with("https://builds.example/badges?uuid=") && url.ends_with("&branch=release"), "{url}");
    assert_eq!(beyond["created"], beyond["lastModified"]);
    let created = beyond["created"].as_f64().unwrap();
    assert!((1_600_000_000.0..1_600_000_001.0).contains(&created), "{created}");
    let rest = json!({
        "arn": format!("{ARN}:project/everything"),
        "badge": null,
        "created": beyond["created"],
        "lastModified": beyond["created"],
        "projectVisibility": "PRIVATE",
    });
    assert_eq!(beyond, rest);
}

#[tokio::test]
async fn every_member_can_be_updated_alone() {
    let rig = Rig::new();
    rig.create("everything").await;
    let everything = everything(&rig).await;
    // First those that others must fit to.
    let mut members = vec!["source", "secondarySources", "artifacts", "environment"];
    members.extend(everything.as_object().unwrap().keys().map(String::as_str).filter(|name| *name != "name"));
    for member in members {
        let before = rig.project("everything").await;
        let update = json!({"name": "everything", member: everything[member]});
        let mut after = rig.call("UpdateProject", update).await["project"].take();
        if member == "badgeEnabled" {
            assert_eq!(after["badge"]["badgeEnabled"], true);
            continue;
        }
        assert_eq!(after[member], everything[member], "{member}");
        assert!(after["lastModified"].as_f64() > before["lastModified"].as_f64());
        // The branch in the badge's address follows the source version, and nothing else follows anything.
        for own in [member, "lastModified", "badge"] {
            after[own] = before[own].clone();
        }
        assert_eq!(after, {
            let mut before = before;
            if before.get(member).is_none() {
                before[member] = Value::Null;
            }
            before
        });
    }
}
