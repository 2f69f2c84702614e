//! Puts an agent together, starts it, and hands out what it can be asked.

use crate::bell::Ringer;
use crate::binary;
use crate::config::{AgentConfig, ConfigError, ExecutorKind, runtime_directory};
use crate::enrolment::Enrolment;
use crate::folder::{Builds, Kept};
use crate::gc::Collector;
use crate::health::Health;
use crate::lock::{DataLock, LockError};
use crate::metrics::Page;
use crate::run::sandbox;
use crate::session::Session;
use crate::shelf::Shelf;
use crate::site::Site;
use crate::supervisor::{RunError, Sources, Supervisor, Switches};
use crate::sweep;
use crate::transport::Transport;
use crate::uplink::Uplink;
use crate::vitals::Pulse;
use crate::warm::{self, Memory, Shape, Warm};
use buildyard_executor::{
    Capabilities, Engine, EngineOptions, Executor, ExecutorError, Holder, Host, HostOptions, SpareNetworks, Stock,
};
use buildyard_model::{AgentId, Capacity, Clock, ComputeType, EnvironmentType, SystemClock};
use buildyard_source::{Fetcher, Options, Ssh, passed_environment};
use buildyard_traces::{Program, Traces};
use sha2::{Digest, Sha256};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Events and reports that wait for the loop.
const QUEUE: usize = 256;
/// Networks that are kept for the next containers: engines have about 30 for everybody.
const SPARE_NETWORKS: usize = 4;
/// How long an agent that ends tries to remove its warm containers; the next start removes the rest.
const LEAVE: Duration = Duration::from_secs(20);

/// Why an agent did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Nothing can run builds here.
    #[error("no build can run on this host: {0}")]
    Executor(#[from] ExecutorError),
    /// The source fetcher does not work here.
    #[error("sources cannot be fetched on this host: {0}")]
    Source(#[from] buildyard_source::Error),
    /// A file of the agent's own.
    #[error("cannot prepare {}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// The page of metrics.
    #[error("cannot listen on {address} for metrics: {source}; choose another address with metrics.listen")]
    Metrics { address: SocketAddr, source: io::Error },
}

/// The daemon on a build host.
#[derive(Debug)]
pub struct Agent;

/// A running agent. Dropping it leaves the agent running; ask it through [`AgentHandle::control`] or the token it was
/// started with.
#[derive(Debug)]
pub struct AgentHandle {
    name: AgentId,
    control: AgentControl,
    task: JoinHandle<Result<(), RunError>>,
}

/// Ends a running agent, one way or another. Cancelling the token that it was started with drains it.
#[derive(Debug, Clone)]
pub struct AgentControl(Switches);

impl Agent {
    /// Starts an agent. `binary` is the `buildyard` program, which builds get to run as their runner; `shutdown` makes
    /// the agent finish its builds, report them and end.
    ///
    /// # Errors
    /// See [`StartError`]. That the coordinator is not there is none: it is dialled for ever.
    pub async fn start(
        config: AgentConfig,
        binary: PathBuf,
        shutdown: CancellationToken,
    ) -> Result<AgentHandle, StartError> {
        config.check()?;
        let lock = DataLock::take(&config.data_dir)?;
        let holder = holder(&config, &binary)?;
        let (executor, stock) = executor(&config, Some(holder)).await?;
        begin(config, &binary, shutdown, (executor, stock), lock).await
    }

    /// The same with a given executor, whatever the configuration says of it: for tests and simulation.
    ///
    /// # Errors
    /// As [`Agent::start`].
    pub async fn start_on(
        executor: Arc<dyn Executor>,
        config: AgentConfig,
        binary: PathBuf,
        shutdown: CancellationToken,
    ) -> Result<AgentHandle, StartError> {
        config.check()?;
        let lock = DataLock::take(&config.data_dir)?;
        begin(config, &binary, shutdown, (executor, None), lock).await
    }
}

impl AgentHandle {
    /// The name under which the coordinator knows it.
    pub fn name(&self) -> &AgentId {
        &self.name
    }

    /// What can be asked of it.
    pub fn control(&self) -> AgentControl {
        self.control.clone()
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// See [`RunError`].
    pub async fn join(self) -> Result<(), RunError> {
        self.task.await.unwrap_or_else(|error| Err(RunError::Failed(format!("the agent failed: {error}"))))
    }
}

impl AgentControl {
    /// Takes no more builds, finishes those that run, reports them and ends.
    pub fn drain(&self) {
        self.0.drain.cancel();
    }

    /// Stops all builds, removes their sandboxes, reports what it can within a few seconds and ends.
    pub fn kill_builds(&self) {
        self.0.kill.cancel();
    }

    /// Ends at once. Sandboxes run on; the next agent process with the same data directory goes on with them.
    pub fn abort(&self) {
        self.0.abort.cancel();
    }
}

async fn begin(
    config: AgentConfig,
    program: &Path,
    shutdown: CancellationToken,
    (executor, stock): Place,
    lock: DataLock,
) -> Result<AgentHandle, StartError> {
    let page = Page::open(&config).await?;
    let name = config.agent_name()?;
    let teller =
        Program { name: "buildyard-agent", version: env!("CARGO_PKG_VERSION"), instance: Some(name.to_string()) };
    let traces = Traces::start(&config.tracing, &teller, page.metrics.trace_counts())?;
    let capabilities = executor.probe().await?;
    let builds = at(&config.data_dir, Builds::open(&config.data_dir, memory(&config.data_dir)))?;
    let kept = at(&config.data_dir, builds.scan())?;
    let slugs = kept.iter().map(|kept| kept.lease.slug()).collect();
    at(&config.data_dir, builds.forget_others(&slugs))?;
    at(&config.data_dir, builds.forget_warm())?;
    let sandboxes = kept.iter().filter_map(|kept| kept.state.sandbox().cloned()).collect();
    let leftovers = sweep::leftovers(&*executor, &name, &slugs, &sandboxes).await?;
    tokio::spawn(sweep::remove(executor.clone(), leftovers));
    let binary = at(program, binary::keep(program, &config.data_dir))?;
    if kept.is_empty() {
        at(program, binary::forget_others(&binary, &config.data_dir))?;
    }

    // First: it sets the process's TLS provider, which the uplink may need.
    let http = buildyard_artifacts::transfer::http_client().map_err(buildyard_source::Error::from)?;
    let uplink = Uplink::new(&config.coordinator)?;
    let (online, is_online) = watch::channel(false);
    let capacity = capacity(&config, &capabilities);
    let site = Arc::new(Site {
        name: name.clone(),
        executor: executor.clone(),
        stock,
        shelf: Shelf::open(&config.data_dir),
        uplink: uplink.clone(),
        fetcher: Fetcher::new(source_options(&config))?,
        http,
        ringer: Ringer::start(),
        binary,
        allow_privileged: config.allow_privileged,
        log_limit_bytes: config.logs.limit.as_bytes(),
        clock: Arc::new(SystemClock),
        builds,
        warm: warm(&config, capacity.slots, &capabilities),
        online: is_online,
        capabilities: capabilities.clone(),
        metrics: page.metrics.clone(),
        traces,
        _page: page,
    });
    let switches = Switches { drain: shutdown.child_token(), ..Switches::default() };
    let control = AgentControl(switches.clone());
    let task = supervise(&config, site, capacity, kept, online, switches, lock);
    tracing::info!(agent = %name, coordinator = %config.coordinator.endpoint, "agent started");
    Ok(AgentHandle { name, control, task })
}

fn supervise(
    config: &AgentConfig,
    site: Arc<Site>,
    capacity: Capacity,
    kept: Vec<Kept>,
    online: watch::Sender<bool>,
    switches: Switches,
    lock: DataLock,
) -> JoinHandle<Result<(), RunError>> {
    let (tell, events) = mpsc::channel(QUEUE);
    let (report, reports) = mpsc::channel(QUEUE);
    let close = Arc::new(Notify::new());
    let transport = Transport {
        uplink: site.uplink.clone(),
        enrolment: Enrolment::new(site.name.clone(), config.coordinator.clone(), &config.data_dir),
        events: tell,
        close: close.clone(),
    };
    transport.enrolment.recall(&transport.uplink);
    let collector = Arc::new(Collector {
        site: site.clone(),
        bounds: config.gc,
        kept: config.warm.images.clone(),
        data_dir: config.data_dir.clone(),
        floor: config.disk_floor,
        turn: tokio::sync::Mutex::default(),
    });
    let health = Health::watch(site.executor.clone(), config.data_dir.clone(), config.disk_floor, collector.clone());
    let pulse = Pulse::watch(config.data_dir.clone());
    let held = kept.iter().map(|kept| kept.lease.clone());
    let session = Session::new(env!("CARGO_PKG_VERSION"), capacity, held).launched_by(&config.launch);
    let leave = switches.drain.child_token();
    let memory = Memory::at(&config.data_dir);
    let keeper = warm::keep(site.clone(), config.warm.images.clone(), memory, leave.clone());
    let (holds, stock, traces) = (site.shelf.holds(), site.stock.clone(), site.traces.clone());
    let mut supervisor = Supervisor::new(session, site, report, online, close, lock);
    tokio::spawn(async move {
        supervisor.adopt(kept);
        let dialling = tokio::spawn(transport.run());
        let mut keeping = tokio::spawn(keeper);
        let collecting = tokio::spawn(collector.run());
        let ended = supervisor.run(Sources { events, reports, health, holds, pulse, switches }).await;
        dialling.abort();
        collecting.abort();
        leave.cancel();
        if timeout(LEAVE, &mut keeping).await.is_err() {
            keeping.abort();
        } else if let Some(stock) = stock
            && let Err(error) = stock.release().await
        {
            tracing::warn!(%error, "what the executor kept ready could not be removed; the next start does it");
        }
        traces.flush().await;
        ended
    })
}

/// Warm containers are for sandboxes that are kept apart: on the host a program is started as fast.
fn warm(config: &AgentConfig, slots: u32, capabilities: &Capabilities) -> Warm {
    let limit = if capabilities.isolates { config.warm.most(slots) } else { 0 };
    let small = ComputeType::Small.resources(EnvironmentType::LinuxContainer);
    let limits = sandbox::limits(small, capabilities.resources);
    let always = config.warm.images.iter().map(|image| Shape::new(image, limits, false)).collect();
    let seen = Memory::at(&config.data_dir).read(SystemClock.now());
    Warm::new(limit, config.warm.idle.0, always).recalling(seen)
}

/// Where builds run, and what is kept there.
type Place = (Arc<dyn Executor>, Option<Arc<dyn Stock>>);

/// What keeps network namespaces between builds.
fn holder(config: &AgentConfig, program: &Path) -> Result<Holder, StartError> {
    let binary = at(program, binary::keep(program, &config.data_dir))?;
    Ok(sandbox::holder(&sandbox::container(), &binary, config.data_dir.join("networks")))
}

pub(crate) async fn executor(config: &AgentConfig, holder: Option<Holder>) -> Result<Place, StartError> {
    Ok(match config.executor.kind {
        ExecutorKind::Docker => {
            let owner = config.agent_name()?.to_string();
            let networks = SpareNetworks { owner, keep: SPARE_NETWORKS, holder };
            let options = EngineOptions {
                address: config.executor.address.clone(),
                // Who wants nothing kept for later builds wants no networks either.
                spare_networks: (config.warm.limit != Some(0)).then_some(networks),
                ..EngineOptions::default()
            };
            let engine = Arc::new(Engine::connect(options).await?);
            (engine.clone(), Some(engine))
        }
        ExecutorKind::Host => (Arc::new(Host::open(HostOptions { base: config.data_dir.join("sandboxes") })?), None),
    })
}

fn capacity(config: &AgentConfig, capabilities: &Capabilities) -> Capacity {
    let (slots, resources) = config.capacity.offer(config.slots, capabilities.resources);
    Capacity {
        slots,
        resources,
        architecture: capabilities.architecture,
        labels: config.labels.clone(),
        privileged: config.allow_privileged,
        local_source: !config.allow_local_sources.is_empty(),
        executor: capabilities.name.to_owned(),
        fleet: config.launch.fleet.clone(),
    }
}

fn source_options(config: &AgentConfig) -> Options {
    let git = &config.git;
    Options {
        git: git.program.clone(),
        allowed_local: config.allow_local_sources.clone(),
        allow_http: git.allow_http,
        allow_loopback: git.allow_loopback,
        ssh: git.known_hosts.clone().map(|known_hosts| Ssh { known_hosts, identity: git.ssh_key.clone() }),
        timeout: git.timeout.0,
        environment: passed_environment(),
        ..Options::new(config.data_dir.join("sources"))
    }
}

/// Where secrets lie: in memory, in a folder that belongs to this data directory alone.
pub(crate) fn memory(data_dir: &Path) -> PathBuf {
    let key = hex::encode(Sha256::digest(data_dir.as_os_str().as_encoded_bytes()));
    let shared = Path::new("/dev/shm");
    let base = if shared.is_dir() { Some(shared.to_owned()) } else { runtime_directory() };
    base.unwrap_or_else(|| data_dir.to_owned()).join(format!("buildyard-{}", &key[..16]))
}

fn at<T>(path: &Path, result: io::Result<T>) -> Result<T, StartError> {
    result.map_err(|source| StartError::File { path: path.to_owned(), source })
}
