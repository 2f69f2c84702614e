use super::super::events::tests::append;
use super::*;
use crate::logs::{StreamOrder, StreamQuery};
use crate::testing::{Rig, TestAgent};
use buildyard_model::{LeaseToken, Project};
use buildyard_store::Draft;
use uuid::Uuid;

/// A build of a project with this `logsConfig`, in the agent's hands.
pub(crate) async fn leased(rig: &Rig, agent: &mut TestAgent, project: &str, logs_config: &str) -> LeaseToken {
    let submission = serde_json::from_str(
        r#"{"source":{"type":"NO_SOURCE"},"buildspec":{"inline":"version: 0.2\nphases: {}"},"environment":{"image":"x"}}"#,
    );
    let id = BuildId::new(project.parse().unwrap(), Uuid::new_v4());
    let job = crate::submission::job(submission.unwrap(), id, rig.service.settings(), rig.service.now()).unwrap();
    let project: Project =
        serde_json::from_str(&format!(r#"{{"name":"{project}","logsConfig":{logs_config}}}"#)).unwrap();
    let spec = JobSpec { project: Some(Box::new(project)), ..job };
    rig.service.enqueue(Draft { spec, idempotency: None, outbox_entry: None, limit: None }).await.unwrap();
    agent.offer().await
}

async fn names(rig: &Rig, group: &str, query: StreamQuery) -> Vec<String> {
    let streams = rig.service.log_streams(group, &query).await.unwrap();
    streams.into_iter().map(|stream| stream.name).collect()
}

fn query(limit: usize) -> StreamQuery {
    StreamQuery { limit, ..StreamQuery::default() }
}

#[tokio::test]
async fn a_log_is_listed_in_the_group_that_its_project_names() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 9, vec![]).await;
    let own = r#"{"cloudWatchLogs":{"status":"ENABLED","groupName":"team","streamName":"s"}}"#;
    let custom = leased(&rig, &mut agent, "app", own).await;
    let plain = leased(&rig, &mut agent, "app", "{}").await;
    let none = leased(&rig, &mut agent, "app", r#"{"cloudWatchLogs":{"status":"DISABLED"}}"#).await;
    assert!(rig.service.log_groups("", "", 10).await.unwrap().is_empty(), "nothing is printed yet");
    for token in [&custom, &plain, &none] {
        append(&rig, &agent, token, &[b"x\n"]).await;
    }
    let groups: Vec<String> =
        rig.service.log_groups("", "", 10).await.unwrap().into_iter().map(|group| group.name).collect();
    assert_eq!(groups, ["/aws/codebuild/app", "team"]);
    assert_eq!(names(&rig, "team", query(10)).await, [format!("s/{}", custom.build.uuid())]);
    assert_eq!(names(&rig, "/aws/codebuild/app", query(10)).await, [plain.build.uuid().to_string()]);
    let opened = rig.service.open_log("team", &format!("s/{}", custom.build.uuid())).await.unwrap().unwrap();
    assert_eq!(opened.build, custom.build);
    assert!(rig.service.open_log("team", "s/other").await.unwrap().is_none());
}

#[tokio::test]
async fn streams_are_listed_by_name_and_by_last_event_in_pages() {
    let rig = Rig::start().await;
    let mut directory = rig.service.inner.directory.lock().await;
    directory.hold("g", index::Group::default());
    drop(directory);
    let mut builds = Vec::new();
    for at in 0..7_i64 {
        let build = rig.submit("p1").await;
        let names = LogNames { group: "g".to_owned(), stream: format!("s{}", (at * 3) % 7) };
        let closed = Closed { span: Some((Timestamp(at), Timestamp(100 - at))), bytes: 1 };
        let record = StreamRecord { build: build.clone(), created: Timestamp(at), closed: Some(closed) };
        rig.service.put_stream(&names, &record, Expected::Absent).await.unwrap();
        builds.push((names.stream, build));
    }
    // What is read from the store is the same as what was held.
    for held in [true, false] {
        if !held {
            *rig.service.inner.directory.lock().await = Directory::default();
        }
        for (order, descending) in [
            (StreamOrder::Name, false),
            (StreamOrder::Name, true),
            (StreamOrder::LastEvent, false),
            (StreamOrder::LastEvent, true),
        ] {
            let mut query = StreamQuery { order, descending, ..query(3) };
            let mut all = Vec::new();
            loop {
                let page = rig.service.log_streams("g", &query).await.unwrap();
                query.after = page.last().map(super::LogStream::place);
                all.extend(page.into_iter().map(|stream| stream.name));
                if all.len() >= 7 || query.after.is_none() {
                    break;
                }
            }
            let mut expected: Vec<String> = match order {
                StreamOrder::Name => (0..7).map(|at| format!("s{at}")).collect(),
                // The first made has the newest last event.
                StreamOrder::LastEvent => builds.iter().rev().map(|(name, _)| name.clone()).collect(),
            };
            if descending {
                expected.reverse();
            }
            assert_eq!(all, expected, "{order:?} {descending}");
        }
        let prefix = StreamQuery { prefix: "s3".to_owned(), ..query(10) };
        assert_eq!(names(&rig, "g", prefix).await, ["s3"]);
    }
}

#[tokio::test]
async fn a_stream_goes_with_its_build() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 9, vec![]).await;
    let first = leased(&rig, &mut agent, "app", "{}").await;
    let second = leased(&rig, &mut agent, "app", "{}").await;
    for token in [&first, &second] {
        let end = append(&rig, &agent, token, &[b"x\n"]).await;
        crate::tests::finish(&rig, &agent.name, token, end).await;
    }
    let group = "/aws/codebuild/app";
    assert_eq!(names(&rig, group, query(10)).await.len(), 2);
    assert!(rig.service.store().remove(&first.build, &[]).await.unwrap());
    assert_eq!(names(&rig, group, query(1)).await, [second.build.uuid().to_string()]);
    assert!(rig.service.open_log(group, &first.build.uuid().to_string()).await.unwrap().is_none());
}

#[tokio::test]
async fn the_end_of_a_build_closes_its_stream() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 9, vec![]).await;
    let token = leased(&rig, &mut agent, "app", "{}").await;
    let end = append(&rig, &agent, &token, &[b"one\n", b"two\nend"]).await;
    let group = "/aws/codebuild/app";
    let running = rig.service.log_streams(group, &query(1)).await.unwrap().remove(0);
    assert_eq!(running.span, Some((Timestamp(1000), Timestamp(1010))));
    crate::tests::finish(&rig, &agent.name, &token, end).await;
    let finished = rig.service.log_streams(group, &query(1)).await.unwrap().remove(0);
    assert_eq!((finished.span, finished.bytes), (Some((Timestamp(1000), Timestamp(1010))), 11));
    let key = stream_key(group, &token.build.uuid().to_string());
    let document = rig.service.store().document(DocumentKind::LogStream, &key).await.unwrap().unwrap();
    assert_eq!(read(&document).unwrap().closed.unwrap().bytes, 11);
}
