//! Configuration → running parts: one function per subsystem, in the order in which they depend on one another.

mod doors;
mod fleets;
mod provisioners;
mod records;
mod secrets;
mod storage;

use crate::config::{ConfigError, CoordinatorConfig};
use crate::credentials::Credentials;
use buildyard_model::SystemClock;
use buildyard_service::{
    BuildSettings, Closing, ImageNames, Parts, Secrets, Service, Settings, fingerprint, reconcile,
};
use buildyard_traces::{Program, Traces};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Who tells of traces.
const PROGRAM: Program = Program { name: "buildyard-coordinator", version: env!("CARGO_PKG_VERSION"), instance: None };

/// Why the coordinator cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data directory cannot be used.
    #[error("the data directory {} cannot be used: {source}", path.display())]
    DataDirectory { path: PathBuf, source: std::io::Error },
    /// An address is taken or not ours.
    #[error("cannot listen on {address} for {door}: {source}; choose another address with {option}")]
    Listen { door: &'static str, address: SocketAddr, option: &'static str, source: std::io::Error },
    /// Records cannot be opened.
    #[error(transparent)]
    Records(#[from] buildyard_store::Error),
    /// Stored secrets cannot be opened.
    #[error(transparent)]
    Vault(#[from] buildyard_vault::KeyError),
    /// Storage cannot be used.
    #[error("storage cannot be used: {0}")]
    Storage(#[from] buildyard_blobs::Error),
    /// What is remembered cannot be taken up again.
    #[error(transparent)]
    Service(#[from] buildyard_service::Error),
}

/// A running coordinator.
#[derive(Debug)]
pub struct Coordinator {
    /// Where the HTTP door listens.
    pub http: SocketAddr,
    /// Where the gRPC door listens.
    pub grpc: SocketAddr,
    pub credentials: Credentials,
    /// The file to source.
    pub credentials_file: PathBuf,
    /// What AWS clients call `endpoint_url`.
    pub endpoint_url: String,
    pub region: String,
    /// Whether the credentials were made just now.
    pub is_first_start: bool,
    service: Service,
    tasks: TaskTracker,
    reconcilers: TaskTracker,
    traces: Traces,
}

impl Coordinator {
    /// Starts everything; it ends with `shutdown`. When this returns, both doors answer.
    pub async fn start(config: &CoordinatorConfig, shutdown: &CancellationToken) -> Result<Self, StartError> {
        Self::start_with(config, secrets::by_hand(config).await?, shutdown).await
    }

    /// Says what would keep a coordinator from starting with this configuration, as far as that can be seen without
    /// starting: its values, and the files that it names.
    pub async fn check(config: &CoordinatorConfig) -> Result<(), StartError> {
        config.check()?;
        if let Some(storage) = &config.storage {
            storage.secret()?;
        }
        provisioners::check(config)?;
        secrets::check(config).await
    }

    /// Starts everything with `secrets` in place of those of the configured file.
    pub async fn start_with(
        config: &CoordinatorConfig,
        secrets: Arc<dyn Secrets>,
        shutdown: &CancellationToken,
    ) -> Result<Self, StartError> {
        config.check()?;
        let unusable = |source| StartError::DataDirectory { path: config.data_dir.clone(), source };
        // Credentials, sources and logs lie here: nobody else on this host has any business in it.
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&config.data_dir).map_err(unusable)?;
        // The lock of the records comes first: nothing is touched that another coordinator uses.
        let records = records::open(config).await?;
        let listeners = doors::bind(&config.listen, &config.metrics).await?;
        let (credentials, is_first_start) = Credentials::of(&config.data_dir).map_err(unusable)?;
        let http_url = config.listen.public_url.clone().unwrap_or_else(|| format!("http://{}", listeners.http_address));
        let storage = storage::open(config, &credentials, &http_url).await?;
        let vault = records::vault(config)?;
        let secrets = secrets::all(config, secrets, &records.store, &vault)?;
        let service = Service::new(Parts {
            store: records.store.clone(),
            objects: storage.objects.clone(),
            transfers: storage.transfers.clone(),
            secrets,
            vault,
            clock: Arc::new(SystemClock),
            settings: settings(config, &credentials, &storage, http_url.clone()),
        });
        service.hold_root_key(&credentials.access_key_id, credentials.secret_access_key.clone());
        if let Some(hosting) = fleets::hosting(config, &credentials, listeners.grpc_address) {
            service.host_fleets(hosting);
        }
        let traces = Traces::start(&config.tracing, &PROGRAM, service.trace_counts())?;
        service.trace_to(traces.clone());
        let reconcilers = reconcile::run(&service, shutdown).await?;
        records.watch(shutdown);
        let (http, grpc) = (listeners.http_address, listeners.grpc_address);
        let tasks = doors::open(listeners, service.clone(), storage.embedded, shutdown);
        let credentials_file = credentials
            .write_environment(&config.data_dir, &config.region, &http_url, &format!("http://{grpc}"))
            .map_err(unusable)?;
        tracing::info!(%http, %grpc, data_dir = %config.data_dir.display(), "the coordinator is ready");
        Ok(Self {
            http,
            grpc,
            credentials,
            credentials_file,
            endpoint_url: http_url,
            region: config.region.clone(),
            is_first_start,
            service,
            tasks,
            reconcilers,
            traces,
        })
    }

    /// Ends the agents that its fleets started, and waits until none is left: see [`Service::close_fleets`].
    ///
    /// # Errors
    /// When the records cannot be read.
    pub async fn close_fleets(&self, how: Closing) -> Result<(), StartError> {
        Ok(self.service.close_fleets(how).await?)
    }

    /// Waits for the end after `shutdown`.
    pub async fn join(self) {
        self.tasks.wait().await;
        self.reconcilers.wait().await;
        self.traces.flush().await;
    }
}

fn settings(
    config: &CoordinatorConfig,
    credentials: &Credentials,
    storage: &storage::Storage,
    endpoint_url: String,
) -> Settings {
    Settings {
        region: config.region.clone(),
        prices: config.usage.prices(),
        account: config.account.clone(),
        endpoint_url,
        artifact_bucket: storage.artifact_bucket.clone(),
        system_bucket: storage.system_bucket.clone(),
        join_token_sha256: fingerprint(credentials.join_token.expose()),
        client_tokens_sha256: vec![fingerprint(credentials.client_token.expose())],
        timings: config.timings.timings(),
        retention: config.retention.retention(),
        queue: config.queue.queueing(),
        builds: BuildSettings { images: ImageNames(config.images.clone()), require_role: config.secrets.require_role },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_check_reads_the_secrets_file_as_the_start_does() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secrets.json");
        let config = CoordinatorConfig { secrets_file: Some(path.clone()), ..CoordinatorConfig::default() };
        let problem = async || Coordinator::check(&config).await.err().map(|error| error.to_string());
        let missing = problem().await.unwrap();
        assert!(missing.contains("secrets.json cannot be read"), "{missing}");
        std::fs::write(&path, "{\"parameter\": {}}").unwrap();
        assert!(problem().await.unwrap().contains("unknown field"));
        std::fs::write(&path, "{}").unwrap();
        assert_eq!(problem().await, None);
    }
}
