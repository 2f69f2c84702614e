//! Fleets: made, changed, looked at, listed and removed through CodeBuild's API, as documents; and the memory of what
//! each fleet's instances do.
//!
//! `request` merges what a client gives into a fleet, `check` refuses what CodeBuild refuses: both pure. Instances are
//! launched and ended by `reconcile::scaling` alone. Invariant: a stored fleet has passed `check`.

mod check;
mod history;
mod hosting;
mod joining;
pub(crate) mod launch;
mod live;
mod outlook;
pub(crate) mod policy;
mod request;
#[cfg(test)]
mod tests;
pub(crate) mod view;
mod work;

pub use hosting::{DEFAULT_SECTION, FleetSettings, Hosting, Provisioners};
pub(crate) use live::Fleets;
pub use request::FleetRequest;

use crate::records::{ListedAs, SortBy, removal, write};
use crate::{Error, Kind, Service};
use buildyard_model::fleet::{FleetContextCode, FleetStatus, FleetStatusCode};
use buildyard_model::project::ProjectEnvironment;
use buildyard_model::{Epoch, Fleet, FleetName, FleetStanding};
use buildyard_store::{DocumentKind, Expected};
use uuid::Uuid;

impl Service {
    /// Makes a fleet; Conflict when there is one of that name. Its instances come later.
    pub async fn create_fleet(&self, request: FleetRequest) -> Result<Fleet, Error> {
        let name = check::new_name(request.name.as_deref().unwrap_or_default())?;
        let id = Uuid::new_v4().to_string();
        let now = Some(Epoch(self.now()));
        let fresh = Fleet {
            arn: self.settings().fleet_arn(name.as_str(), &id),
            name: name.to_string(),
            id,
            created: now,
            last_modified: now,
            ..Fleet::default()
        };
        let fleet = request.onto(fresh)?;
        check::check(&fleet)?;
        match self.store().change(&[write(DocumentKind::Fleet, name.as_str(), &fleet, Expected::Absent)?]).await {
            Err(buildyard_store::Error::Conflict(_)) => {
                Err(Error::new(Kind::Conflict, format!("Fleet already exists: {name}")))
            }
            Err(error) => Err(error.into()),
            Ok(()) => {
                self.inner.fleets.ring();
                Ok(fleet)
            }
        }
    }

    /// Changes a fleet: what is absent stays, a structure that is given replaces the old one.
    pub async fn update_fleet(&self, arn: &str, request: FleetRequest) -> Result<Fleet, Error> {
        let now = self.now();
        let name = self.existing_fleet(arn).await?.name;
        let changed = self.amend(DocumentKind::Fleet, &name, |fleet: Fleet| {
            if is_going(&fleet) {
                return Err(Error::invalid(format!("Fleet is being deleted: {arn}")));
            }
            let mut fleet = request.clone().onto(fleet)?;
            fleet.last_modified = Some(Epoch(now));
            if fleet.status.status_code != FleetStatusCode::Creating {
                fleet.status = FleetStatus { status_code: FleetStatusCode::Updating, ..FleetStatus::default() };
            }
            check::check(&fleet).map(|()| fleet)
        });
        let changed = changed.await?.ok_or_else(|| not_there(arn))?;
        self.inner.fleets.ring();
        Ok(changed)
    }

    /// Lets a fleet end its builds, then its instances, then forgets it. No error when there is none.
    pub async fn delete_fleet(&self, arn: &str) -> Result<(), Error> {
        let Some(fleet) = self.fleet(arn).await? else {
            return check::is_arn(arn, self.settings());
        };
        let now = self.now();
        self.amend(DocumentKind::Fleet, &fleet.name, |mut fleet: Fleet| {
            if !is_going(&fleet) {
                fleet.status = FleetStatus {
                    status_code: FleetStatusCode::PendingDeletion,
                    context: Some(FleetContextCode::PendingDeletion),
                    message: Some("its builds go on; it ends when they have".to_owned()),
                };
                fleet.last_modified = Some(Epoch(now));
            }
            Ok(fleet)
        })
        .await?;
        self.inner.fleets.ring();
        Ok(())
    }

    /// Says where fleets' instances live. Once, before the reconcilers run.
    pub fn host_fleets(&self, hosting: Hosting) {
        // A second one would leave the first one's instances to nobody.
        let _ = self.inner.fleets.hosting.set(hosting);
    }

    /// How the fleets stand that were made or that the config has, by name.
    pub fn fleet_standings(&self) -> Vec<FleetStanding> {
        self.inner.fleets.standings()
    }

    /// The fleet that a name or an ARN names, if there is one.
    pub async fn fleet(&self, text: &str) -> Result<Option<Fleet>, Error> {
        let Ok(name) = FleetName::from_arn(text) else { return Ok(None) };
        let found: Option<Fleet> = self.record(DocumentKind::Fleet, name.as_str()).await?;
        let found = found.filter(|fleet| !text.starts_with("arn:") || fleet.arn == text);
        Ok(found.map(|mut fleet| {
            if let Some(scaling) = &mut fleet.scaling_configuration {
                let desired = self.inner.fleets.look(&name).and_then(|glimpse| glimpse.standing);
                scaling.desired_capacity = Some(desired.map_or(fleet.base_capacity, |standing| standing.desired));
            }
            fleet
        }))
    }

    /// The names of all fleets, ascending.
    pub async fn list_fleets(&self, sort: SortBy) -> Result<Vec<ListedAs>, Error> {
        self.listed(DocumentKind::Fleet, sort).await
    }

    /// Refuses an environment whose fleet is not there or takes no more builds. The fleet, if one is named.
    pub(crate) async fn fleet_of(&self, environment: &ProjectEnvironment) -> Result<Option<Fleet>, Error> {
        let named = environment.fleet.as_ref().and_then(|fleet| fleet.fleet_arn.as_deref());
        let Some(arn) = named.filter(|arn| !arn.is_empty()) else { return Ok(None) };
        let fleet = self.fleet(arn).await?.ok_or_else(|| Error::invalid(format!("Fleet cannot be found: {arn}")))?;
        if is_going(&fleet) {
            return Err(Error::invalid(format!("Fleet is being deleted and takes no builds: {arn}")));
        }
        Ok(Some(fleet))
    }

    async fn existing_fleet(&self, arn: &str) -> Result<Fleet, Error> {
        check::is_arn(arn, self.settings())?;
        self.fleet(arn).await?.ok_or_else(|| not_there(arn))
    }

    /// Forgets a fleet whose last instance is gone.
    pub(crate) async fn forget_fleet(&self, name: &FleetName) -> Result<(), Error> {
        Ok(self.store().change(&[removal(DocumentKind::Fleet, name.as_str())]).await?)
    }
}

/// Whether the fleet takes no more builds, because it is to go.
pub(crate) fn is_going(fleet: &Fleet) -> bool {
    matches!(fleet.status.status_code, FleetStatusCode::PendingDeletion | FleetStatusCode::Deleting)
}

fn not_there(arn: &str) -> Error {
    Error::not_found(format!("Fleet cannot be found: {arn}"))
}
