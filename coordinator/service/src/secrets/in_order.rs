//! Several sources of secrets: the first that has one gives it.

use super::{SecretKind, Secrets};
use crate::Error;
use async_trait::async_trait;
use buildyard_model::Secret;
use std::sync::Arc;

/// Sources that are asked one after the other. One that fails ends the search: what it would have said is not known.
#[derive(Debug, Clone)]
pub struct InOrder(pub Vec<Arc<dyn Secrets>>);

#[async_trait]
impl Secrets for InOrder {
    async fn resolve(&self, kind: SecretKind, reference: &str) -> Result<Option<Secret>, Error> {
        for source in &self.0 {
            if let Some(value) = source.resolve(kind, reference).await? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
}
