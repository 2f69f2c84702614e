use super::api;
use crate::Context;
use buildyard_aws_protocol::{ApiError, Caller};
use buildyard_blobs::{Embedded, EndpointInfo, Objects};
use buildyard_model::{
    AgentId, Architecture, Capacity, JobSpec, LeaseToken, LogChunk, LogNames, Outcome, Resources, SystemClock,
    Timestamp,
};
use buildyard_scheduler::{Event, Report};
use buildyard_service::{
    HeldSecrets, Hello, Messages, Parts, Service, SessionEnd, Settings, Timings, ToAgent, fingerprint, reconcile,
};
use buildyard_store::{Builds, Change, DocumentKind, Documents, Expected, Memory};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const GROUP: &str = "/aws/codebuild/app";

/// A service with embedded storage, an agent, and the door.
struct Rig {
    context: Context,
    store: Arc<Memory>,
    agent: AgentId,
    messages: Messages,
    _session: SessionEnd,
    _directory: tempfile::TempDir,
    shutdown: CancellationToken,
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

fn settings() -> Settings {
    Settings {
        region: "eu-west-1".into(),
        prices: buildyard_service::Prices::default(),
        account: "000000000000".into(),
        artifact_bucket: "artifacts".into(),
        system_bucket: "system".into(),
        join_token_sha256: fingerprint("join"),
        endpoint_url: "http://localhost:8080".into(),
        retention: buildyard_service::Retention::default(),
        queue: buildyard_service::Queueing::default(),
        builds: buildyard_service::BuildSettings::default(),
        client_tokens_sha256: vec![],
        timings: Timings::default(),
    }
}

impl Rig {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let info = EndpointInfo {
            public_url: String::new(),
            region: "eu-west-1".into(),
            access_key: "key".into(),
            secret_key: buildyard_model::Secret::new("secret"),
        };
        let blobs = Arc::new(Embedded::open(directory.path(), info).await.unwrap());
        blobs.ensure_bucket("system").await.unwrap();
        let store = Arc::new(Memory::default());
        let service = Service::new(Parts {
            vault: buildyard_service::Vault::forgetful().unwrap(),
            store: store.clone(),
            objects: blobs.clone(),
            transfers: blobs,
            secrets: Arc::new(HeldSecrets::default()),
            clock: Arc::new(SystemClock),
            settings: settings(),
        });
        let shutdown = CancellationToken::new();
        reconcile::run(&service, &shutdown).await.unwrap();
        let agent: AgentId = "a1".parse().unwrap();
        service.enroll(&agent, "join", "").await.unwrap();
        let capacity = Capacity {
            slots: 9,
            resources: Resources { vcpu: 64, memory_mib: 1 << 20 },
            architecture: Architecture::X86_64,
            labels: BTreeMap::new(),
            privileged: false,
            local_source: false,
            executor: "fake".into(),
            fleet: None,
        };
        let hello = Hello { version: "1".into(), capacity, held: vec![], ticket: None, instance: None };
        let (session, messages) = service.connect(&agent, hello).await.unwrap();
        let context = Context { service };
        Self { context, store, agent, messages, _session: session, _directory: directory, shutdown }
    }

    /// A build of the project `app` in the agent's hands.
    async fn build(&mut self, logs_config: Value) -> LeaseToken {
        let project = json!({
            "name": "app", "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2"},
            "artifacts": {"type": "NO_ARTIFACTS"}, "serviceRole": "role", "logsConfig": logs_config,
            "environment": {"type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL"},
        });
        let key = "app".to_owned();
        let kind = DocumentKind::Project;
        let change = Change { kind, key, expected: Expected::Anything, body: Some(project.to_string()) };
        self.store.change(&[change]).await.unwrap();
        let (caller, start) = (Caller::root("000000000000"), json!({"projectName": "app"}));
        crate::codebuild::api().answer(&self.context, &caller, "StartBuild", start).await.unwrap();
        loop {
            let message = tokio::time::timeout(Duration::from_secs(10), self.messages.recv()).await;
            if let Some(ToAgent::Offer { token, .. }) = message.expect("an offer comes") {
                let accepted = Event::Accept { token: token.clone() };
                self.context.service.heard(&self.agent, &token, accepted).await.unwrap();
                return token;
            }
        }
    }

    async fn print(&self, token: &LeaseToken, lines: &[(i64, &str)]) -> u64 {
        let mut sink = self.context.service.append_log(&self.agent, token).await.unwrap();
        let mut offset = sink.committed();
        for (time, text) in lines {
            let chunk = LogChunk { offset, time: Timestamp(*time), bytes: text.as_bytes().to_vec() };
            sink.push(&chunk, true).await.unwrap();
            offset = chunk.end();
        }
        while sink.busy() {
            sink.stored().await.unwrap();
        }
        offset
    }

    async fn finish(&self, token: &LeaseToken, log_bytes: u64) {
        let report = Report {
            outcome: Outcome::Succeeded,
            phases: vec![],
            exported: vec![],
            artifacts: vec![],
            log_bytes,
            reason: None,
            retry_limit: 0,
        };
        let event = Event::Finish { token: token.clone(), report };
        self.context.service.heard(&self.agent, token, event).await.unwrap();
    }

    async fn ask(&self, operation: &str, input: Value) -> Result<Value, ApiError> {
        api().answer(&self.context, &Caller::root("000000000000"), operation, input).await
    }

    async fn refusal(&self, operation: &str, input: Value) -> (String, String) {
        let error = self.ask(operation, input).await.unwrap_err();
        (error.code.into_owned(), error.message)
    }
}

fn messages(answer: &Value) -> Vec<&str> {
    answer["events"].as_array().unwrap().iter().map(|event| event["message"].as_str().unwrap()).collect()
}

fn stream(token: &LeaseToken) -> String {
    token.build.uuid().to_string()
}

#[tokio::test]
async fn a_log_is_read_in_both_directions_and_its_ends_give_the_same_token() {
    let mut rig = Rig::start().await;
    let token = rig.build(json!({})).await;
    let lines: Vec<(i64, String)> = (0..10).map(|at| (1000 + at, format!("line {at}\n"))).collect();
    let lines: Vec<(i64, &str)> = lines.iter().map(|(time, line)| (*time, line.as_str())).collect();
    rig.print(&token, &lines).await;
    let ask = async |more: Value| {
        let mut input = json!({"logGroupName": GROUP, "logStreamName": stream(&token), "limit": 4});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rig.ask("GetLogEvents", input).await.unwrap()
    };
    let newest = ask(json!({})).await;
    assert_eq!(messages(&newest), ["line 6", "line 7", "line 8", "line 9"]);
    let at_end = ask(json!({"nextToken": newest["nextForwardToken"]})).await;
    assert!(messages(&at_end).is_empty());
    assert_eq!(at_end["nextForwardToken"], newest["nextForwardToken"]);
    let before = ask(json!({"nextToken": newest["nextBackwardToken"]})).await;
    assert_eq!(messages(&before), ["line 2", "line 3", "line 4", "line 5"]);
    assert_eq!(before["nextForwardToken"], newest["nextBackwardToken"].as_str().unwrap().replacen('b', "f", 1));
    let head = ask(json!({"startFromHead": true})).await;
    assert_eq!(messages(&head), ["line 0", "line 1", "line 2", "line 3"]);
    assert_eq!(head["events"][0], json!({"timestamp": 1000, "ingestionTime": 1000, "message": "line 0"}));
    let at_start = ask(json!({"nextToken": head["nextBackwardToken"]})).await;
    assert_eq!((messages(&at_start).len(), &at_start["nextBackwardToken"]), (0, &head["nextBackwardToken"]));
    let between = ask(json!({"startTime": 1003, "endTime": 1005, "startFromHead": true})).await;
    assert_eq!(messages(&between), ["line 3", "line 4"]);
    assert_eq!(messages(&ask(json!({"startTime": 1003, "endTime": 1005})).await), ["line 3", "line 4"]);
    // What comes later is behind the token.
    rig.print(&token, &[(1020, "late\n")]).await;
    assert_eq!(messages(&ask(json!({"nextToken": newest["nextForwardToken"]})).await), ["late"]);
    let digits = newest["nextForwardToken"].as_str().unwrap();
    assert!(digits.starts_with("f/") && digits.ends_with("/s") && digits.len() == 60, "{digits}");
}

#[tokio::test]
async fn what_is_not_there_or_not_ours_is_refused_in_cloudwatchs_words() {
    let mut rig = Rig::start().await;
    let (one, other) = (rig.build(json!({})).await, rig.build(json!({})).await);
    for token in [&one, &other] {
        rig.print(token, &[(1, "x\n")]).await;
    }
    let missing =
        |what: &str| ("ResourceNotFoundException".to_owned(), format!("The specified log {what} does not exist."));
    let events = |group: &str, stream: &str| json!({"logGroupName": group, "logStreamName": stream});
    assert_eq!(rig.refusal("GetLogEvents", events("none", "none")).await, missing("group"));
    assert_eq!(rig.refusal("GetLogEvents", events(GROUP, "none")).await, missing("stream"));
    assert_eq!(rig.refusal("DescribeLogStreams", json!({"logGroupName": "none"})).await, missing("group"));
    assert_eq!(rig.refusal("FilterLogEvents", json!({"logGroupName": "none"})).await, missing("group"));
    let unknown = json!({"logGroupName": GROUP, "logStreamNames": ["none"]});
    assert_eq!(rig.refusal("FilterLogEvents", unknown).await, missing("stream"));
    let page = rig.ask("GetLogEvents", events(GROUP, &stream(&one))).await.unwrap();
    let foreign =
        json!({"logGroupName": GROUP, "logStreamName": stream(&other), "nextToken": page["nextForwardToken"]});
    let far = format!("f/3{}", "9".repeat(55));
    for (operation, input) in [
        ("GetLogEvents", foreign),
        ("GetLogEvents", json!({"logGroupName": GROUP, "logStreamName": stream(&one), "nextToken": "x"})),
        ("GetLogEvents", json!({"logGroupName": GROUP, "logStreamName": stream(&one), "nextToken": far})),
        ("GetLogEvents", json!({"logStreamName": stream(&one)})),
        ("DescribeLogStreams", json!({"logGroupName": GROUP, "logGroupIdentifier": GROUP})),
        ("DescribeLogStreams", json!({"logGroupName": GROUP, "nextToken": "00"})),
        ("DescribeLogStreams", json!({"logGroupName": GROUP, "orderBy": "LastEventTime", "logStreamNamePrefix": "a"})),
        ("DescribeLogGroups", json!({"logGroupNamePrefix": "a", "logGroupNamePattern": "a"})),
        ("FilterLogEvents", json!({"logGroupName": GROUP, "filterPattern": "\"open"})),
        ("FilterLogEvents", json!({"logGroupName": GROUP, "logStreamNames": ["a"], "logStreamNamePrefix": "a"})),
        ("FilterLogEvents", json!({"logGroupName": GROUP, "nextToken": "é"})),
    ] {
        let text = input.to_string();
        assert_eq!(rig.refusal(operation, input).await.0, "InvalidParameterException", "{operation} {text}");
    }
    assert_eq!(rig.refusal("PutLogEvents", json!({})).await.0, "UnknownOperationException");
}

#[tokio::test]
async fn groups_and_streams_are_described_in_pages() {
    let mut rig = Rig::start().await;
    let mut streams = Vec::new();
    for at in 0..5_i64 {
        let token = rig.build(json!({})).await;
        let end = rig.print(&token, &[(1000 * at, "a\n"), (1000 * at + 5, "b\n")]).await;
        if at < 3 {
            rig.finish(&token, end).await;
        }
        streams.push(stream(&token));
    }
    let own = rig.build(json!({"cloudWatchLogs": {"status": "ENABLED", "groupName": "team", "streamName": "s"}})).await;
    rig.print(&own, &[(1, "x\n")]).await;
    let job = job(&rig, &own).await;
    assert_eq!(LogNames::of(&job).unwrap().stream, format!("s/{}", stream(&own)));

    let arn = format!("arn:aws:logs:eu-west-1:000000000000:log-group:{GROUP}");
    let first = rig.ask("DescribeLogGroups", json!({"limit": 1})).await.unwrap();
    assert_eq!(first["logGroups"][0]["arn"], format!("{arn}:*"));
    assert_eq!(first["logGroups"][0]["logGroupArn"], arn);
    let second = rig.ask("DescribeLogGroups", json!({"limit": 1, "nextToken": first["nextToken"]})).await.unwrap();
    assert_eq!((&second["logGroups"][0]["logGroupName"], &second["nextToken"]), (&json!("team"), &Value::Null));
    for (input, found) in [
        (json!({"logGroupNamePrefix": "/aws"}), 1),
        (json!({"logGroupNamePattern": "ea"}), 1),
        (json!({"logGroupNamePattern": "EA"}), 0),
        (json!({"logGroupIdentifiers": [arn, "team"]}), 2),
    ] {
        let answer = rig.ask("DescribeLogGroups", input.clone()).await.unwrap();
        assert_eq!(answer["logGroups"].as_array().unwrap().len(), found, "{input}");
    }

    let mut sorted = streams.clone();
    sorted.sort();
    let newest: Vec<String> = streams.iter().rev().cloned().collect();
    for (order, descending, expected) in [("LogStreamName", false, sorted), ("LastEventTime", true, newest)] {
        let (mut names, mut next) = (Vec::new(), Value::Null);
        loop {
            let mut input = json!({"logGroupIdentifier": arn, "orderBy": order, "descending": descending, "limit": 2});
            if !next.is_null() {
                input["nextToken"] = next;
            }
            let page = rig.ask("DescribeLogStreams", input).await.unwrap();
            let shown = page["logStreams"].as_array().unwrap();
            names.extend(shown.iter().map(|stream| stream["logStreamName"].as_str().unwrap().to_owned()));
            next = page["nextToken"].clone();
            if next.is_null() {
                break;
            }
        }
        assert_eq!(names, expected, "{order}");
    }
    let one = json!({"logGroupName": GROUP, "logStreamNamePrefix": streams[1]});
    let shown = &rig.ask("DescribeLogStreams", one).await.unwrap()["logStreams"][0];
    assert_eq!(shown["arn"], format!("{arn}:log-stream:{}", streams[1]));
    assert_eq!((&shown["firstEventTimestamp"], &shown["lastEventTimestamp"]), (&json!(1000), &json!(1005)));
    assert_eq!((&shown["lastIngestionTime"], &shown["storedBytes"]), (&json!(1005), &json!(4)));
}

async fn job(rig: &Rig, token: &LeaseToken) -> JobSpec {
    rig.store.get(&token.build).await.unwrap().unwrap().spec
}

#[tokio::test]
async fn a_groups_events_are_filtered_in_the_order_of_time() {
    let mut rig = Rig::start().await;
    let (one, other) = (rig.build(json!({})).await, rig.build(json!({})).await);
    rig.print(&one, &[(10, "a ERROR 1\n"), (30, "c fine\n"), (50, "e ERROR 3\n")]).await;
    rig.print(&other, &[(20, "b ERROR 2\n"), (40, "d fine\n")]).await;
    let ask = async |more: Value| {
        let mut input = json!({"logGroupName": GROUP});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rig.ask("FilterLogEvents", input).await.unwrap()
    };
    let all = ask(json!({})).await;
    assert_eq!(messages(&all), ["a ERROR 1", "b ERROR 2", "c fine", "d fine", "e ERROR 3"]);
    assert_eq!((&all["searchedLogStreams"], &all["nextToken"]), (&json!([]), &Value::Null));
    let ids: std::collections::HashSet<&str> =
        all["events"].as_array().unwrap().iter().map(|event| event["eventId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 5);
    assert_eq!(ask(json!({})).await, all, "ids are stable");
    assert_eq!(messages(&ask(json!({"filterPattern": "ERROR -2"})).await), ["a ERROR 1", "e ERROR 3"]);
    assert_eq!(messages(&ask(json!({"startTime": 20, "endTime": 40})).await), ["b ERROR 2", "c fine", "d fine"]);
    assert_eq!(messages(&ask(json!({"logStreamNames": [stream(&other)]})).await), ["b ERROR 2", "d fine"]);
    assert_eq!(messages(&ask(json!({"logStreamNamePrefix": stream(&one)})).await).len(), 3);
    let (mut told, mut next) = (Vec::new(), Value::Null);
    loop {
        let page = match &next {
            Value::Null => ask(json!({"limit": 2, "filterPattern": "ERROR"})).await,
            next => ask(json!({"limit": 2, "filterPattern": "ERROR", "nextToken": next})).await,
        };
        told.extend(messages(&page).into_iter().map(str::to_owned));
        next = page["nextToken"].clone();
        if next.is_null() {
            break;
        }
    }
    assert_eq!(told, ["a ERROR 1", "b ERROR 2", "e ERROR 3"]);
    let newest = ask(json!({"startFromHead": false, "limit": 2})).await;
    assert_eq!(messages(&newest), ["e ERROR 3", "d fine"]);
    let token = &newest["nextToken"];
    let then = ask(json!({"startFromHead": true, "nextToken": token})).await;
    assert_eq!(messages(&then), ["c fine", "b ERROR 2", "a ERROR 1"], "the token keeps its direction");
    let early = json!({"logGroupName": GROUP, "startFromHead": false, "startTime": 20});
    assert_eq!(rig.refusal("FilterLogEvents", early).await.0, "InvalidParameterException");
}
