use super::{least, least_with, made, onto};
use serde_json::{Value, json};

fn updated(before: &[(&str, Value)], update: Value) -> Value {
    serde_json::to_value(onto(made(least_with(before)).unwrap(), update).unwrap()).unwrap()
}

#[test]
fn an_empty_update_changes_nothing() {
    let before = made(least_with(&[("/description", json!("d")), ("/timeoutInMinutes", json!(10))])).unwrap();
    assert_eq!(onto(before.clone(), json!({"name": "demo"})).unwrap(), before);
}

#[test]
fn a_structure_that_is_given_replaces_the_old_one_as_a_whole() {
    let logs = json!({"cloudWatchLogs": {"status": "ENABLED", "groupName": "g"}});
    let after = updated(
        &[("/logsConfig", logs), ("/environment/privilegedMode", json!(true)), ("/source/gitCloneDepth", json!(1))],
        json!({
            "logsConfig": {"s3Logs": {"status": "DISABLED"}},
            "environment": {"type": "LINUX_CONTAINER", "image": "b", "computeType": "BUILD_GENERAL1_LARGE"},
            "source": {"type": "GITLAB", "location": "https://gitlab.com/team/demo"},
        }),
    );
    assert_eq!(after["logsConfig"], json!({"s3Logs": {"status": "DISABLED"}}));
    assert_eq!(after["environment"]["privilegedMode"], false);
    assert_eq!(after["source"].get("gitCloneDepth"), None);
    assert_eq!(after["serviceRole"], "arn:aws:iam::123456789012:role/service-role/builder");
}

#[test]
fn empty_values_clear() {
    let vpc = json!({"vpcId": "vpc-1", "subnets": ["s"], "securityGroupIds": ["g"]});
    let before = [
        ("/vpcConfig", vpc),
        ("/cache", json!({"type": "S3", "location": "cache-bucket"})),
        ("/encryptionKey", json!("alias/mine")),
        ("/concurrentBuildLimit", json!(3)),
        ("/tags", json!([{"key": "a", "value": "b"}])),
    ];
    for vpc in [json!({}), json!({"vpcId": "", "subnets": [], "securityGroupIds": []})] {
        let after = updated(
            &before,
            json!({"vpcConfig": vpc, "cache": {}, "encryptionKey": "", "concurrentBuildLimit": -1, "tags": []}),
        );
        assert_eq!(after.get("vpcConfig"), None);
        assert_eq!(after["cache"], json!({"type": "NO_CACHE"}));
        assert_eq!(after["encryptionKey"], "arn:aws:kms:eu-west-1:123456789012:alias/aws/s3");
        assert_eq!(after.get("concurrentBuildLimit"), None);
        assert_eq!(after["tags"], json!([]));
    }
}

#[test]
fn members_newer_than_most_sdks_outlive_their_updates() {
    let before = [("/environment/hostKernel", json!("LINUX_KERNEL_6"))];
    let environment = least()["environment"].clone();
    let after = updated(&before, json!({"environment": environment}));
    assert_eq!(after["environment"]["hostKernel"], "LINUX_KERNEL_6");
    let chosen = json!({"type": "LINUX_CONTAINER", "image": "b", "computeType": "BUILD_GENERAL1_SMALL", "hostKernel": "LINUX_KERNEL_4"});
    assert_eq!(updated(&before, json!({"environment": chosen}))["environment"]["hostKernel"], "LINUX_KERNEL_4");
    let other = json!({"type": "LINUX_GPU_CONTAINER", "image": "b", "computeType": "BUILD_GENERAL1_SMALL"});
    assert_eq!(updated(&before, json!({"environment": other}))["environment"].get("hostKernel"), None);
}
