//! Where builds' secrets come from: what the owner gave by hand first, then the coordinator's own stores or AWS.

use super::StartError;
use crate::config::CoordinatorConfig;
use buildyard_model::SystemClock;
use buildyard_service::{AwsSecrets, FileSecrets, HeldSecrets, InOrder, Safe, Secrets};
use buildyard_store::Store;
use buildyard_vault::Vault;
use std::sync::Arc;

/// The secrets of the configured file; none without one.
pub(super) async fn by_hand(config: &CoordinatorConfig) -> Result<Arc<dyn Secrets>, StartError> {
    Ok(match &config.secrets_file {
        Some(path) => Arc::new(FileSecrets::open(path.clone()).await?),
        None => Arc::new(HeldSecrets::default()),
    })
}

/// Says what would keep [`by_hand`] and [`all`] from working, as far as it can be seen without a store.
pub(super) async fn check(config: &CoordinatorConfig) -> Result<(), StartError> {
    by_hand(config).await?;
    config.secrets.aws(&config.region, environment)?;
    Ok(())
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// All secrets, in the order in which they are asked.
pub(super) fn all(
    config: &CoordinatorConfig,
    by_hand: Arc<dyn Secrets>,
    store: &Arc<dyn Store>,
    vault: &Vault,
) -> Result<Arc<dyn Secrets>, StartError> {
    let clock = Arc::new(SystemClock);
    let second: Arc<dyn Secrets> = match config.secrets.aws(&config.region, environment)? {
        Some(settings) => Arc::new(AwsSecrets::new(settings, clock)?),
        None => Arc::new(Safe::new(store.clone(), vault.clone(), clock, &config.region, &config.account)),
    };
    Ok(Arc::new(InOrder(vec![by_hand, second])))
}
