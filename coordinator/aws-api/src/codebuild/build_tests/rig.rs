//! A service with its reconcilers, one project maker and an agent that does as it is told.

use crate::codebuild::api;
use crate::context::Context;
use buildyard_aws_protocol::{Api, Caller};
use buildyard_blobs::{Embedded, EndpointInfo};
use buildyard_model::*;
use buildyard_scheduler::{Event, Report};
use buildyard_service::{
    HeldSecrets, Hello, Messages, Parts, Service, SessionEnd, Settings, Timings, ToAgent, reconcile,
};
use buildyard_store::{Change, DocumentKind, Documents, Expected, Memory};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};

const PATIENCE: Duration = Duration::from_secs(20);
pub(super) const ARN: &str = "arn:aws:codebuild:us-east-1:000000000000";

pub(super) struct Rig {
    pub(super) api: Api<Context>,
    pub(super) context: Context,
    pub(super) store: Arc<Memory>,
    pub(super) blobs: Arc<Embedded>,
    pub(super) caller: Caller,
    _directory: tempfile::TempDir,
    _shutdown: DropGuard,
}

/// A project that can be built anywhere.
pub(super) fn plain(name: &str) -> Value {
    json!({
        "name": name,
        "arn": format!("{ARN}:project/{name}"),
        "source": { "type": "NO_SOURCE", "buildspec": "version: 0.2\nphases: {}" },
        "artifacts": { "type": "NO_ARTIFACTS" },
        "environment": { "type": "LINUX_CONTAINER", "image": "busybox:1", "computeType": "BUILD_GENERAL1_SMALL" },
        "serviceRole": "arn:aws:iam::000000000000:role/builds",
    })
}

/// `value` with the members of `more`.
pub(super) fn with(mut value: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("members are wanted") };
    value.as_object_mut().unwrap().extend(more);
    value
}

impl Rig {
    pub(super) async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let info = EndpointInfo {
            public_url: "http://127.0.0.1:1".into(),
            region: "us-east-1".into(),
            access_key: "k".into(),
            secret_key: Secret::new("s"),
        };
        let blobs = Arc::new(Embedded::open(directory.path(), info).await.unwrap());
        buildyard_blobs::Objects::ensure_bucket(&*blobs, "system").await.unwrap();
        let store = Arc::new(Memory::new());
        let service = Service::new(Parts {
            vault: buildyard_service::Vault::forgetful().unwrap(),
            store: store.clone(),
            objects: blobs.clone(),
            transfers: blobs.clone(),
            secrets: Arc::new(HeldSecrets::default()),
            clock: Arc::new(SystemClock),
            settings: Settings {
                region: "us-east-1".into(),
                prices: buildyard_service::Prices::default(),
                account: "000000000000".into(),
                artifact_bucket: "artifacts".into(),
                system_bucket: "system".into(),
                join_token_sha256: buildyard_service::fingerprint("join"),
                endpoint_url: "http://localhost:8080".into(),
                retention: buildyard_service::Retention::default(),
                queue: buildyard_service::Queueing::default(),
                builds: buildyard_service::BuildSettings::default(),
                client_tokens_sha256: vec![],
                timings: Timings::default(),
            },
        });
        let shutdown = CancellationToken::new();
        reconcile::run(&service, &shutdown).await.unwrap();
        Self {
            api: api(),
            context: Context { service },
            store,
            blobs,
            caller: Caller { user: "alice".into(), ..Caller::root("000000000000") },
            _directory: directory,
            _shutdown: shutdown.drop_guard(),
        }
    }

    /// Stores a project.
    pub(super) async fn project(&self, project: Value) {
        let key = project["name"].as_str().unwrap().to_owned();
        let body = Some(project.to_string());
        let change = Change { kind: DocumentKind::Project, key, expected: Expected::Anything, body };
        self.store.change(&[change]).await.unwrap();
    }

    pub(super) async fn forget_project(&self, name: &str) {
        let key = name.to_owned();
        let change = Change { kind: DocumentKind::Project, key, expected: Expected::Anything, body: None };
        self.store.change(&[change]).await.unwrap();
    }

    pub(super) async fn call(&self, operation: &str, input: Value) -> Value {
        self.api.answer(&self.context, &self.caller, operation, input).await.unwrap()
    }

    /// The code and the message of a refusal.
    pub(super) async fn refused(&self, operation: &str, input: Value) -> (String, String) {
        let answer = self.api.answer(&self.context, &self.caller, operation, input.clone()).await;
        let error = answer.expect_err(&format!("{operation} of {input} is refused"));
        assert_eq!(error.status, 400, "{error}");
        (error.code.into_owned(), error.message)
    }

    /// StartBuild's build.
    pub(super) async fn build(&self, input: Value) -> Value {
        self.call("StartBuild", input).await["build"].take()
    }

    /// A build as it is now.
    pub(super) async fn get(&self, id: &Value) -> Value {
        self.call("BatchGetBuilds", json!({ "ids": [id] })).await["builds"][0].take()
    }

    /// Waits until nothing durable is left to do.
    pub(super) async fn settle(&self) {
        let settled = async {
            while !buildyard_store::Outbox::pending(&*self.store, 0, 1).await.unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, settled).await.expect("the outbox is emptied");
    }

    pub(super) async fn agent(&self) -> Agent {
        let service = self.context.service.clone();
        let name: AgentId = "a1".parse().unwrap();
        service.enroll(&name, "join", "").await.unwrap();
        let capacity = Capacity {
            slots: 8,
            resources: Resources { vcpu: 640, memory_mib: 1 << 30 },
            architecture: Architecture::X86_64,
            labels: std::collections::BTreeMap::new(),
            privileged: true,
            local_source: false,
            executor: "fake".into(),
            fleet: None,
        };
        let hello = Hello { version: "1".into(), capacity, held: vec![], ticket: None, instance: None };
        let (end, messages) = service.connect(&name, hello).await.unwrap();
        Agent { service, name, messages, _end: end }
    }
}

pub(super) struct Agent {
    service: Service,
    name: AgentId,
    messages: Messages,
    _end: SessionEnd,
}

impl Agent {
    /// The next build it is offered; other messages are passed over.
    pub(super) async fn offer(&mut self) -> (LeaseToken, JobSpec) {
        loop {
            match tokio::time::timeout(PATIENCE, self.messages.recv()).await.expect("an offer comes") {
                Some(ToAgent::Offer { token, job }) => return (token, *job),
                Some(_) => {}
                None => panic!("the session ended"),
            }
        }
    }

    pub(super) async fn tell(&self, event: Event) {
        let token = event.token().unwrap().clone();
        self.service.heard(&self.name, &token, event).await.unwrap();
    }

    /// Ends a build with nothing to show for it.
    pub(super) async fn finish(&self, token: &LeaseToken, outcome: Outcome) {
        self.tell(Event::Finish { token: token.clone(), report: report(outcome) }).await;
    }

    pub(super) async fn log(&self, token: &LeaseToken, text: &str) {
        let mut sink = self.service.append_log(&self.name, token).await.unwrap();
        let chunk = LogChunk { offset: 0, time: Timestamp(0), bytes: text.as_bytes().to_vec() };
        sink.push(&chunk, true).await.unwrap();
        sink.stored().await.unwrap();
    }
}

pub(super) fn report(outcome: Outcome) -> Report {
    Report { outcome, phases: vec![], exported: vec![], artifacts: vec![], log_bytes: 0, reason: None, retry_limit: 0 }
}
