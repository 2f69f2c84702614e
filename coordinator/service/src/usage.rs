//! What builds used of the fleet: measured when a build ends, kept as a small document for each day, project, fleet and
//! compute type, and summed up for whoever asks.
//!
//! The measure goes through the outbox in the build's last commit, so that neither a crash nor the build's deletion loses
//! it; `ledger` sees to it that it is counted once.

mod ledger;
mod prices;
mod report;

pub use prices::Prices;

use crate::{Error, Service};
use buildyard_model::{Day, FleetName, Metered, Phase, UsageBy, UsageReport};
use buildyard_scheduler::{Build, Effect, State};
use buildyard_store::DocumentKind;

const KIND: DocumentKind = DocumentKind::Usage;
/// Documents read at once.
const PAGE: u32 = 500;

/// What a build that just ended used; none when it never got as far as an agent.
pub(crate) fn measure(build: &Build) -> Option<Effect> {
    let State::Finished { at, .. } = build.state else { return None };
    let begun = build.phases.iter().find(|phase| phase.phase_type == Phase::Provisioning)?;
    let environment = &build.spec.environment;
    let metered = Metered {
        build: build.spec.id.clone(),
        fleet: build.spec.fleet().unwrap_or_else(FleetName::on_demand),
        compute: environment.compute_type,
        environment: environment.kind,
        image: environment.image.clone(),
        ended_at: at,
        milliseconds: u64::try_from(at.since(begun.start_time).as_millis()).unwrap_or(u64::MAX),
    };
    Some(Effect::Meter { metered: Box::new(metered) })
}

impl Service {
    /// What the builds used that ended from one day to another, both among them.
    pub async fn usage(&self, by: UsageBy, since: Day, until: Day) -> Result<UsageReport, Error> {
        if until < since {
            return Err(Error::invalid(format!(
                "the last day {} is before the first, {}",
                until.as_str(),
                since.as_str()
            )));
        }
        let mut sums = report::Sums::new(by, &self.settings().prices);
        let mut after = since.as_str().to_owned();
        'pages: loop {
            let documents = self.store().documents(KIND, "", &after, PAGE).await?;
            let Some(last) = documents.last() else { break };
            after.clone_from(&last.key);
            for document in &documents {
                let page = ledger::Page::read(document)?;
                if page.day > until {
                    break 'pages;
                }
                sums.add(&page);
            }
        }
        Ok(sums.report(since, until, self.settings().prices.currency.clone()))
    }
}

#[cfg(test)]
mod tests;
