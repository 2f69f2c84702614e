//! Builds in memory.

use super::{Memory, Records, Token};
use crate::idempotency::{forgotten_until, same_request};
use crate::roles::{Builds, Created, Draft, Error, IdQuery, ListQuery, Order, OutboxEntry};
use async_trait::async_trait;
use buildyard_model::{BuildId, ProjectName};
use buildyard_scheduler::{Build, Effect, Step};
use std::collections::BTreeSet;

#[async_trait]
impl Builds for Memory {
    async fn create(&self, draft: Draft) -> Result<Created, Error> {
        create(&mut self.records(), draft)
    }

    async fn get(&self, id: &BuildId) -> Result<Option<Build>, Error> {
        Ok(self.records().get(id).cloned())
    }

    async fn get_many(&self, ids: &[BuildId]) -> Result<Vec<Build>, Error> {
        let records = self.records();
        let places: BTreeSet<u64> = ids.iter().filter_map(|id| records.sequence(id)).collect();
        Ok(places.iter().filter_map(|sequence| records.builds.get(sequence)).cloned().collect())
    }

    async fn commit(&self, step: &Step) -> Result<Vec<OutboxEntry>, Error> {
        let mut records = self.records();
        let id = &step.build.spec.id;
        let Some(sequence) = records.sequence(id) else { return Err(Error::NotFound(format!("build {id}"))) };
        let stored = records.builds.get(&sequence).map(|build| build.version);
        if stored.is_none() || stored != step.build.version.checked_sub(1) {
            return Err(Error::Conflict(format!("build {id}")));
        }
        records.put(sequence, step.build.clone());
        Ok(records.add_effects(&step.effects))
    }

    async fn list(&self, query: &ListQuery) -> Result<Vec<Build>, Error> {
        let records = self.records();
        let before = match &query.after {
            Some(id) => records.sequence(id).ok_or_else(|| Error::NotFound(format!("build {id}")))?,
            None => u64::MAX,
        };
        let wanted = |build: &&Build| query.project.as_ref().is_none_or(|project| build.spec.id.project() == project);
        let newest_first = records.builds.range(..before).rev().map(|(_, build)| build);
        Ok(newest_first.filter(wanted).take(query.limit as usize).cloned().collect())
    }

    async fn find(&self, project: Option<&ProjectName>, prefix: &str, limit: u32) -> Result<Vec<BuildId>, Error> {
        let prefix = prefix.to_ascii_lowercase();
        let records = self.records();
        let matching = records.by_uuid.iter().filter(|(uuid, _)| uuid.to_string().starts_with(&prefix));
        let ids = matching.filter_map(|(_, sequence)| records.builds.get(sequence)).map(|build| &build.spec.id);
        let wanted = ids.filter(|id| project.is_none_or(|project| id.project() == project));
        Ok(wanted.take(limit as usize).cloned().collect())
    }

    async fn ids(&self, query: &IdQuery) -> Result<Vec<(u64, BuildId)>, Error> {
        let records = self.records();
        let wanted = |(_, build): &(&u64, &Build)| {
            query.project.as_ref().is_none_or(|project| build.spec.id.project() == project)
        };
        let id = |(sequence, build): (&u64, &Build)| (*sequence, build.spec.id.clone());
        let limit = query.limit as usize;
        Ok(match query.order {
            Order::NewestFirst => {
                let builds = records.builds.range(..query.after.unwrap_or(u64::MAX)).rev();
                builds.filter(wanted).take(limit).map(id).collect()
            }
            Order::OldestFirst => {
                let builds = records.builds.range(query.after.map_or(0, |after| after.saturating_add(1))..);
                builds.filter(wanted).take(limit).map(id).collect()
            }
        })
    }

    async fn remove(&self, id: &BuildId, effects: &[Effect]) -> Result<bool, Error> {
        let mut records = self.records();
        let Some(sequence) = records.sequence(id) else { return Ok(false) };
        let finished = records.builds.get(&sequence).is_some_and(|build| build.outcome().is_some());
        if finished {
            records.builds.remove(&sequence);
            records.by_uuid.remove(&id.uuid());
            records.tokens.retain(|_, token| token.build != *id);
            records.add_effects(effects);
        }
        Ok(finished)
    }
}

fn create(records: &mut Records, draft: Draft) -> Result<Created, Error> {
    let Draft { mut spec, idempotency, outbox_entry, limit } = draft;
    let now = spec.submitted_at;
    if idempotency.is_some() {
        records.tokens.retain(|_, token| token.at > forgotten_until(now));
    }
    if let Some((token, request_hash)) = &idempotency
        && let Some(first) = records.tokens.get(token)
    {
        same_request(&first.request_hash, request_hash)?;
        let build =
            records.get(&first.build).cloned().ok_or_else(|| Error::NotFound(format!("build {}", first.build)))?;
        outbox_entry.map(|id| records.outbox.remove(&id));
        return Ok(Created { build, existed: true });
    }
    if let Some(id) = outbox_entry.filter(|id| !records.outbox.contains_key(id)) {
        return Err(Error::NotFound(format!("outbox entry {id}")));
    }
    if let Some(limit) = limit.filter(|limit| records.claimed(spec.id.project(), outbox_entry) >= *limit) {
        return Err(Error::LimitReached { project: spec.id.project().clone(), limit });
    }
    if records.by_uuid.contains_key(&spec.id.uuid()) {
        return Err(Error::Failed(format!("build {} exists already", spec.id)));
    }
    outbox_entry.map(|id| records.outbox.remove(&id));
    let number = records.numbers.entry(spec.id.project().clone()).or_default();
    *number += 1;
    spec.build_number = *number;
    if let Some((token, request_hash)) = idempotency {
        records.tokens.insert(token, Token { request_hash, build: spec.id.clone(), at: now });
    }
    records.last_sequence += 1;
    let sequence = records.last_sequence;
    records.by_uuid.insert(spec.id.uuid(), sequence);
    let build = Build::queued(spec, now);
    records.put(sequence, build.clone());
    Ok(Created { build, existed: false })
}
