//! Our own S3 on a data directory: for a coordinator without a bucket elsewhere.
//!
//! The coordinator uses it directly through the seam's traits; everybody else over HTTP through `door`. It is the only
//! user of its data directory while it is open; whoever opens it sees to that. Keys and secrets are the caller's business, connections are `aws-api`'s.

mod admission;
mod blob;
mod bucket;
mod checksum;
mod condition;
mod disk;
mod door;
mod endpoint;
mod entry;
mod error;
mod gate;
mod host;
mod key;
mod listing;
mod objects;
mod percent;
mod presign;
mod receive;
mod rechunk;
mod record;
mod recover;
mod s3;
mod source;
mod store;
mod transfers;
mod upload;
mod visitor;
mod walk;
mod write;

pub use door::S3Door;
pub use endpoint::EndpointInfo;
pub use gate::Credentials;

use crate::seam::Error;
use buildyard_model::{Clock, SystemClock};
use endpoint::Endpoint;
use gate::{Gate, OnePair};
use host::SharedEndpoint;
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use store::Store;
use tokio::task::spawn_blocking;

/// The embedded storage. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Embedded {
    store: Arc<Store>,
    endpoint: SharedEndpoint,
    info: Arc<EndpointInfo>,
}

impl Embedded {
    /// Opens a data directory, creating it if needed, and settles what a crash left behind.
    ///
    /// # Errors
    /// `Unavailable` when the directory cannot be used, `Refused` when the public URL is none.
    pub async fn open(directory: &Path, info: EndpointInfo) -> Result<Self, Error> {
        Self::open_with_clock(directory, info, Arc::new(SystemClock)).await
    }

    pub(crate) async fn open_with_clock(
        directory: &Path,
        info: EndpointInfo,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let endpoint = if info.public_url.is_empty() { None } else { Some(Endpoint::parse(&info.public_url)?) };
        let directory = directory.to_path_buf();
        let store = run(move || {
            let store = Store::open(&directory, clock)?;
            store.recover()?;
            Ok(store)
        });
        let endpoint = SharedEndpoint::new(endpoint.into());
        Ok(Self { store: Arc::new(store.await?), endpoint, info: Arc::new(info) })
    }

    /// Says how the storage is reached, once it is known; from then on URLs are presigned for it.
    ///
    /// # Errors
    /// `Refused` when it is no `http://host:port`.
    pub fn set_public_url(&self, url: &str) -> Result<(), Error> {
        let endpoint = Endpoint::parse(url)?;
        *self.endpoint.write().unwrap_or_else(PoisonError::into_inner) = Some(endpoint);
        Ok(())
    }

    /// The HTTP service, for requests that are signed with the storage's own keys.
    pub fn door(&self) -> S3Door {
        self.door_for(Vec::new(), Vec::new())
    }

    /// The HTTP service, for requests that are signed with the storage's own keys, which may do everything, or with
    /// those of others, who may do what their policies allow. `private` buckets are closed to all but account owners.
    pub fn door_for(&self, others: Vec<Arc<dyn Credentials>>, private: Vec<String>) -> S3Door {
        let mut signers: Vec<Arc<dyn Credentials>> =
            vec![Arc::new(OnePair::new(&self.info.access_key, &self.info.secret_key))];
        signers.extend(others);
        let gate = Gate::new(signers, &self.info.region, private, self.store.clock());
        let operations = s3::Operations::new(Arc::clone(&self.store), &self.info.region);
        S3Door::new(operations, Arc::clone(&self.endpoint), gate)
    }

    /// Drops uploads that were begun more than a day ago. `open` does so too; call it daily.
    ///
    /// # Errors
    /// `Unavailable` when the data directory fails.
    pub async fn sweep(&self) -> Result<(), Error> {
        self.with_store(Store::sweep_uploads).await
    }

    /// Runs on a thread that may block.
    async fn with_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, error::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let store = Arc::clone(&self.store);
        run(move || work(&store)).await
    }
}

async fn run<T: Send + 'static>(work: impl FnOnce() -> Result<T, error::Error> + Send + 'static) -> Result<T, Error> {
    let done = spawn_blocking(work).await.map_err(|error| error::Error::Disk(io::Error::other(error)))?;
    Ok(done?)
}

#[cfg(test)]
mod tests;
