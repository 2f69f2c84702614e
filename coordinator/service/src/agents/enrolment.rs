//! How a host becomes an agent: a join token is traded for a credential of its own.

use crate::credential::{fingerprint, new_secret, same};
use crate::{Error, Kind, Service};
use buildyard_model::AgentId;
use buildyard_store::AgentRecord;
use std::time::Duration;

/// A host that lost its credential may enrol again under its name when nobody used the name for so long.
const NAME_IS_FREE_AFTER: Duration = Duration::from_secs(300);

impl Service {
    /// Trades a join token for a credential of the agent's own, `<name>.<secret>`.
    pub async fn enroll(&self, name: &AgentId, join_token: &str, earlier: &str) -> Result<String, Error> {
        if let Some(words) = self.removed(&fingerprint(earlier)).await? {
            return Err(Error::new(Kind::Denied, words));
        }
        let _turn = self.inner.turns.of(name).await;
        let now = self.now();
        let known = self.store().agent(name).await?;
        if let Some(record) = &known
            && !earlier.is_empty()
            && same(&record.credential_sha256, &fingerprint(earlier))
        {
            return Ok(earlier.to_owned());
        }
        if !same(&self.settings().join_token_sha256, &fingerprint(join_token)) {
            return Err(Error::new(
                Kind::Denied,
                "the join token is not valid; take it from the coordinator's data directory or config",
            ));
        }
        if let Some(record) = &known {
            let in_use = self.inner.sessions.get(name).is_some() || now.since(record.last_seen) < NAME_IS_FREE_AFTER;
            if in_use {
                return Err(Error::new(
                    Kind::Conflict,
                    format!(
                        "agent name {name} is in use by another host; give this one another name, or wait 5 minutes after the other stopped"
                    ),
                ));
            }
        }
        let credential = format!("{name}.{}", new_secret());
        let record = AgentRecord {
            name: name.clone(),
            credential_sha256: fingerprint(&credential),
            version: String::new(),
            capacity: None,
            draining: known.as_ref().is_some_and(|record| record.draining),
            withdrawal: known.and_then(|record| record.withdrawal),
            enrolled_at: now,
            last_seen: now,
        };
        self.store().put_agent(&record).await?;
        tracing::info!(agent.id = %name, "agent enrolled");
        Ok(credential)
    }
}
