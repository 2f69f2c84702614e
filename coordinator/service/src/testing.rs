//! A service on the memory store and storage in memory, for this crate's tests.

mod clock;
mod flawed;

pub(crate) use clock::{Hands, RuntimeClock};
pub(crate) use flawed::Flawed;

use crate::{
    Hello, Messages, Parts, Queueing, Retention, Safe, Service, SessionEnd, Settings, Timings, ToAgent, fingerprint,
    reconcile,
};
use async_trait::async_trait;
use buildyard_blobs::{Error as BlobError, ObjectInfo, Objects, Page, Transfers};
use buildyard_model::{
    AgentId, Architecture, BuildId, Capacity, Clock, LeaseToken, Resources, Submission, SystemClock,
};
use buildyard_store::Store;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Objects in a map; uploads become objects when completed.
#[derive(Debug, Default)]
pub(crate) struct MemoryBlobs {
    objects: Mutex<BTreeMap<(String, String), Bytes>>,
    uploads: Mutex<BTreeMap<String, (String, String)>>,
    parts: Mutex<BTreeMap<(String, u32), Bytes>>,
    reads: std::sync::atomic::AtomicUsize,
}

impl MemoryBlobs {
    pub(crate) fn keys(&self, bucket: &str) -> Vec<String> {
        let objects = self.objects.lock().unwrap();
        objects.keys().filter(|(of, _)| of == bucket).map(|(_, key)| key.clone()).collect()
    }

    /// How many objects were read since the last count.
    pub(crate) fn count_reads(&self) -> usize {
        self.reads.swap(0, std::sync::atomic::Ordering::Relaxed)
    }

    pub(crate) fn uploads(&self) -> usize {
        self.uploads.lock().unwrap().len()
    }
}

fn missing(key: &str) -> BlobError {
    BlobError::NotFound(key.to_owned())
}

#[async_trait]
impl Objects for MemoryBlobs {
    async fn put(&self, bucket: &str, key: &str, body: Bytes) -> Result<(), BlobError> {
        self.objects.lock().unwrap().insert((bucket.to_owned(), key.to_owned()), body);
        Ok(())
    }

    async fn get(&self, bucket: &str, key: &str) -> Result<Bytes, BlobError> {
        self.reads.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let objects = self.objects.lock().unwrap();
        objects.get(&(bucket.to_owned(), key.to_owned())).cloned().ok_or_else(|| missing(key))
    }

    async fn head(&self, bucket: &str, key: &str) -> Result<ObjectInfo, BlobError> {
        let body = self.get(bucket, key).await?;
        Ok(ObjectInfo { key: key.to_owned(), size_bytes: body.len() as u64 })
    }

    async fn list(&self, bucket: &str, prefix: &str, after: &str) -> Result<Page, BlobError> {
        let objects = self.objects.lock().unwrap();
        let wanted =
            objects.iter().filter(|((of, key), _)| of == bucket && key.starts_with(prefix) && key.as_str() > after);
        // Pages of two, so that every caller has to page.
        let mut found: Vec<ObjectInfo> = wanted
            .take(3)
            .map(|((_, key), body)| ObjectInfo { key: key.clone(), size_bytes: body.len() as u64 })
            .collect();
        let more = found.len() > 2;
        found.truncate(2);
        Ok(Page { objects: found, more })
    }

    async fn delete(&self, bucket: &str, key: &str) -> Result<(), BlobError> {
        self.objects.lock().unwrap().remove(&(bucket.to_owned(), key.to_owned()));
        Ok(())
    }

    async fn ensure_bucket(&self, _: &str) -> Result<(), BlobError> {
        Ok(())
    }
}

#[async_trait]
impl Transfers for MemoryBlobs {
    async fn presign_get(&self, bucket: &str, key: &str, _: Option<&str>, _: Duration) -> Result<String, BlobError> {
        Ok(format!("memory://{bucket}/{key}"))
    }

    async fn presign_put(&self, bucket: &str, key: &str, _: Duration) -> Result<String, BlobError> {
        Ok(format!("memory://{bucket}/{key}"))
    }

    async fn begin_upload(&self, bucket: &str, key: &str, _: &[(String, String)]) -> Result<String, BlobError> {
        let id = uuid::Uuid::new_v4().to_string();
        self.uploads.lock().unwrap().insert(id.clone(), (bucket.to_owned(), key.to_owned()));
        Ok(id)
    }

    async fn presign_parts(
        &self,
        _: &str,
        key: &str,
        upload: &str,
        parts: u32,
        _: Duration,
    ) -> Result<Vec<String>, BlobError> {
        Ok((1..=parts).map(|part| format!("memory://{key}?{upload}&{part}")).collect())
    }

    async fn put_part(&self, _: &str, _: &str, upload: &str, number: u32, body: Bytes) -> Result<String, BlobError> {
        self.uploads.lock().unwrap().get(upload).ok_or_else(|| missing(upload))?;
        self.parts.lock().unwrap().insert((upload.to_owned(), number), body);
        Ok(format!("part {number}"))
    }

    async fn complete_upload(&self, bucket: &str, key: &str, upload: &str, etags: &[String]) -> Result<(), BlobError> {
        self.uploads.lock().unwrap().remove(upload).ok_or_else(|| missing(upload))?;
        let part = |number| self.parts.lock().unwrap().remove(&(upload.to_owned(), number));
        // Parts that came by URL never came: their etags stand for them.
        let parts: Vec<Bytes> =
            (1..).zip(etags).map(|(number, etag)| part(number).unwrap_or_else(|| etag.clone().into())).collect();
        self.put(bucket, key, parts.concat().into()).await
    }

    async fn abort_upload(&self, _: &str, _: &str, upload: &str) -> Result<(), BlobError> {
        self.uploads.lock().unwrap().remove(upload);
        Ok(())
    }
}

/// A running service and its storage.
pub(crate) struct Rig {
    pub(crate) service: Service,
    pub(crate) blobs: Arc<MemoryBlobs>,
    pub(crate) shutdown: CancellationToken,
}

/// A connected agent.
pub(crate) struct TestAgent {
    pub(crate) name: AgentId,
    pub(crate) messages: Messages,
    pub(crate) end: SessionEnd,
}

pub(crate) const JOIN_TOKEN: &str = "join";
pub(crate) const CLIENT_TOKEN: &str = "client";

impl Rig {
    pub(crate) async fn start() -> Self {
        Self::start_on(Arc::new(buildyard_store::Memory::default()), Arc::new(SystemClock), |_| {}).await
    }

    /// Starts on a store and a clock, with fleets.
    pub(crate) async fn start_hosted(store: Arc<dyn Store>, clock: Arc<dyn Clock>, hosting: crate::Hosting) -> Self {
        Self::start_with(store, clock, |_| {}, Some(hosting)).await
    }

    /// Starts on a store and a clock, with settings changed.
    pub(crate) async fn start_on(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        Self::start_with(store, clock, change, None).await
    }

    async fn start_with(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        change: impl FnOnce(&mut Settings),
        hosting: Option<crate::Hosting>,
    ) -> Self {
        let blobs = Arc::new(MemoryBlobs::default());
        let mut settings = Settings {
            region: "us-east-1".into(),
            prices: crate::Prices::default(),
            account: "000000000000".into(),
            artifact_bucket: "artifacts".into(),
            system_bucket: "system".into(),
            join_token_sha256: fingerprint(JOIN_TOKEN),
            endpoint_url: "http://localhost:8080".into(),
            client_tokens_sha256: vec![fingerprint(CLIENT_TOKEN)],
            timings: Timings::default(),
            retention: Retention::default(),
            queue: Queueing::default(),
            builds: crate::BuildSettings::default(),
        };
        change(&mut settings);
        let vault = buildyard_vault::Vault::forgetful().unwrap();
        let safe = Safe::new(store.clone(), vault.clone(), clock.clone(), &settings.region, &settings.account);
        let service = Service::new(Parts {
            vault,
            store,
            objects: blobs.clone(),
            transfers: blobs.clone(),
            secrets: Arc::new(safe),
            clock,
            settings,
        });
        if let Some(hosting) = hosting {
            service.host_fleets(hosting);
        }
        let shutdown = CancellationToken::new();
        reconcile::run(&service, &shutdown).await.unwrap();
        Self { service, blobs, shutdown }
    }

    /// Enrols (once) and connects an agent with so many slots.
    pub(crate) async fn connect(&self, name: &str, slots: u32, held: Vec<LeaseToken>) -> TestAgent {
        let name: AgentId = name.parse().unwrap();
        if self.service.store().agent(&name).await.unwrap().is_none() {
            self.service.enroll(&name, JOIN_TOKEN, "").await.unwrap();
        }
        let capacity = Capacity {
            slots,
            resources: Resources { vcpu: 64, memory_mib: 1 << 20 },
            architecture: Architecture::X86_64,
            labels: BTreeMap::new(),
            privileged: false,
            local_source: false,
            executor: "fake".into(),
            fleet: None,
        };
        let hello = Hello { version: "1".into(), capacity, held, ticket: None, instance: None };
        let (end, messages) = self.service.connect(&name, hello).await.unwrap();
        TestAgent { name, messages, end }
    }

    pub(crate) async fn submit(&self, project: &str) -> BuildId {
        let submission: Submission = serde_json::from_str(
            r#"{"source":{"type":"NO_SOURCE"},"buildspec":{"inline":"version: 0.2\nphases: {}"},"environment":{"image":"x"}}"#,
        )
        .unwrap();
        self.service.submit(&project.parse().unwrap(), submission, None).await.unwrap().id
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl TestAgent {
    /// The next offer; whatever else comes is a failure of the test.
    pub(crate) async fn offer(&mut self) -> LeaseToken {
        let message = tokio::time::timeout(Duration::from_secs(5), self.messages.recv()).await.expect("an offer comes");
        match message {
            Some(ToAgent::Offer { token, .. }) => token,
            other => panic!("expected an offer, got {other:?}"),
        }
    }

    /// The next message.
    pub(crate) async fn message(&mut self) -> ToAgent {
        tokio::time::timeout(Duration::from_secs(5), self.messages.recv())
            .await
            .expect("a message comes")
            .expect("the session is open")
    }
}
