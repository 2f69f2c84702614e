//! Services over the memory store and over SQLite, for the tests of what is kept in the safe.

use crate::context::Context;
use buildyard_aws_protocol::{Api, Caller};
use buildyard_blobs::{Embedded, EndpointInfo};
use buildyard_model::{Clock, Secret, Timestamp};
use buildyard_service::{InOrder, Parts, Safe, Service, Settings, Timings, Vault};
use buildyard_store::{Memory, Sqlite, Store};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

pub(crate) const ACCOUNT: &str = "123456789012";
pub(crate) const REGION: &str = "eu-west-1";

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub(crate) struct Hands(AtomicI64);

impl Hands {
    pub(crate) fn forward(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

pub(crate) struct Rig {
    pub(crate) api: Api<Context>,
    pub(crate) context: Context,
    pub(crate) clock: Arc<Hands>,
    pub(crate) caller: Caller,
    store: Arc<dyn Store>,
    directory: tempfile::TempDir,
}

impl Rig {
    /// One over each store.
    pub(crate) async fn both(api: fn() -> Api<Context>) -> Vec<Self> {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::create_dir(second.path().join("records")).unwrap();
        let sqlite = Sqlite::open(&second.path().join("records")).await.unwrap();
        vec![
            Self::over(api(), Arc::new(Memory::default()), first).await,
            Self::over(api(), Arc::new(sqlite), second).await,
        ]
    }

    async fn over(api: Api<Context>, store: Arc<dyn Store>, directory: tempfile::TempDir) -> Self {
        let clock = Arc::new(Hands(AtomicI64::new(1_800_000_000_000)));
        let context = context(&store, &clock, directory.path()).await;
        Self { api, context, clock, caller: Caller::root(ACCOUNT), store, directory }
    }

    /// The same records under another key.
    pub(crate) async fn with_lost_key(mut self) -> Self {
        self.context = context(&self.store, &self.clock, self.directory.path()).await;
        self
    }

    /// What an operation answers.
    pub(crate) async fn ok(&self, operation: &str, input: Value) -> Value {
        let asked = input.to_string();
        let answer = self.api.answer(&self.context, &self.caller, operation, input).await;
        answer.unwrap_or_else(|error| panic!("{operation} {asked}: {error}"))
    }

    /// The code of the error that an operation answers.
    pub(crate) async fn code(&self, operation: &str, input: Value) -> String {
        self.error(operation, input).await.0
    }

    /// Code and message of the error that an operation answers.
    pub(crate) async fn error(&self, operation: &str, input: Value) -> (String, String) {
        let asked = input.to_string();
        match self.api.answer(&self.context, &self.caller, operation, input).await {
            Ok(answer) => panic!("{operation} {asked} was done: {answer}"),
            Err(error) => {
                assert!(error.status.is_client_error(), "{error}");
                (error.code.into_owned(), error.message)
            }
        }
    }

    /// How many files below the directory hold the text.
    pub(crate) fn files_with(&self, text: &str) -> usize {
        fn count(directory: &Path, text: &[u8]) -> usize {
            let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
            let holds = |path: &Path| std::fs::read(path).unwrap().windows(text.len()).any(|part| part == text);
            entries.map(|path| if path.is_dir() { count(&path, text) } else { usize::from(holds(&path)) }).sum()
        }
        count(self.directory.path(), text.as_bytes())
    }

    pub(crate) fn is_on_disk(&self) -> bool {
        self.directory.path().join("records").exists()
    }
}

async fn context(store: &Arc<dyn Store>, clock: &Arc<Hands>, directory: &Path) -> Context {
    let vault = Vault::forgetful().unwrap();
    let info = EndpointInfo {
        public_url: "http://127.0.0.1:1".into(),
        region: REGION.into(),
        access_key: "k".into(),
        secret_key: Secret::new("s"),
    };
    let blobs = Arc::new(Embedded::open(&directory.join("s3"), info).await.unwrap());
    buildyard_blobs::Objects::ensure_bucket(&*blobs, "system").await.unwrap();
    let safe = Safe::new(store.clone(), vault.clone(), clock.clone(), REGION, ACCOUNT);
    let service = Service::new(Parts {
        store: store.clone(),
        objects: blobs.clone(),
        transfers: blobs,
        secrets: Arc::new(InOrder(vec![Arc::new(safe)])),
        vault,
        clock: clock.clone(),
        settings: Settings {
            region: REGION.into(),
            prices: buildyard_service::Prices::default(),
            account: ACCOUNT.into(),
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
    Context { service }
}
