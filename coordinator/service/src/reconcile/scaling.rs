//! Grows and shrinks fleets: a task for each, so that a provisioner that is slow or fails holds up no other fleet.
//!
//! A round looks at everything (`fleets::view`), asks the pure plan what is to be done, and does it (`acts`). Whatever is
//! done is stored before or with it, and may be done again: a coordinator that died in between goes on where it was.

mod acts;
mod closing;
mod ended;
mod endings;
mod status;
#[cfg(test)]
mod tests;

use crate::fleets::policy::policy;
use crate::fleets::view::{Memory, Sighting, view};
use crate::fleets::{FleetSettings, Hosting};
use crate::{Error, Service};
use acts::Acts;
use buildyard_model::fleet::FleetStatusCode;
use buildyard_model::{Fleet, FleetEvent, FleetName, FleetStanding, InstanceId, Ticket, Timestamp};
use buildyard_provision::{Error as PlaceError, Instance, Provisioner};
use buildyard_scheduler::scaling::{Policy, plan};
use buildyard_store::DocumentKind;
pub use closing::Closing;
pub(crate) use closing::Closings;
use endings::Endings;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout};

/// A round without a ring.
const EVERY: Duration = Duration::from_secs(2);
/// What a provisioner gets to say what there is.
const LISTING: Duration = Duration::from_secs(20);
/// How often history is pruned.
const PRUNE_EVERY: Duration = Duration::from_secs(6 * 3600);

/// Starts a task for every fleet that there is, and again for those whose tasks ended.
pub(super) async fn run(service: &Service) {
    let mut tasks = JoinSet::new();
    let mut running: HashMap<FleetName, AbortHandle> = HashMap::new();
    let mut bell = service.inner.fleets.listen();
    loop {
        bell.borrow_and_update();
        match fleets(service).await {
            Ok(names) => {
                running.retain(|_, task| !task.is_finished());
                for name in names {
                    let start = || tasks.spawn(tend(service.clone(), name.clone()));
                    running.entry(name.clone()).or_insert_with(start);
                }
            }
            Err(error) => tracing::error!(%error, "the fleets could not be read"),
        }
        while tasks.try_join_next().is_some() {}
        let _ = timeout(EVERY, bell.changed()).await;
        // Rings come with every build; new fleets are rare.
        tokio::time::sleep(EVERY / 4).await;
    }
}

/// Those that were made, the one of builds that name none, and those that still have instances.
async fn fleets(service: &Service) -> Result<BTreeSet<FleetName>, Error> {
    let made = service.list_fleets(crate::SortBy::Name).await?;
    let mut names: BTreeSet<FleetName> = made.into_iter().filter_map(|entry| entry.name.parse().ok()).collect();
    let on_demand = FleetName::on_demand();
    let hosting = service.inner.fleets.hosting.get();
    if hosting.is_some_and(|hosting| hosting.fleets.contains_key(on_demand.as_str())) {
        names.insert(on_demand);
    }
    names.extend(service.inner.fleets.launches.fleets());
    Ok(names)
}

/// What a fleet's task carries from round to round.
struct Tended {
    name: FleetName,
    memory: Memory,
    /// By the name in the config.
    provisioner: Option<(String, Arc<dyn Provisioner>)>,
    trouble: Option<PlaceError>,
    last_event: Option<FleetEvent>,
    /// Launches whose instance the list does not name, and since when.
    missing_since: HashMap<Ticket, Timestamp>,
    /// Instances of no launch that were told to end.
    strangers: HashSet<InstanceId>,
    endings: Endings,
}

async fn tend(service: Service, name: FleetName) {
    let mut tended = Tended {
        name,
        memory: Memory::default(),
        provisioner: None,
        trouble: None,
        last_event: None,
        missing_since: HashMap::new(),
        strangers: HashSet::new(),
        endings: Endings::default(),
    };
    let mut bell = service.inner.fleets.listen();
    let mut pruned: Option<Instant> = None;
    loop {
        bell.borrow_and_update();
        match round(&service, &mut tended).await {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => tracing::error!(fleet = %tended.name, %error, "a fleet could not be looked after"),
        }
        if pruned.is_none_or(|at| at.elapsed() >= PRUNE_EVERY) {
            pruned = Some(Instant::now());
            if let Err(error) = service.prune_history(&tended.name).await {
                tracing::warn!(fleet = %tended.name, %error, "a fleet's old history could not be forgotten");
            }
        }
        tokio::time::sleep(tended.rest()).await;
        let _ = timeout(EVERY, bell.changed()).await;
    }
    service.inner.fleets.hide(&tended.name);
    service.note_launches(&tended.name, 0);
}

/// Says whether there is anything left to look after.
async fn round(service: &Service, tended: &mut Tended) -> Result<bool, Error> {
    let definition: Option<Fleet> = service.record(DocumentKind::Fleet, tended.name.as_str()).await?;
    let hosting = service.inner.fleets.hosting.get();
    let settings = hosting.and_then(|hosting| hosting.settings(&tended.name, definition.as_ref()));
    match (hosting, settings) {
        (Some(hosting), Some(settings)) => hosted(service, tended, definition, hosting, settings).await,
        _ => unhosted(service, tended, definition).await,
    }
}

async fn hosted(
    service: &Service,
    tended: &mut Tended,
    definition: Option<Fleet>,
    hosting: &Hosting,
    settings: &FleetSettings,
) -> Result<bool, Error> {
    let policy = policy(settings, definition.as_ref());
    let provisioner = tended.provisioner(hosting, settings).await;
    let listed = match &provisioner {
        Ok(provisioner) => list(&**provisioner).await,
        Err(error) => Err(error.clone()),
    };
    match &listed {
        Ok(_) if tended.memory.failures == 0 => tended.trouble = None,
        Ok(_) => {}
        Err(error) => tended.trouble = Some(error.clone()),
    }
    let sighting = look(service, tended, listed.ok()).await;
    let offers = service.inner.fleets.look(&tended.name).and_then(|glimpse| glimpse.offers);
    let seen = view(&mut tended.memory, &sighting, offers.as_ref());
    if let Ok(provisioner) = provisioner {
        let mut acts = Acts { service, tended: &mut *tended, provisioner: &provisioner, hosting, settings };
        if let Some(how) = service.inner.fleets.closings.wanted() {
            let is_closed = closing::close(&mut acts, &sighting, how).await?;
            service.inner.fleets.closings.note(&tended.name, is_closed);
        } else {
            acts.perform(&plan(&seen, &policy, sighting.now), &sighting).await;
            ended::clear(&mut acts, &sighting).await;
        }
    }
    show(service, tended, definition.as_ref(), &policy, &sighting);
    conclude(service, tended, definition, &sighting, true).await
}

/// A fleet that nothing starts instances for: its agents are started by hand.
async fn unhosted(service: &Service, tended: &mut Tended, definition: Option<Fleet>) -> Result<bool, Error> {
    let name = &tended.name;
    // Nothing here was started by anybody who could end it.
    service.inner.fleets.closings.note(name, true);
    if definition.is_none() && service.inner.fleets.launches.of(name).is_empty() {
        return Ok(false);
    }
    tended.trouble = Some(PlaceError::Refused(format!(
        "nothing starts instances for fleet {name}: give the coordinator's config a section [fleets.{name}] or \
         [fleets.default] with a provisioner, or start agents of the fleet by hand"
    )));
    let sighting = look(service, tended, Some(Vec::new())).await;
    let base = definition.as_ref().map_or(0, |fleet| fleet.base_capacity);
    let policy = Policy { min: base, max: base, ..Policy::default() };
    show(service, tended, definition.as_ref(), &policy, &sighting);
    conclude(service, tended, definition, &sighting, false).await
}

async fn list(provisioner: &dyn Provisioner) -> Result<Vec<Instance>, PlaceError> {
    let late = |_| PlaceError::Unavailable(format!("did not list its instances within {} s", LISTING.as_secs()));
    timeout(LISTING, provisioner.instances()).await.map_err(late)?
}

async fn look(service: &Service, tended: &Tended, listed: Option<Vec<Instance>>) -> Sighting {
    let launches = service.inner.fleets.launches.of(&tended.name);
    // What was offered in the moment of a drain is taken back, too.
    for launch in launches.iter().filter(|launch| launch.leaving_since.is_some()) {
        // An agent may have connected in the moment of its drain.
        if service.inner.sessions.get(&launch.agent).is_some_and(|session| !session.retiring) {
            service.set_retiring(&launch.agent, true).await;
        }
        if service.in_hands(&launch.agent).0 > 0 {
            service.take_offers_back(&launch.agent, "its instance is to go").await;
        }
    }
    let now = service.now();
    Sighting {
        now,
        waiting: service.waiting_for(&tended.name),
        arrivals: service.inner.load.arrivals(&tended.name, now),
        present: service.present_in(&tended.name),
        listed,
        launches,
        holders: service.inner.load.holders().into_iter().collect(),
    }
}

/// Lets everybody see how the fleet stands.
fn show(service: &Service, tended: &Tended, definition: Option<&Fleet>, policy: &Policy, sighting: &Sighting) {
    let launches = service.inner.fleets.launches.of(&tended.name);
    let present = |wanted: &dyn Fn(&crate::fleets::launch::LaunchRecord) -> bool| {
        launches.iter().filter(|launch| wanted(launch)).count()
    };
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let pending = count(present(&|launch| launch.joined_at.is_none() && launch.ending_since.is_none()));
    let staying = count(present(&|launch| launch.leaving_since.is_none() && launch.ending_since.is_none()));
    let now = service.present_in(&tended.name);
    let is_leaving = |agent: &buildyard_model::AgentId| {
        launches.iter().any(|launch| launch.agent == *agent && launch.leaving_since.is_some())
    };
    let standing = FleetStanding {
        name: tended.name.clone(),
        status: definition.map(|fleet| status::name(fleet.status.status_code).to_owned()),
        provisioner: tended.provisioner.as_ref().map(|(name, _)| name.clone()),
        min: policy.min,
        max: policy.max,
        desired: staying,
        running: count(now.len()),
        idle: count(now.iter().filter(|one| one.builds == 0).count()),
        draining: count(now.iter().filter(|one| is_leaving(&one.agent)).count()),
        pending,
        waiting: count(sighting.waiting.len()),
        last_event: tended.last_event.clone(),
        trouble: tended.trouble.as_ref().map(ToString::to_string),
    };
    let awaited = launches.iter().find(|launch| launch.joined_at.is_none() && launch.ending_since.is_none());
    let next_in = awaited.map(|launch| {
        let ready = tended.memory.launch_time().map(|time| launch.asked_at.plus(time));
        ready.map(|ready| ready.since(service.now()))
    });
    service.note_launches(&tended.name, pending);
    let ids = |listed: &Vec<Instance>| listed.iter().map(|one| one.id.clone()).collect();
    let instances: Option<BTreeSet<InstanceId>> = sighting.listed.as_ref().map(ids);
    service.inner.fleets.show(&tended.name, |glimpse| {
        glimpse.standing = Some(standing);
        glimpse.next_in = next_in.flatten();
        glimpse.slots = pending.saturating_mul(policy.slots);
        if let Some(instances) = instances {
            glimpse.instances = instances;
        }
    });
}

/// Writes down how the fleet stands, and forgets it when it is gone.
async fn conclude(
    service: &Service,
    tended: &Tended,
    definition: Option<Fleet>,
    sighting: &Sighting,
    is_hosted: bool,
) -> Result<bool, Error> {
    let Some(fleet) = definition else { return Ok(true) };
    let going = crate::fleets::is_going(&fleet);
    let is_empty = service.inner.fleets.launches.of(&tended.name).is_empty()
        && sighting.listed.as_ref().is_some_and(Vec::is_empty);
    if fleet.status.status_code == FleetStatusCode::Deleting && is_empty {
        service.forget_fleet(&tended.name).await?;
        return Ok(false);
    }
    let outlook = status::Outlook {
        trouble: tended.trouble.as_ref(),
        is_manned: sighting.present.len() >= fleet.base_capacity as usize,
        is_hosted,
        has_builds: going && service.has_builds(&tended.name).await?,
    };
    let next = status::next(&fleet.status, &outlook);
    if next != fleet.status {
        let was = &fleet.status;
        let change = |mut stored: Fleet| {
            // Somebody who changed it meanwhile is right.
            if stored.status == *was {
                stored.status = next.clone();
            }
            Ok(stored)
        };
        service.amend(DocumentKind::Fleet, &fleet.name, change).await?;
    }
    Ok(true)
}

impl Tended {
    async fn provisioner(
        &mut self,
        hosting: &Hosting,
        settings: &FleetSettings,
    ) -> Result<Arc<dyn Provisioner>, PlaceError> {
        if let Some((name, provisioner)) = &self.provisioner
            && *name == settings.provisioner
        {
            return Ok(provisioner.clone());
        }
        let made = hosting.provisioners.provisioner(&settings.provisioner, &self.name).await?;
        self.provisioner = Some((settings.provisioner.clone(), made.clone()));
        Ok(made)
    }

    /// Between two rounds, however often the bell rings: clouds count calls.
    fn rest(&self) -> Duration {
        match self.provisioner.as_ref().map(|(_, provisioner)| provisioner.kind()) {
            Some("autoscaling_group" | "command") => Duration::from_secs(3),
            _ => Duration::from_millis(300),
        }
    }
}
