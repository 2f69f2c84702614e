//! How the agent's host does: CPU, memory, disk and network, measured every few seconds and told with heartbeats. In a
//! container the limits and the use of its control group count, as far as it has any.

mod cgroup;
mod network;

use buildyard_model::Vitals;
use cgroup::ControlGroup;
use network::Traffic;
use nix::sys::statvfs::statvfs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use sysinfo::{Networks, System};
use tokio::sync::watch;
use tokio::task::JoinHandle;

const LOOK_EVERY: Duration = Duration::from_secs(10);
/// The first look follows soon: use of CPU and network is a difference of two.
const FIRST_AFTER: Duration = Duration::from_secs(1);

/// Measures while the value lives.
#[derive(Debug)]
pub(crate) struct Pulse {
    state: watch::Receiver<Vitals>,
    task: JoinHandle<()>,
}

impl Pulse {
    /// Begins to measure the host; the disk is the one that holds `data_dir`.
    pub(crate) fn watch(data_dir: PathBuf) -> Self {
        let (tell, state) = watch::channel(Vitals::default());
        let task = tokio::spawn(async move {
            let mut gauge = Gauge::new(data_dir);
            tokio::time::sleep(FIRST_AFTER).await;
            loop {
                // Reads small files of the kernel's; a disk that hangs must not hold up the agent's other work.
                let looked = tokio::task::spawn_blocking(move || {
                    let vitals = gauge.look();
                    (gauge, vitals)
                });
                let Ok((same, vitals)) = looked.await else { return };
                gauge = same;
                if tell.send(vitals).is_err() {
                    return;
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        });
        Self { state, task }
    }

    /// Waits for the next look.
    pub(crate) async fn changed(&mut self) -> Vitals {
        if self.state.changed().await.is_err() {
            return std::future::pending().await;
        }
        *self.state.borrow_and_update()
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What is compared from look to look. What this platform does not show stays 0.
#[derive(Debug)]
struct Gauge {
    system: Option<System>,
    networks: Option<Networks>,
    traffic: Traffic,
    group: ControlGroup,
    data_dir: PathBuf,
    looked: Instant,
}

impl Gauge {
    fn new(data_dir: PathBuf) -> Self {
        let mut system = System::new().ok();
        system.iter_mut().for_each(System::refresh_cpu_usage);
        let group = ControlGroup::own();
        let networks = Networks::new_with_refreshed_list().ok();
        Self { system, networks, traffic: Traffic::default(), group, data_dir, looked: Instant::now() }
    }

    fn look(&mut self) -> Vitals {
        let passed = self.looked.elapsed();
        self.looked = Instant::now();
        let (cpu, host) = self.host();
        let rates = self.carried(passed);
        let (memory_used, memory_total) = self.group.memory(host);
        let (disk_free_mib, disk_total_mib) = disk(&self.data_dir);
        Vitals {
            cpu_percent: self.group.cpu_percent(passed).unwrap_or_else(|| percent(cpu)),
            load_hundredths: System::load_average().map_or(0, |load| hundredths(load.one)),
            memory_used_mib: memory_used >> 20,
            memory_total_mib: memory_total >> 20,
            disk_free_mib,
            disk_total_mib,
            network_received_bytes: self.traffic.received_bytes,
            network_sent_bytes: self.traffic.sent_bytes,
            network_received_rate: rates.0,
            network_sent_rate: rates.1,
        }
    }

    /// The host's CPU use in percent, and its memory in use and in all.
    fn host(&mut self) -> (f32, (u64, u64)) {
        let Some(system) = &mut self.system else { return (0.0, (0, 0)) };
        system.refresh_cpu_usage();
        system.refresh_memory();
        (system.global_cpu_usage(), (system.used_memory(), system.total_memory()))
    }

    /// Adds what the interfaces carried in the time `passed`; gives bytes a second.
    fn carried(&mut self, passed: Duration) -> (u64, u64) {
        let Some(networks) = &mut self.networks else { return (0, 0) };
        networks.refresh(true);
        let named = networks.iter().filter_map(|(name, data)| Some((name.to_str()?, data)));
        self.traffic.add(named.map(|(name, data)| (name, data.received(), data.transmitted())), passed)
    }
}

/// Free and total MiB of the disk that holds `place`.
fn disk(place: &Path) -> (u64, u64) {
    statvfs(place).map_or((0, 0), |disk| {
        let mib = |blocks: u64| blocks.saturating_mul(disk.fragment_size()) >> 20;
        (mib(disk.blocks_available()), mib(disk.blocks()))
    })
}

fn percent(usage: f32) -> u32 {
    usage.round().clamp(0.0, 100.0) as u32
}

fn hundredths(load: f64) -> u32 {
    (load * 100.0).round().clamp(0.0, 1e9) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_finds_memory_and_disk_of_this_host() {
        let directory = tempfile::tempdir().unwrap();
        let vitals = Gauge::new(directory.path().to_owned()).look();
        assert!(vitals.memory_total_mib > 0 && vitals.memory_used_mib <= vitals.memory_total_mib, "{vitals:?}");
        assert!(vitals.disk_total_mib > 0 && vitals.disk_free_mib <= vitals.disk_total_mib, "{vitals:?}");
        assert!(vitals.cpu_percent <= 100, "{vitals:?}");
    }
}
