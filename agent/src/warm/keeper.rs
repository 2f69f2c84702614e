//! Makes and drops warm containers as the plan says, pulls the images that are always kept ready, and looks now and then
//! whether tags have moved.

use super::{Deed, Memory, Shape, Spare, Watched, room};
use crate::folder::Folder;
use crate::retry;
use crate::run::sandbox::{self, Wanted};
use crate::site::{AGENT_LABEL, Site, WARM_LABEL};
use backon::Retryable;
use buildyard_executor::{ExecutorError, ImageRequest, SandboxId};
use buildyard_model::PullPolicy;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};
use tokio_util::sync::CancellationToken;

/// Demand fades and tags move without anybody saying so.
const LOOK_EVERY: Duration = Duration::from_secs(30);
const PULL_EVERY: Duration = Duration::from_secs(3600);
/// Making containers keeps the processors busy: a build that has just begun gets them for its first command.
const HEAD_START: Duration = Duration::from_millis(100);

/// Keeps warm containers until `leave` is cancelled, and then removes them. `images` are pulled now and once an hour; what
/// came in goes into `memory`.
pub(crate) async fn keep(site: Arc<Site>, images: Vec<String>, memory: Memory, leave: CancellationToken) {
    let mut work = JoinSet::new();
    let (mut look, mut pull) = (interval(LOOK_EVERY), interval(PULL_EVERY));
    loop {
        if let Some(arrivals) = site.warm.news(Instant::now()) {
            memory.write(arrivals, site.clock.now());
        }
        for deed in site.warm.deeds(Instant::now(), room::room()) {
            work.spawn(carry_out(site.clone(), deed));
        }
        site.metrics.warm(site.warm.waiting());
        tokio::select! {
            biased;
            () = leave.cancelled() => break,
            () = site.warm.changed.notified() => sleep(HEAD_START).await,
            Some(_) = work.join_next() => {}
            _ = look.tick() => drop(work.spawn(follow_tags(site.clone()))),
            _ = pull.tick(), if !images.is_empty() => drop(work.spawn(pull_all(site.clone(), images.clone()))),
        }
    }
    for spare in site.warm.close() {
        work.spawn(discard(site.clone(), spare));
    }
    while work.join_next().await.is_some() {}
}

async fn carry_out(site: Arc<Site>, deed: Deed) {
    match deed {
        Deed::Discard(spare) => discard(site, spare).await,
        Deed::Make(shape, tenant) => match make(&site, &shape, tenant).await {
            Ok(spare) => {
                if let Some(unwanted) = site.warm.made(spare) {
                    discard(site, unwanted).await;
                }
            }
            Err(error) => {
                tracing::warn!(image = shape.reference, %error, "no warm container can be made; builds start without");
                site.warm.failed(&shape, Instant::now());
            }
        },
    }
}

/// Makes one and starts it. It pulls nothing: only an image that is here can be warm.
async fn make(site: &Arc<Site>, shape: &Shape, tenant: Option<String>) -> Result<Spare, ExecutorError> {
    let request = ImageRequest { reference: shape.reference.clone(), pull: PullPolicy::Never, login: None };
    let image = site.executor.prepare_image(&request, &|_| {}).await?;
    let name = format!("warm-{}", uuid::Uuid::new_v4().simple());
    let folder = site.builds.make_warm(&name).map_err(|error| ExecutorError::Failed(error.to_string()))?;
    let labels = [(AGENT_LABEL, site.name.to_string()), (WARM_LABEL, name.clone())];
    let wanted = Wanted {
        name,
        labels: sandbox::labels(labels),
        image: image.clone(),
        shape,
        tenant: tenant.clone(),
        waits: true,
    };
    let spec = sandbox::spec(&sandbox::container(), &folder, &site.binary, wanted);
    let id = site.executor.create(&spec).await.inspect_err(|_| forget(&folder))?;
    if let Err(error) = site.executor.start(&id).await {
        remove(site, &id).await;
        forget(&folder);
        return Err(error);
    }
    let watch = tokio::spawn(watch(site.clone(), id.clone())).abort_handle();
    Ok(Spare { id, shape: shape.clone(), tenant, image, folder, watch: Watched(watch) })
}

/// Whatever ends it: from then on it is of no use.
async fn watch(site: Arc<Site>, id: SandboxId) {
    let ended = site.executor.wait(&id).await;
    tracing::warn!(sandbox = %id.0, ?ended, "a warm container ended before a build took it");
    site.warm.died(&id, Instant::now());
}

/// Removes one that nobody takes any more.
async fn discard(site: Arc<Site>, spare: Spare) {
    let Spare { id, folder, watch, .. } = spare;
    // Its end is no news.
    drop(watch);
    remove(&site, &id).await;
    forget(&folder);
    let builds = site.builds.clone();
    let _ = tokio::task::spawn_blocking(move || builds.empty_trash()).await;
}

/// Removes it, for as long as it takes.
async fn remove(site: &Site, id: &SandboxId) {
    let removal = || site.executor.remove(id);
    let tell = |error: &_, _| tracing::warn!(%error, "a warm container could not be removed; trying again");
    let _ = removal.retry(retry::of_removal()).notify(tell).await;
}

fn forget(folder: &Folder) {
    if let Err(error) = folder.discard() {
        tracing::warn!(%error, "a warm container's folder could not be moved away; the next start of the agent does it");
    }
}

/// Drops those whose image's name stands for another image by now.
async fn follow_tags(site: Arc<Site>) {
    for reference in site.warm.references() {
        let request = ImageRequest { reference: reference.clone(), pull: PullPolicy::Never, login: None };
        let image = match site.executor.prepare_image(&request, &|_| {}).await {
            Ok(image) => Some(image),
            Err(ExecutorError::Image(_)) => None,
            // Nothing is known; a build that takes one looks again.
            Err(_) => continue,
        };
        for stale in site.warm.stands_for(&reference, image.as_deref()) {
            discard(site.clone(), stale).await;
        }
    }
    site.warm.stir();
}

async fn pull_all(site: Arc<Site>, images: Vec<String>) {
    for reference in images {
        let request = ImageRequest { reference: reference.clone(), pull: PullPolicy::Always, login: None };
        match site.shelf.image(&*site.executor, site.stock.is_some(), &request, &|_| {}, site.clock.now()).await {
            Ok(_) => site.warm.rested(&reference),
            Err(error) => {
                tracing::warn!(image = reference, %error, "an image of the config could not be pulled; tried again in an hour");
            }
        }
    }
    site.warm.stir();
}
