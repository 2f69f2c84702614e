//! The daily documents of usage, and how a build gets into them exactly once.
//!
//! What is to be counted waits in the outbox. A round counts all that waits in one change of documents, and only then
//! takes it out of the outbox; each document names the builds that it was given last. Should the coordinator crash in
//! between, what waits still and is named there has been counted. What waits no longer need not be named any more, so a
//! document stays small. Should another coordinator count meanwhile, one of the two changes fails and is made anew.

use super::KIND;
use crate::records::{read, write};
use crate::{Error, Kind, Service};
use buildyard_model::{BuildId, ComputeType, Day, EnvironmentType, FleetName, Metered, ProjectName};
use buildyard_scheduler::Effect;
use buildyard_store::{Document, Expected, OutboxEntry};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Images told apart in one document; further ones are counted together.
const MOST_IMAGES: usize = 64;
/// What those are called.
const OTHER_IMAGES: &str = "(other images)";
/// How often a change is made anew.
const TRIES: u32 = 16;

/// The builds of a project that ended on one day in one fleet with one compute type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    pub(super) day: Day,
    pub(super) project: ProjectName,
    pub(super) fleet: FleetName,
    pub(super) compute: ComputeType,
    pub(super) lines: Vec<Line>,
    /// Builds counted that may wait in the outbox still.
    #[serde(default)]
    counted: BTreeSet<BuildId>,
}

/// Those of one image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line {
    pub(super) environment: EnvironmentType,
    pub(super) image: String,
    pub(super) builds: u64,
    pub(super) milliseconds: u64,
    pub(super) minutes: u64,
}

impl Page {
    pub(super) fn read(document: &Document) -> Result<Self, Error> {
        read(KIND, document)
    }

    pub(super) fn of(metered: &Metered) -> Self {
        Self {
            day: Day::of(metered.ended_at),
            project: metered.project().clone(),
            fleet: metered.fleet.clone(),
            compute: metered.compute,
            lines: Vec::new(),
            counted: BTreeSet::new(),
        }
    }

    /// Counts those of `waiting` that belong here and are not counted yet. Names all that wait, and no others.
    pub(super) fn count(&mut self, waiting: &[&Metered]) {
        let before = std::mem::take(&mut self.counted);
        for metered in waiting {
            if !before.contains(&metered.build) {
                self.add(metered);
            }
            self.counted.insert(metered.build.clone());
        }
    }

    fn add(&mut self, metered: &Metered) {
        let known = |line: &Line, image: &str| line.environment == metered.environment && line.image == image;
        let full = self.lines.len() >= MOST_IMAGES && !self.lines.iter().any(|line| known(line, &metered.image));
        let image = if full { OTHER_IMAGES } else { metered.image.as_str() };
        let at = self.lines.iter().position(|line| known(line, image)).unwrap_or_else(|| {
            let (environment, image) = (metered.environment, image.to_owned());
            self.lines.push(Line { environment, image, builds: 0, milliseconds: 0, minutes: 0 });
            self.lines.len() - 1
        });
        let line = &mut self.lines[at];
        line.builds += 1;
        line.milliseconds = line.milliseconds.saturating_add(metered.milliseconds);
        line.minutes = line.minutes.saturating_add(metered.minutes());
    }
}

fn key(metered: &Metered) -> String {
    let day = Day::of(metered.ended_at);
    format!("{}/{}/{}/{}", day.as_str(), metered.project(), metered.fleet, metered.compute.name())
}

fn waiting(entries: &[OutboxEntry]) -> impl Iterator<Item = (u64, &Metered)> {
    entries.iter().filter_map(|entry| match &entry.effect {
        Effect::Meter { metered } => Some((entry.id, &**metered)),
        _ => None,
    })
}

impl Service {
    /// Counts what waits among the `limit` entries of the outbox behind `after`, and takes it out. Says how much it was.
    pub(crate) async fn meter(&self, after: u64, limit: u32) -> Result<usize, Error> {
        for _ in 0..TRIES {
            let keys: BTreeSet<String> =
                waiting(&self.store().pending(after, limit).await?).map(|(_, metered)| key(metered)).collect();
            if keys.is_empty() {
                return Ok(0);
            }
            let mut documents = BTreeMap::new();
            for key in keys {
                let document = self.store().document(KIND, &key).await?;
                if let Some(Err(error)) = document.as_ref().map(Page::read) {
                    tracing::error!(key, %error, "a document of usage cannot be read: what belongs there waits");
                    continue;
                }
                documents.insert(key, document);
            }
            // Read behind the documents: what another coordinator counted and took out since is not here any more, and
            // what it counted without that has changed a document.
            let entries = self.store().pending(after, limit).await?;
            let counted: Vec<(u64, &Metered)> =
                waiting(&entries).filter(|(_, metered)| documents.contains_key(&key(metered))).collect();
            match self.count(&documents, &counted).await {
                Ok(()) => {
                    let taken = counted.iter().map(|(entry, _)| self.store().done(*entry));
                    futures::future::try_join_all(taken).await?;
                    return Ok(counted.len());
                }
                Err(error) if error.kind == Kind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::new(Kind::Unavailable, "usage is being counted by many at once"))
    }

    async fn count(
        &self,
        documents: &BTreeMap<String, Option<Document>>,
        waiting: &[(u64, &Metered)],
    ) -> Result<(), Error> {
        let mut changes = Vec::new();
        for (key, document) in documents {
            let own: Vec<&Metered> =
                waiting.iter().map(|(_, metered)| *metered).filter(|metered| self::key(metered) == *key).collect();
            let Some(first) = own.first() else { continue };
            let mut page = document.as_ref().map_or_else(|| Ok(Page::of(first)), Page::read)?;
            page.count(&own);
            let expected = document.as_ref().map_or(Expected::Absent, |document| Expected::Version(document.version));
            changes.push(write(KIND, key, &page, expected)?);
        }
        Ok(self.store().change(&changes).await?)
    }
}
