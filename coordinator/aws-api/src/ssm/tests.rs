//! The parameter store as its clients see it, over both stores.

use super::api;
use crate::safe_rig::Rig;
use buildyard_aws_protocol::{ApiError, Caller, Permissions};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const ARN: &str = "arn:aws:ssm:eu-west-1:123456789012:parameter";

fn with(mut value: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("members are wanted") };
    value.as_object_mut().unwrap().extend(more);
    value
}

async fn put(rig: &Rig, name: &str, value: &str, more: Value) -> Value {
    rig.ok("PutParameter", with(json!({ "Name": name, "Value": value, "Type": "String" }), more)).await
}

fn names(answer: &Value) -> Vec<&str> {
    answer["Parameters"].as_array().unwrap().iter().map(|one| one["Name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn versions_are_counted_and_can_be_chosen() {
    for rig in Rig::both(api).await {
        let first = put(&rig, "/app/key", "v1", json!({})).await;
        assert_eq!(first, json!({ "Version": 1, "Tier": "Standard" }));
        let again = json!({ "Name": "/app/key", "Value": "x", "Type": "String" });
        assert_eq!(rig.code("PutParameter", again).await, "ParameterAlreadyExists");
        let second = rig.ok("PutParameter", json!({ "Name": "/app/key", "Value": "v2", "Overwrite": true })).await;
        assert_eq!(second["Version"], 2);
        let get = async |name: &str| rig.ok("GetParameter", json!({ "Name": name })).await["Parameter"].clone();
        assert_eq!(
            get("/app/key").await,
            json!({
                "Name": "/app/key", "Type": "String", "Value": "v2", "Version": 2, "DataType": "text",
                "ARN": format!("{ARN}/app/key"), "LastModifiedDate": 1_800_000_000.0,
            })
        );
        let old = get("/app/key:1").await;
        assert_eq!((&old["Value"], &old["Selector"], &old["Name"]), (&json!("v1"), &json!(":1"), &json!("/app/key")));
        assert_eq!(get(&format!("{ARN}/app/key")).await["Value"], "v2");
        assert_eq!(get(&format!("{ARN}/app/key:1")).await["Value"], "v1");
        for (name, code) in [
            ("/app/key:3", "ParameterVersionNotFound"),
            ("/app/key:label", "ParameterVersionNotFound"),
            ("/app/none", "ParameterNotFound"),
            ("!/app/key:1", "ParameterNotFound"),
            ("arn:aws:ssm:us-east-1:123456789012:parameter/app/key", "ParameterNotFound"),
        ] {
            assert_eq!(rig.code("GetParameter", json!({ "Name": name })).await, code, "{name}");
        }
    }
}

#[tokio::test]
async fn only_a_hundred_versions_are_kept() {
    for rig in Rig::both(api).await {
        for version in 1..=102 {
            put(&rig, "a", &format!("v{version}"), json!({ "Overwrite": true })).await;
        }
        assert_eq!(rig.code("GetParameter", json!({ "Name": "a:2" })).await, "ParameterVersionNotFound");
        assert_eq!(rig.ok("GetParameter", json!({ "Name": "a:3" })).await["Parameter"]["Value"], "v3");
        rig.ok("DeleteParameter", json!({ "Name": "a" })).await;
        assert_eq!(rig.code("DeleteParameter", json!({ "Name": "a" })).await, "ParameterNotFound");
        assert_eq!(put(&rig, "a", "new", json!({})).await["Version"], 1);
        assert_eq!(rig.code("GetParameter", json!({ "Name": "a:50" })).await, "ParameterVersionNotFound");
    }
}

#[tokio::test]
async fn a_secure_string_lies_sealed_and_is_opened_on_request_only() {
    for rig in Rig::both(api).await {
        put(&rig, "/s", "hunter2-first", json!({ "Type": "SecureString" })).await;
        put(&rig, "/s", "hunter2-second", json!({ "Type": "SecureString", "Overwrite": true })).await;
        put(&rig, "/clear", "in-clear-here", json!({})).await;
        let get = async |name: &str, decrypt: bool| {
            let input = json!({ "Name": name, "WithDecryption": decrypt });
            rig.ok("GetParameter", input).await["Parameter"]["Value"].as_str().unwrap().to_owned()
        };
        assert_eq!(get("/s", true).await, "hunter2-second");
        assert_eq!(get("/s:1", true).await, "hunter2-first");
        let sealed = get("/s", false).await;
        assert!(!sealed.contains("hunter2") && sealed == get("/s", false).await && sealed != get("/s:1", false).await);
        assert_eq!(rig.files_with("hunter2"), 0);
        // The search sees what is there.
        assert_eq!(rig.files_with("in-clear-here") > 0, rig.is_on_disk());
        let described = rig.ok("DescribeParameters", json!({})).await;
        assert_eq!(described["Parameters"][1]["KeyId"], "alias/aws/ssm");
        assert_eq!(described["Parameters"][0].get("KeyId"), None);
        let rig = rig.with_lost_key().await;
        let (code, message) = rig.error("GetParameter", json!({ "Name": "/s", "WithDecryption": true })).await;
        assert!(code == "InvalidKeyId" && message.contains("vault.key") && message.contains("/s"), "{message}");
        assert_eq!(rig.ok("GetParameter", json!({ "Name": "/clear" })).await["Parameter"]["Value"], "in-clear-here");
    }
}

#[tokio::test]
async fn rules_that_are_broken_have_their_own_codes_and_change_nothing() {
    for rig in Rig::both(api).await {
        let secret = "hunter2";
        for (more, code) in [
            (json!({ "Type": null }), "ValidationException"),
            (json!({ "Name": "a b" }), "ValidationException"),
            (json!({ "Name": "a/b" }), "ValidationException"),
            (json!({ "Name": "ssm.x" }), "ValidationException"),
            (json!({ "Name": "/aws/x" }), "AccessDeniedException"),
            (json!({ "Name": format!("/{}", ["l"; 16].join("/")) }), "HierarchyLevelLimitExceededException"),
            (json!({ "Value": "" }), "ValidationException"),
            (json!({ "Value": "v".repeat(4097) }), "ValidationException"),
            (json!({ "Value": "v".repeat(8193), "Tier": "Advanced" }), "ValidationException"),
            (json!({ "AllowedPattern": "(" }), "InvalidAllowedPatternException"),
            (json!({ "AllowedPattern": "^\\d+$" }), "ParameterPatternMismatchException"),
            (json!({ "KeyId": "alias/own" }), "ValidationException"),
            (json!({ "DataType": "Text" }), "ValidationException"),
            (json!({ "Policies": "[{\"Type\":\"Expiration\"}]" }), "ValidationException"),
            (json!({ "Overwrite": true, "Tags": [{ "Key": "a", "Value": "b" }] }), "ValidationException"),
        ] {
            let input = with(json!({ "Name": "/a", "Value": secret, "Type": "String" }), more.clone());
            let (found, message) = rig.error("PutParameter", input).await;
            assert_eq!(found, code, "{more}");
            assert!(!message.contains(secret), "{message}");
        }
        assert_eq!(names(&rig.ok("DescribeParameters", json!({})).await), [""; 0]);
        put(&rig, "/a", &"v".repeat(4097), json!({ "Tier": "Intelligent-Tiering" })).await;
        let standard = json!({ "Name": "/a", "Value": "v", "Overwrite": true, "Tier": "Standard" });
        assert_eq!(rig.code("PutParameter", standard).await, "ValidationException");
    }
}

#[tokio::test]
async fn several_are_read_and_deleted_and_those_that_are_missing_named() {
    for rig in Rig::both(api).await {
        put(&rig, "a", "1", json!({})).await;
        put(&rig, "b", "2", json!({})).await;
        let answer = rig.ok("GetParameters", json!({ "Names": ["b", "none", "a", "a", "a:9"] })).await;
        assert_eq!(names(&answer), ["b", "a"]);
        assert_eq!(answer["InvalidParameters"], json!(["none", "a:9"]));
        let answer = rig.ok("DeleteParameters", json!({ "Names": ["a", "none"] })).await;
        assert_eq!(answer, json!({ "DeletedParameters": ["a"], "InvalidParameters": ["none"] }));
        assert_eq!(names(&rig.ok("DescribeParameters", json!({})).await), ["b"]);
    }
}

#[tokio::test]
async fn a_path_is_read_in_pages() {
    for rig in Rig::both(api).await {
        for at in 0..13 {
            put(&rig, &format!("/app/k{at:02}"), "v", json!({ "Overwrite": true })).await;
            put(&rig, &format!("/app/k{at:02}"), "w", json!({ "Overwrite": true })).await;
        }
        put(&rig, "/app/deep/x", "v", json!({ "Type": "SecureString" })).await;
        put(&rig, "/apple/x", "v", json!({})).await;
        put(&rig, "plain", "v", json!({})).await;
        let pages = async |input: Value| {
            let (mut found, mut token) = (Vec::new(), Value::Null);
            loop {
                let answer = rig.ok("GetParametersByPath", with(input.clone(), json!({ "NextToken": token }))).await;
                found.extend(names(&answer).into_iter().map(str::to_owned));
                token = answer["NextToken"].clone();
                if token.is_null() {
                    return found;
                }
            }
        };
        let flat: Vec<String> = (0..13).map(|at| format!("/app/k{at:02}")).collect();
        assert_eq!(pages(json!({ "Path": "/app" })).await, flat);
        assert_eq!(pages(json!({ "Path": "/app/", "MaxResults": 3 })).await, flat);
        assert_eq!(pages(json!({ "Path": "/app", "Recursive": true, "MaxResults": 1 })).await.len(), 14);
        assert_eq!(pages(json!({ "Path": "/" })).await, ["plain"]);
        assert_eq!(pages(json!({ "Path": "/", "Recursive": true })).await.len(), 16);
        let secure = json!([{ "Key": "Type", "Values": ["SecureString"] }]);
        let input = json!({ "Path": "/app", "Recursive": true, "ParameterFilters": secure });
        assert_eq!(pages(input).await, ["/app/deep/x"]);
        let first = rig.ok("GetParametersByPath", json!({ "Path": "/app", "MaxResults": 1 })).await;
        for (more, code) in [
            (json!({ "Path": "app" }), "ValidationException"),
            (json!({ "NextToken": "zz" }), "InvalidNextToken"),
            (json!({ "Path": "/", "NextToken": first["NextToken"] }), "InvalidNextToken"),
            (json!({ "ParameterFilters": [{ "Key": "Name", "Values": ["x"] }] }), "InvalidFilterKey"),
            (
                json!({ "ParameterFilters": [{ "Key": "Type", "Option": "Like", "Values": ["x"] }] }),
                "InvalidFilterOption",
            ),
        ] {
            assert_eq!(
                rig.code("GetParametersByPath", with(json!({ "Path": "/app" }), more.clone())).await,
                code,
                "{more}"
            );
        }
    }
}

#[tokio::test]
async fn parameters_are_described_with_filters_and_tags() {
    for rig in Rig::both(api).await {
        let tags = json!({ "Tags": [{ "Key": "team", "Value": "x" }], "Description": "d", "AllowedPattern": "v" });
        put(&rig, "/app/a", "v", tags).await;
        put(&rig, "/app/sub/b", "v", json!({ "Type": "SecureString", "KeyId": "alias/own" })).await;
        put(&rig, "other", "v,w", json!({ "Type": "StringList" })).await;
        let found = async |filters: Value| {
            let answer = rig.ok("DescribeParameters", json!({ "ParameterFilters": filters })).await;
            names(&answer).join(" ")
        };
        for (filter, expected) in [
            (json!({ "Key": "Name", "Values": ["other", "/app/a"] }), "/app/a other"),
            (json!({ "Key": "Name", "Option": "BeginsWith", "Values": ["/app"] }), "/app/a /app/sub/b"),
            (json!({ "Key": "Name", "Option": "Contains", "Values": ["th"] }), "other"),
            (json!({ "Key": "Type", "Values": ["SecureString"] }), "/app/sub/b"),
            (json!({ "Key": "KeyId", "Option": "BeginsWith", "Values": ["alias/o"] }), "/app/sub/b"),
            (json!({ "Key": "Path", "Values": ["/app"] }), "/app/a"),
            (json!({ "Key": "Path", "Option": "Recursive", "Values": ["/app"] }), "/app/a /app/sub/b"),
            (json!({ "Key": "tag:team", "Values": ["x"] }), "/app/a"),
            (json!({ "Key": "tag:team", "Values": ["y"] }), ""),
        ] {
            assert_eq!(found(json!([filter])).await, expected, "{filter}");
        }
        let old = json!({ "Filters": [{ "Key": "Name", "Values": ["/app/"] }] });
        assert_eq!(names(&rig.ok("DescribeParameters", old).await).len(), 2);
        let page = rig.ok("DescribeParameters", json!({ "MaxResults": 2 })).await;
        let described = &page["Parameters"][0];
        assert_eq!((&described["Description"], &described["AllowedPattern"]), (&json!("d"), &json!("v")));
        assert_eq!(described["LastModifiedUser"], "arn:aws:iam::123456789012:root");
        let rest = rig.ok("DescribeParameters", json!({ "NextToken": page["NextToken"] })).await;
        assert_eq!(names(&rest), ["other"]);

        let resource = json!({ "ResourceType": "Parameter", "ResourceId": "/app/a" });
        rig.ok("AddTagsToResource", with(resource.clone(), json!({ "Tags": [{ "Key": "n", "Value": "1" }] }))).await;
        rig.ok("RemoveTagsFromResource", with(resource.clone(), json!({ "TagKeys": ["team"] }))).await;
        let tags = rig.ok("ListTagsForResource", resource.clone()).await;
        assert_eq!(tags, json!({ "TagList": [{ "Key": "n", "Value": "1" }] }));
        let none = with(resource.clone(), json!({ "ResourceId": "none" }));
        assert_eq!(rig.code("ListTagsForResource", none).await, "InvalidResourceId");
        let document = with(resource.clone(), json!({ "ResourceType": "Document" }));
        assert_eq!(rig.code("ListTagsForResource", document).await, "InvalidResourceType");
        let many: Vec<Value> = (0..51).map(|at| json!({ "Key": format!("k{at}"), "Value": "" })).collect();
        let many = with(resource, json!({ "Tags": many }));
        assert_eq!(rig.code("AddTagsToResource", many).await, "TooManyTagsError");
    }
}

#[tokio::test]
async fn writers_at_the_same_time_each_get_a_version() {
    for rig in Rig::both(api).await {
        put(&rig, "a", "0", json!({})).await;
        let puts = (0..8).map(|at| {
            let (context, caller, api) = (rig.context.clone(), rig.caller.clone(), api());
            tokio::spawn(async move {
                let input = json!({ "Name": "a", "Value": format!("v{at}"), "Overwrite": true });
                api.answer(&context, &caller, "PutParameter", input).await.unwrap()["Version"].as_u64().unwrap()
            })
        });
        let mut versions = Vec::new();
        for put in puts.collect::<Vec<_>>() {
            versions.push(put.await.unwrap());
        }
        versions.sort_unstable();
        assert_eq!(versions, (2..=9).collect::<Vec<_>>());
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
async fn every_operation_asks_for_the_parameters_that_it_touches() {
    for mut rig in Rig::both(api).await {
        put(&rig, "/a", "v", json!({})).await;
        let nothing = Arc::new(Nothing::default());
        rig.caller = Caller { permissions: nothing.clone(), ..Caller::root("123456789012") };
        let resource = json!({ "ResourceType": "Parameter", "ResourceId": "/a" });
        for (operation, input, asked) in [
            ("PutParameter", json!({ "Name": "/a", "Value": "x", "Overwrite": true }), format!("{ARN}/a")),
            ("GetParameter", json!({ "Name": "/a:1" }), format!("{ARN}/a")),
            ("GetParameter", json!({ "Name": format!("{ARN}/a:1") }), format!("{ARN}/a")),
            ("GetParameters", json!({ "Names": ["a"] }), format!("{ARN}/a")),
            ("GetParametersByPath", json!({ "Path": "/a/" }), format!("{ARN}/a/")),
            ("DescribeParameters", json!({}), "*".to_owned()),
            ("DeleteParameter", json!({ "Name": "/a" }), format!("{ARN}/a")),
            ("DeleteParameters", json!({ "Names": ["/a"] }), format!("{ARN}/a")),
            ("AddTagsToResource", with(resource.clone(), json!({ "Tags": [] })), format!("{ARN}/a")),
            ("RemoveTagsFromResource", with(resource.clone(), json!({ "TagKeys": [] })), format!("{ARN}/a")),
            ("ListTagsForResource", resource, format!("{ARN}/a")),
        ] {
            assert_eq!(rig.code(operation, input).await, "AccessDeniedException", "{operation}");
            assert_eq!(nothing.0.lock().unwrap().pop().unwrap(), format!("ssm:{operation} {asked}"));
        }
        rig.caller = Caller::root("123456789012");
        assert_eq!(rig.ok("GetParameter", json!({ "Name": "/a" })).await["Parameter"]["Version"], 1);
    }
}
