//! Storage: a bucket of the owner's, or our own S3 on the data directory.

use super::StartError;
use crate::config::{CoordinatorConfig, StorageConfig};
use crate::credentials::Credentials;
use buildyard_blobs::{ClientSettings, Embedded, EndpointInfo, Objects, S3Client, Transfers};
use std::os::unix::fs::DirBuilderExt;
use std::sync::Arc;

/// The bucket for builds' artifacts in the embedded S3.
const ARTIFACTS: &str = "artifacts";
/// The bucket for our own objects in the embedded S3.
const SYSTEM: &str = "buildyard";

pub(super) struct Storage {
    pub(super) objects: Arc<dyn Objects>,
    pub(super) transfers: Arc<dyn Transfers>,
    /// What the HTTP door serves.
    pub(super) embedded: Option<Embedded>,
    pub(super) artifact_bucket: String,
    pub(super) system_bucket: String,
}

pub(super) async fn open(
    config: &CoordinatorConfig,
    credentials: &Credentials,
    http_url: &str,
) -> Result<Storage, StartError> {
    let storage = match &config.storage {
        Some(storage) => client(storage)?,
        None => embedded(config, credentials, http_url).await?,
    };
    storage.objects.ensure_bucket(&storage.system_bucket).await?;
    storage.objects.ensure_bucket(&storage.artifact_bucket).await?;
    Ok(storage)
}

fn client(storage: &StorageConfig) -> Result<Storage, StartError> {
    let client = Arc::new(S3Client::new(&ClientSettings {
        endpoint: Some(storage.endpoint.clone()),
        region: storage.region.clone(),
        access_key: storage.access_key_id.clone(),
        secret_key: storage.secret()?,
        force_path_style: storage.path_style,
        prefix: None,
    }));
    Ok(Storage {
        objects: client.clone(),
        transfers: client,
        embedded: None,
        artifact_bucket: storage.artifact_bucket.clone(),
        system_bucket: storage.system_bucket.clone(),
    })
}

async fn embedded(
    config: &CoordinatorConfig,
    credentials: &Credentials,
    http_url: &str,
) -> Result<Storage, StartError> {
    let endpoint = EndpointInfo {
        public_url: http_url.to_owned(),
        region: config.region.clone(),
        access_key: credentials.access_key_id.clone(),
        secret_key: credentials.secret_access_key.clone(),
    };
    let directory = config.data_dir.join("s3");
    // Logs, sources and artifacts are nobody else's on this host.
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory);
    made.map_err(|source| StartError::DataDirectory { path: directory.clone(), source })?;
    let embedded = Embedded::open(&directory, endpoint).await?;
    let shared = Arc::new(embedded.clone());
    Ok(Storage {
        objects: shared.clone(),
        transfers: shared,
        embedded: Some(embedded),
        artifact_bucket: ARTIFACTS.to_owned(),
        system_bucket: SYSTEM.to_owned(),
    })
}
