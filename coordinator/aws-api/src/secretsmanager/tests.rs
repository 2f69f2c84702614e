//! Secrets as their clients see them, over both stores.

use super::api;
use crate::safe_rig::Rig;
use buildyard_aws_protocol::{ApiError, Caller, Permissions};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

mod builds;

const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret";
const DAY: Duration = Duration::from_secs(86_400);

fn token(at: u32) -> String {
    format!("{at:032}")
}

async fn create(rig: &Rig, name: &str, text: &str) -> Value {
    rig.ok("CreateSecret", json!({ "Name": name, "SecretString": text, "ClientRequestToken": token(1) })).await
}

async fn put(rig: &Rig, name: &str, at: u32, text: &str) -> Value {
    rig.ok("PutSecretValue", json!({ "SecretId": name, "SecretString": text, "ClientRequestToken": token(at) })).await
}

async fn get(rig: &Rig, input: Value) -> String {
    rig.ok("GetSecretValue", input).await["SecretString"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_secret_is_found_by_name_and_by_arn() {
    for rig in Rig::both(api).await {
        let made = create(&rig, "prod/db", "v").await;
        let arn = made["ARN"].as_str().unwrap();
        let suffix = arn.strip_prefix(&format!("{ARN}:prod/db-")).unwrap();
        assert!(suffix.len() == 6 && suffix.chars().all(|c| c.is_ascii_alphanumeric()), "{arn}");
        assert_eq!((&made["Name"], &made["VersionId"]), (&json!("prod/db"), &json!(token(1))));
        for id in ["prod/db", arn, &format!("{ARN}:prod/db")] {
            assert_eq!(get(&rig, json!({ "SecretId": id })).await, "v", "{id}");
        }
        let value_key = format!("!prod/db-{suffix}:{}", token(1));
        for id in ["prod", &arn.replace("eu-", "us-"), &format!("{ARN}:prod/db-AAAAAA"), &value_key, "arn:x"] {
            let (code, message) = rig.error("GetSecretValue", json!({ "SecretId": id })).await;
            assert_eq!(code, "ResourceNotFoundException", "{id}");
            assert_eq!(message, "Secrets Manager can't find the specified secret.");
        }
    }
}

#[tokio::test]
async fn versions_move_through_their_stages() {
    for rig in Rig::both(api).await {
        create(&rig, "db", "one").await;
        assert_eq!(put(&rig, "db", 2, "two").await["VersionStages"], json!(["AWSCURRENT"]));
        let pending = json!({ "SecretId": "db", "SecretString": "three", "ClientRequestToken": token(3),
            "VersionStages": ["AWSPENDING", "own"] });
        rig.ok("PutSecretValue", pending).await;
        let stages = async || rig.ok("DescribeSecret", json!({ "SecretId": "db" })).await["VersionIdsToStages"].clone();
        let expected = json!({ token(1): ["AWSPREVIOUS"], token(2): ["AWSCURRENT"], token(3): ["AWSPENDING", "own"] });
        assert_eq!(stages().await, expected);
        assert_eq!(get(&rig, json!({ "SecretId": "db" })).await, "two");
        assert_eq!(get(&rig, json!({ "SecretId": "db", "VersionStage": "AWSPREVIOUS" })).await, "one");
        assert_eq!(get(&rig, json!({ "SecretId": "db", "VersionId": token(3), "VersionStage": "own" })).await, "three");
        let finish = json!({ "SecretId": "db", "VersionStage": "AWSCURRENT", "MoveToVersionId": token(3),
            "RemoveFromVersionId": token(2) });
        rig.ok("UpdateSecretVersionStage", finish.clone()).await;
        let expected = json!({ token(2): ["AWSPREVIOUS"], token(3): ["AWSCURRENT", "AWSPENDING", "own"] });
        assert_eq!(stages().await, expected);
        assert_eq!(rig.code("UpdateSecretVersionStage", finish).await, "InvalidParameterException");
        for (more, code) in [
            (json!({ "VersionStage": "none" }), "ResourceNotFoundException"),
            (json!({ "VersionId": token(9) }), "ResourceNotFoundException"),
            (json!({ "VersionId": token(1), "VersionStage": "own" }), "InvalidRequestException"),
        ] {
            let mut input = json!({ "SecretId": "db" });
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            assert_eq!(rig.code("GetSecretValue", input).await, code, "{more}");
        }
        let list = async |all: bool| {
            let input = json!({ "SecretId": "db", "IncludeDeprecated": all, "MaxResults": 2 });
            let page = rig.ok("ListSecretVersionIds", input.clone()).await;
            let ids =
                |page: &Value| page["Versions"].as_array().unwrap().iter().map(|v| v["VersionId"].clone()).collect();
            (ids(&page), page["NextToken"].clone())
        };
        let (ids, next): (Vec<Value>, Value) = list(true).await;
        assert_eq!(ids, [token(3), token(2)]);
        let rest = json!({ "SecretId": "db", "IncludeDeprecated": true, "NextToken": next });
        assert_eq!(rig.ok("ListSecretVersionIds", rest).await["Versions"][0]["VersionId"], token(1));
        assert!(list(false).await.1.is_null());
        let strange = json!({ "SecretId": "db", "NextToken": next });
        assert_eq!(rig.code("ListSecretVersionIds", strange).await, "InvalidNextTokenException");
    }
}

#[tokio::test]
async fn asking_again_with_a_token_does_nothing_and_another_value_is_refused() {
    for rig in Rig::both(api).await {
        let made = create(&rig, "db", "v").await;
        assert_eq!(create(&rig, "db", "v").await, made);
        let other = json!({ "Name": "db", "SecretString": "hunter2", "ClientRequestToken": token(1) });
        let (code, message) = rig.error("CreateSecret", other).await;
        assert!(code == "ResourceExistsException" && !message.contains("hunter2"), "{message}");
        assert_eq!(rig.code("CreateSecret", json!({ "Name": "db" })).await, "ResourceExistsException");
        put(&rig, "db", 2, "w").await;
        put(&rig, "db", 3, "x").await;
        assert_eq!(put(&rig, "db", 2, "w").await["VersionStages"], json!(["AWSPREVIOUS"]));
        for operation in ["PutSecretValue", "UpdateSecret"] {
            let other = json!({ "SecretId": "db", "SecretString": "y", "ClientRequestToken": token(2) });
            assert_eq!(rig.code(operation, other).await, "ResourceExistsException");
        }
        assert_eq!(get(&rig, json!({ "SecretId": "db" })).await, "x");
    }
}

#[tokio::test]
async fn a_deleted_secret_can_be_restored_until_its_days_are_over() {
    for rig in Rig::both(api).await {
        let id = json!({ "SecretId": "db" });
        let arn = create(&rig, "db", "v").await["ARN"].clone();
        for (days, force) in [(6, false), (31, false), (7, true)] {
            let input = json!({ "SecretId": "db", "RecoveryWindowInDays": days, "ForceDeleteWithoutRecovery": force });
            assert_eq!(rig.code("DeleteSecret", input).await, "InvalidParameterException");
        }
        let week = json!({ "SecretId": "db", "RecoveryWindowInDays": 7 });
        let gone = rig.ok("DeleteSecret", week.clone()).await;
        assert_eq!(gone["DeletionDate"], 1_800_000_000.0 + 7.0 * 86_400.0);
        for (operation, more) in [
            ("GetSecretValue", json!({})),
            ("PutSecretValue", json!({ "SecretString": "x" })),
            ("UpdateSecret", json!({ "Description": "x" })),
            ("TagResource", json!({ "Tags": [] })),
            ("DeleteSecret", json!({})),
            ("UpdateSecretVersionStage", json!({ "VersionStage": "a", "MoveToVersionId": token(1) })),
        ] {
            let mut input = id.clone();
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            assert_eq!(rig.code(operation, input).await, "InvalidRequestException", "{operation}");
        }
        assert_eq!(rig.code("CreateSecret", json!({ "Name": "db" })).await, "InvalidRequestException");
        assert!(rig.ok("DescribeSecret", id.clone()).await["DeletedDate"].is_number());
        let count = async |more: Value| rig.ok("ListSecrets", more).await["SecretList"].as_array().unwrap().len();
        assert_eq!((count(json!({})).await, count(json!({ "IncludePlannedDeletion": true })).await), (0, 1));
        rig.ok("RestoreSecret", id.clone()).await;
        assert_eq!(get(&rig, id.clone()).await, "v");
        rig.ok("DeleteSecret", week).await;
        rig.clock.forward(DAY * 7);
        assert_eq!(count(json!({ "IncludePlannedDeletion": true })).await, 0);
        assert_eq!(rig.code("RestoreSecret", id.clone()).await, "ResourceNotFoundException");
        assert_ne!(create(&rig, "db", "new").await["ARN"], arn);
        assert_eq!(rig.code("GetSecretValue", json!({ "SecretId": arn })).await, "ResourceNotFoundException");
        let force = json!({ "SecretId": "db", "ForceDeleteWithoutRecovery": true });
        rig.ok("DeleteSecret", force.clone()).await;
        assert_eq!(rig.code("DescribeSecret", id).await, "ResourceNotFoundException");
        assert_eq!(rig.ok("DeleteSecret", force).await["Name"], "db");
    }
}

#[tokio::test]
async fn values_lie_sealed_and_a_lost_key_is_said() {
    for rig in Rig::both(api).await {
        create(&rig, "db", "hunter2-one").await;
        put(&rig, "db", 2, "hunter2-two").await;
        let binary = json!({ "Name": "bytes", "SecretBinary": "aHVudGVyMg==", "Description": "in-clear-here" });
        rig.ok("CreateSecret", binary).await;
        let value = rig.ok("GetSecretValue", json!({ "SecretId": "bytes" })).await;
        assert_eq!((&value["SecretBinary"], value.get("SecretString")), (&json!("aHVudGVyMg=="), None));
        assert_eq!((rig.files_with("hunter2"), rig.files_with("aHVudGVyMg")), (0, 0));
        assert_eq!(rig.files_with("in-clear-here") > 0, rig.is_on_disk());
        let rig = rig.with_lost_key().await;
        let (code, message) = rig.error("GetSecretValue", json!({ "SecretId": "db" })).await;
        assert!(code == "DecryptionFailure" && message.contains("vault.key"), "{message}");
        put(&rig, "db", 3, "again").await;
        assert_eq!(get(&rig, json!({ "SecretId": "db" })).await, "again");
    }
}

#[tokio::test]
async fn rules_that_are_broken_have_their_own_codes() {
    for rig in Rig::both(api).await {
        create(&rig, "db", "v").await;
        // Within the model's characters, beyond the service's bytes.
        let long = "é".repeat(40_000);
        for (operation, input, code) in [
            ("CreateSecret", json!({ "Name": "a b" }), "InvalidParameterException"),
            ("CreateSecret", json!({ "Name": "a", "SecretString": long }), "InvalidParameterException"),
            (
                "CreateSecret",
                json!({ "Name": "a", "SecretString": "x", "SecretBinary": "eA==" }),
                "InvalidParameterException",
            ),
            (
                "CreateSecret",
                json!({ "Name": "a", "AddReplicaRegions": [{ "Region": "us-east-1" }] }),
                "InvalidParameterException",
            ),
            ("PutSecretValue", json!({ "SecretId": "db" }), "InvalidRequestException"),
            (
                "PutSecretValue",
                json!({ "SecretId": "db", "SecretString": "x", "ClientRequestToken": "x ".repeat(16) }),
                "InvalidParameterException",
            ),
            ("PutSecretValue", json!({ "SecretId": "none", "SecretString": "x" }), "ResourceNotFoundException"),
            (
                "TagResource",
                json!({ "SecretId": "db", "Tags": [{ "Key": "aws:x", "Value": "" }] }),
                "InvalidParameterException",
            ),
            ("ListSecrets", json!({ "NextToken": "zz" }), "InvalidNextTokenException"),
        ] {
            assert_eq!(rig.code(operation, input.clone()).await, code, "{operation}");
        }
        assert_eq!(rig.ok("ListSecrets", json!({})).await["SecretList"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn secrets_are_updated_tagged_and_listed() {
    for rig in Rig::both(api).await {
        for name in ["prod/a", "prod/b", "test/a"] {
            rig.clock.forward(Duration::from_secs(1));
            create(&rig, name, "v").await;
        }
        let input = json!({ "SecretId": "prod/a", "Description": "Main database", "KmsKeyId": "alias/own" });
        assert_eq!(rig.ok("UpdateSecret", input).await.get("VersionId"), None);
        let input = json!({ "SecretId": "prod/a", "SecretString": "w", "ClientRequestToken": token(2) });
        assert_eq!(rig.ok("UpdateSecret", input).await["VersionId"], token(2));
        let tags = json!([{ "Key": "team", "Value": "x" }, { "Key": "n", "Value": "1" }]);
        rig.ok("TagResource", json!({ "SecretId": "prod/a", "Tags": tags })).await;
        rig.ok("UntagResource", json!({ "SecretId": "prod/a", "TagKeys": ["n"] })).await;
        get(&rig, json!({ "SecretId": "prod/a" })).await;
        let described = rig.ok("DescribeSecret", json!({ "SecretId": "prod/a" })).await;
        assert_eq!(described["Tags"], json!([{ "Key": "team", "Value": "x" }]));
        assert_eq!((&described["Description"], &described["KmsKeyId"]), (&json!("Main database"), &json!("alias/own")));
        assert_eq!(described["LastAccessedDate"], 1_799_971_200.0);
        let listed = async |input: Value| {
            let answer = rig.ok("ListSecrets", input).await;
            let list = answer["SecretList"].as_array().unwrap();
            let names: Vec<&str> = list.iter().map(|one| one["Name"].as_str().unwrap()).collect();
            (names.join(" "), answer["NextToken"].clone())
        };
        let (first, next) = listed(json!({ "MaxResults": 2 })).await;
        assert_eq!(first, "test/a prod/b");
        assert_eq!(listed(json!({ "NextToken": next })).await, ("prod/a".to_owned(), Value::Null));
        assert_eq!(listed(json!({ "SortBy": "name", "SortOrder": "asc" })).await.0, "prod/a prod/b test/a");
        for (key, value, expected) in [
            ("name", "prod/", "prod/b prod/a"),
            ("name", "!prod/", "test/a"),
            ("description", "data", "prod/a"),
            ("tag-key", "team", "prod/a"),
            ("tag-value", "y", ""),
            ("all", "database", "prod/a"),
        ] {
            let filters = json!({ "Filters": [{ "Key": key, "Values": [value] }] });
            assert_eq!(listed(filters).await.0, expected, "{key} {value}");
        }
    }
}

/// Lets nothing pass and writes down what was asked.
#[derive(Debug, Default)]
struct Nothing(Mutex<Vec<String>>);

impl Permissions for Nothing {
    fn check(&self, action: &str, resource: &str) -> Result<(), ApiError> {
        self.0.lock().unwrap().push(format!("{action} {resource}"));
        Err(ApiError::access_denied("no"))
    }
}

#[tokio::test]
async fn every_operation_asks_for_the_secret_by_its_whole_arn() {
    for mut rig in Rig::both(api).await {
        let arn = create(&rig, "db", "v").await["ARN"].as_str().unwrap().to_owned();
        let nothing = Arc::new(Nothing::default());
        rig.caller = Caller { permissions: nothing.clone(), ..Caller::root("123456789012") };
        let operations: Vec<&'static str> = rig.api.supported().collect();
        for operation in operations {
            let input = json!({ "SecretId": "db", "Name": "db", "VersionStage": "x", "Tags": [], "TagKeys": [] });
            assert_eq!(rig.code(operation, input).await, "AccessDeniedException", "{operation}");
            let resource = match operation {
                "ListSecrets" => "*".to_owned(),
                "CreateSecret" => format!("{ARN}:db-??????"),
                _ => arn.clone(),
            };
            assert_eq!(nothing.0.lock().unwrap().pop().unwrap(), format!("secretsmanager:{operation} {resource}"));
        }
        // Whoever may not read learns nothing about what there is.
        assert_eq!(rig.code("GetSecretValue", json!({ "SecretId": "none" })).await, "AccessDeniedException");
        assert_eq!(
            nothing.0.lock().unwrap().pop().unwrap(),
            format!("secretsmanager:GetSecretValue {ARN}:none-??????")
        );
    }
}
