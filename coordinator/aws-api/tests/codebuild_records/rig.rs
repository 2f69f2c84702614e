//! CodeBuild's API over an empty store. No operation here touches storage, so there is none behind it.

use buildyard_aws_api::{Context, codebuild};
use buildyard_aws_protocol::{Api, ApiError, Caller};
use buildyard_blobs::{ClientSettings, S3Client};
use buildyard_model::{Clock, Secret, Timestamp};
use buildyard_service::{HeldSecrets, Parts, Service, Settings, Timings};
use buildyard_store::Memory;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

pub(crate) const ACCOUNT: &str = "123456789012";
pub(crate) const ARN: &str = "arn:aws:codebuild:eu-west-1:123456789012";

/// Every look at it is a millisecond later than the one before.
#[derive(Debug)]
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// The API and what is behind it.
pub(crate) struct Rig {
    pub(crate) api: Api<Context>,
    pub(crate) context: Context,
}

impl Rig {
    pub(crate) fn new() -> Self {
        let blobs = Arc::new(S3Client::new(&ClientSettings {
            endpoint: Some("http://127.0.0.1:9".into()),
            region: "eu-west-1".into(),
            access_key: "none".into(),
            secret_key: Secret::new("none"),
            force_path_style: true,
            prefix: None,
        }));
        let service = Service::new(Parts {
            vault: buildyard_service::Vault::forgetful().unwrap(),
            store: Arc::new(Memory::default()),
            objects: blobs.clone(),
            transfers: blobs,
            secrets: Arc::new(HeldSecrets::default()),
            clock: Arc::new(Ticking(AtomicI64::new(1_600_000_000_000))),
            settings: Settings {
                region: "eu-west-1".into(),
                prices: buildyard_service::Prices::default(),
                account: ACCOUNT.into(),
                endpoint_url: "https://builds.example".into(),
                artifact_bucket: "artifacts".into(),
                system_bucket: "system".into(),
                join_token_sha256: String::new(),
                retention: buildyard_service::Retention::default(),
                queue: buildyard_service::Queueing::default(),
                builds: buildyard_service::BuildSettings::default(),
                client_tokens_sha256: vec![],
                timings: Timings::default(),
            },
        });
        Self { api: codebuild::api(), context: Context { service } }
    }

    pub(crate) async fn try_call(&self, operation: &str, input: Value) -> Result<Value, ApiError> {
        self.api.answer(&self.context, &Caller::root(ACCOUNT), operation, input).await
    }

    pub(crate) async fn call(&self, operation: &str, input: Value) -> Value {
        self.try_call(operation, input).await.unwrap_or_else(|error| panic!("{operation}: {error}"))
    }

    /// The code and the message with which an operation is refused.
    pub(crate) async fn refused(&self, operation: &str, input: Value) -> (String, String) {
        match self.try_call(operation, input).await {
            Ok(output) => panic!("{operation} answered {output}"),
            Err(error) => (error.code.into_owned(), error.message),
        }
    }

    /// Makes a project of the least that it can be.
    pub(crate) async fn create(&self, name: &str) -> Value {
        self.call("CreateProject", least(name)).await["project"].take()
    }

    pub(crate) async fn project(&self, name: &str) -> Value {
        self.call("BatchGetProjects", json!({"names": [name]})).await["projects"][0].take()
    }
}

/// The least that a project can be.
pub(crate) fn least(name: &str) -> Value {
    json!({
        "name": name,
        "source": {"type": "GITHUB", "location": "https://github.com/team/demo.git"},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {"type": "LINUX_CONTAINER", "image": "demo:1", "computeType": "BUILD_GENERAL1_SMALL"},
        "serviceRole": "builder",
    })
}
