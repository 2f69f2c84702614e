//! One project's crowd and another's single build (reliability F67).

use buildyard_model::{BuildView, Phase, Submission};
use buildyard_proto::v1::builds_client::BuildsClient;
use buildyard_proto::{convert, v1};
use harness::{AgentOptions, ExecutorKind, Fleet, Started};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};

const PATIENCE: Duration = Duration::from_secs(120);
const CROWD: usize = 5000;
/// Submissions on their way at once.
const AT_ONCE: usize = 32;

/// Submits builds without a process for each.
struct Crowd {
    builds: BuildsClient<Channel>,
    bearer: MetadataValue<Ascii>,
    submission: Vec<u8>,
}

impl Crowd {
    async fn connect(fleet: &Fleet, command: &str) -> Self {
        let variables: std::collections::HashMap<String, String> = fleet.environment().into_iter().collect();
        let channel = Endpoint::from_shared(variables["BUILDYARD_ENDPOINT"].clone()).unwrap().connect().await.unwrap();
        let submission: Submission = serde_json::from_value(serde_json::json!({
            "source": {"type": "NO_SOURCE"},
            "buildspec": {"inline": format!("version: 0.2\nphases:\n  build:\n    commands: ['{command}']\n")},
            "environment": {"image": "none"},
            "artifacts": {"type": "NO_ARTIFACTS"},
        }))
        .unwrap();
        Self {
            builds: BuildsClient::new(channel),
            bearer: format!("Bearer {}", variables["BUILDYARD_TOKEN"]).parse().unwrap(),
            submission: convert::document(&submission),
        }
    }

    fn submit(&self, project: &str) -> impl Future<Output = BuildView> + Send + use<> {
        let mut request = Request::new(v1::SubmitRequest {
            project: project.to_owned(),
            submission: self.submission.clone().into(),
            idempotency_token: String::new(),
        });
        request.metadata_mut().insert("authorization", self.bearer.clone());
        let mut builds = self.builds.clone();
        async move {
            let reply = builds.submit(request).await.unwrap().into_inner();
            convert::from_document("build", &reply.build).unwrap()
        }
    }

    async fn submit_many(&self, project: &str, many: usize) {
        let mut submissions = JoinSet::new();
        for _ in 0..many {
            if submissions.len() == AT_ONCE {
                submissions.join_next().await.unwrap().unwrap();
            }
            submissions.spawn(self.submit(project));
        }
        submissions.join_all().await;
    }
}

/// How long the build waited, and how long it had its slot.
fn times(view: &BuildView) -> (Duration, Duration) {
    let queued = view.phases.iter().find(|record| record.phase_type == Phase::Queued).unwrap();
    let granted = queued.end_time.unwrap();
    (granted.since(queued.start_time), view.end_time.unwrap().since(granted))
}

#[test]
fn a_crowd_of_builds_does_not_hold_up_another_projects_first() {
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Host).slots(2));
    let runtime = Runtime::new().unwrap();
    let crowd = runtime.block_on(Crowd::connect(&fleet, "sleep 3"));
    runtime.block_on(crowd.submit_many("crowd", CROWD));
    let lone = Started { id: runtime.block_on(crowd.submit("lone")).id.to_string() };
    let why = fleet.document(&["why", &lone.id]);
    let view = fleet.succeed(&lone, PATIENCE);
    let (waited, _) = times(&view);

    let crowd: Vec<BuildView> = fleet
        .documents(&["builds", "--project", "crowd", "--limit", &CROWD.to_string()])
        .into_iter()
        .map(|view| serde_json::from_value(view).unwrap())
        .collect();
    assert_eq!(crowd.len(), CROWD);
    let ended: Vec<&BuildView> = crowd.iter().filter(|view| view.build_complete).collect();
    let longest = ended.iter().map(|view| times(view).1).max().expect("some of the crowd ended before");
    assert!(waited <= longest, "it waited {waited:?}, a build took {longest:?}: {why}");
    // Those that ran are the first of the crowd: the order within a project is kept.
    let last = ended.iter().map(|view| view.build_number).max().unwrap();
    assert!(usize::try_from(last).unwrap() <= ended.len() + 2, "{last} of {} that ended", ended.len());
    if why["waits"] == true {
        assert_eq!(why["reasons"][0]["type"], "FULL", "{why}");
    }
    let waiting = crowd.iter().find(|view| view.current_phase == Phase::Queued).unwrap();
    assert!(waiting.reason.as_ref().unwrap().contains("project crowd has "), "{waiting:?}");
}
